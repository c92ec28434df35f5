//! Bodies: what the data plane sends to clients and to upstreams.
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{HeaderMap, HeaderName};
use http_body::{Body as _, Frame, SizeHint};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

use crate::config::Limits;
use crate::domain::refusal::Refusal;
use crate::request::{Route, safe_trailer};

use super::pace::Paced;

/// Resolves when the access has lapsed.
pub(super) type Lapse = Pin<Box<dyn Future<Output = Refusal> + Send>>;

/// Any error of a body.
pub(super) type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// The body of an answer to a client.
pub type Body = UnsyncBoxBody<Bytes, BoxError>;

/// A body that is already there.
pub(super) fn full(bytes: impl Into<Bytes>) -> Body {
    Full::new(bytes.into()).map_err(|never| match never {}).boxed_unsync()
}

/// The access behind a body has lapsed: the other side must not take what came for the whole.
#[derive(Debug, thiserror::Error)]
#[error("the access has lapsed")]
pub(super) struct Lapsed;

/// How far a request's body has come on its way upstream.
#[derive(Debug, Default)]
pub(super) struct Progress {
    sent: AtomicU64,
    stopped: OnceLock<Stopped>,
}

/// What kept a request's body from being sent whole.
#[derive(Debug, Clone)]
pub(super) enum Stopped {
    /// The client did not send it as it should.
    Client(Refusal),
    /// The access lapsed.
    Lapsed(Refusal),
}

impl Progress {
    /// Bytes that were sent.
    pub(super) fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    pub(super) fn advance(&self, bytes: u64) {
        self.sent.fetch_add(bytes, Ordering::Relaxed);
    }

    /// What stopped the body, if something did.
    pub(super) fn stopped(&self) -> Option<&Stopped> {
        self.stopped.get()
    }

    fn stop(&self, why: Stopped) {
        // The first reason stays.
        let _ = self.stopped.set(why);
    }
}

/// A request's body on its way upstream: counted, cut when its access lapses or its exchange breaks off, its trailers
/// sifted. It watches the access by itself: a client that does not read the answer would not let that look.
pub(super) struct Upload {
    inner: Paced<Incoming>,
    lapse: Lapse,
    over: Pin<Box<WaitForCancellationFutureOwned>>,
    progress: Arc<Progress>,
    route: Arc<Route>,
}

/// What is sent upstream.
pub(super) enum Outgoing {
    /// Nothing.
    Empty,
    /// The client's body.
    Upload(Upload),
}

impl Outgoing {
    /// The body for upstream; `lapse` and `over` end it, `route` knows which trailers may not pass.
    pub(super) fn new(
        inner: Incoming,
        limits: &Limits,
        lapse: impl FnOnce() -> Lapse,
        over: &CancellationToken,
        progress: &Arc<Progress>,
        route: &Arc<Route>,
    ) -> Self {
        if inner.is_end_stream() {
            return Self::Empty;
        }
        let over = Box::pin(over.clone().cancelled_owned());
        let (progress, route) = (Arc::clone(progress), Arc::clone(route));
        Self::Upload(Upload { inner: Paced::new(inner, limits), lapse: lapse(), over, progress, route })
    }
}

impl http_body::Body for Outgoing {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        match &mut *self {
            Self::Empty => Poll::Ready(None),
            Self::Upload(upload) => upload.poll(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Empty => true,
            Self::Upload(upload) => upload.inner.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Empty => SizeHint::with_exact(0),
            Self::Upload(upload) => upload.inner.size_hint(),
        }
    }
}

impl Upload {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        if let Poll::Ready(refusal) = self.lapse.as_mut().poll(cx) {
            self.progress.stop(Stopped::Lapsed(refusal));
            return Poll::Ready(Some(Err(Lapsed.into())));
        }
        if self.over.as_mut().poll(cx).is_ready() {
            return Poll::Ready(Some(Err(Lapsed.into())));
        }
        loop {
            let frame = match std::task::ready!(Pin::new(&mut self.inner).poll_frame(cx)) {
                Some(Ok(frame)) => frame,
                Some(Err(error)) => {
                    self.progress.stop(Stopped::Client(error.refusal()));
                    return Poll::Ready(Some(Err(error.into())));
                }
                None => return Poll::Ready(None),
            };
            if let Some(frame) = sift(frame, |name| !self.route.maps(name)) {
                if let Some(data) = frame.data_ref() {
                    self.progress.advance(data.len() as u64);
                }
                return Poll::Ready(Some(Ok(frame)));
            }
        }
    }
}

/// Lets data pass, and trailers that are safe and `allowed`; trailers of which nothing is left are no frame.
pub(super) fn sift(frame: Frame<Bytes>, allowed: impl Fn(&HeaderName) -> bool) -> Option<Frame<Bytes>> {
    let trailers = match frame.into_trailers() {
        Ok(trailers) => trailers,
        Err(other) => return Some(other),
    };
    let mut safe = HeaderMap::with_capacity(trailers.len());
    for (name, value) in trailers.iter().filter(|(name, value)| safe_trailer(name, value) && allowed(name)) {
        safe.append(name.clone(), value.clone());
    }
    (!safe.is_empty()).then(|| Frame::trailers(safe))
}
