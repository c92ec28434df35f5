//! Bodies: what the data plane sends to clients and to upstreams.
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{HeaderMap, HeaderName};
use http_body::{Body as _, Frame, SizeHint};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

use crate::cache::Live;
use crate::request::{Route, safe_trailer};

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

/// A request's body on its way upstream: counted, cut when its access lapses, its trailers sifted.
pub(super) struct Upload {
    inner: Incoming,
    live: Arc<Live>,
    cut: Pin<Box<WaitForCancellationFutureOwned>>,
    sent: Arc<AtomicU64>,
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
    /// The body for upstream; `cut` ends it, `sent` counts its bytes, `route` knows which trailers may not pass.
    pub(super) fn new(
        inner: Incoming,
        live: &Arc<Live>,
        cut: &CancellationToken,
        sent: Arc<AtomicU64>,
        route: &Arc<Route>,
    ) -> Self {
        if inner.is_end_stream() {
            return Self::Empty;
        }
        let cut = Box::pin(cut.clone().cancelled_owned());
        Self::Upload(Upload { inner, live: Arc::clone(live), cut, sent, route: Arc::clone(route) })
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
        if self.live.cause().is_some() || self.cut.as_mut().poll(cx).is_ready() {
            return Poll::Ready(Some(Err(Lapsed.into())));
        }
        loop {
            let frame = match std::task::ready!(Pin::new(&mut self.inner).poll_frame(cx)) {
                Some(Ok(frame)) => frame,
                Some(Err(error)) => return Poll::Ready(Some(Err(error.into()))),
                None => return Poll::Ready(None),
            };
            if let Some(frame) = sift(frame, |name| !self.route.maps(name)) {
                if let Some(data) = frame.data_ref() {
                    self.sent.fetch_add(data.len() as u64, Ordering::Relaxed);
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
