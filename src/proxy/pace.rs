//! The body of a request as its client sends it: not too much of it, and not too slowly.
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio::time::{Sleep, sleep};

use crate::config::Limits;
use crate::domain::refusal::{Code, Refusal};

use super::body::BoxError;

/// What is wrong with a body, and not the app's fault.
#[derive(Debug, thiserror::Error)]
pub(super) enum Faulty {
    /// It breaks off.
    #[error("the client does not send its body whole")]
    Broken(#[source] BoxError),
    /// It comes too slowly.
    #[error("the client sends its body too slowly")]
    Slow,
    /// It is too large.
    #[error("the client sends too large a body")]
    TooLarge,
}

impl Faulty {
    /// What the client is told.
    pub(super) fn refusal(&self) -> Refusal {
        match self {
            Self::Broken(_) => Refusal::because(Code::BadRequest, "the request's body ended before its end"),
            Self::Slow => Refusal::because(Code::BadRequest, "the request's body came too slowly")
                .next("send it again over a better connection"),
            Self::TooLarge => Code::TooLarge.into(),
        }
    }
}

/// A body that ends when too little, or too much, of it comes.
pub(super) struct Paced<B> {
    inner: B,
    most: Option<u64>,
    longest: Duration,
    least: u64,
    /// All that has come.
    total: u64,
    /// What has come since the timer was set.
    came: u64,
    timer: Option<Pin<Box<Sleep>>>,
}

impl<B> Paced<B> {
    /// `inner`, within `limits`.
    pub(super) fn new(inner: B, limits: &Limits) -> Self {
        let Limits { body, body_time, body_progress, .. } = *limits;
        Self { inner, most: body, longest: body_time, least: body_progress, total: 0, came: 0, timer: None }
    }

    /// The time runs from the first wait of several between which too little comes. It runs on while the app does not
    /// read: what has come is in our buffers then, and counts as soon as it does.
    fn wait(&mut self, cx: &mut Context<'_>) -> Poll<Faulty> {
        let longest = self.longest;
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep(longest)));
        timer.as_mut().poll(cx).map(|()| Faulty::Slow)
    }

    fn count(&mut self, bytes: u64) -> Result<(), Faulty> {
        self.total += bytes;
        self.came += bytes;
        if self.came >= self.least {
            (self.came, self.timer) = (0, None);
        }
        if self.most.is_some_and(|most| self.total > most) { Err(Faulty::TooLarge) } else { Ok(()) }
    }
}

impl<B> Body for Paced<B>
where
    B: Body<Data = Bytes, Error: Into<BoxError>> + Unpin,
{
    type Data = Bytes;
    type Error = Faulty;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Faulty>>> {
        let Poll::Ready(frame) = Pin::new(&mut self.inner).poll_frame(cx) else {
            return Poll::Ready(Some(Err(ready!(self.wait(cx)))));
        };
        let Some(frame) = frame else { return Poll::Ready(None) };
        let frame = frame.map_err(|error| Faulty::Broken(error.into()));
        Poll::Ready(Some(frame.and_then(|frame| {
            self.count(frame.data_ref().map_or(0, |data| data.len() as u64))?;
            Ok(frame)
        })))
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use futures_util::{StreamExt, stream};
    use http_body_util::{BodyExt, Full, StreamBody};

    use super::*;

    fn limits(body: Option<u64>) -> Limits {
        Limits { body, body_time: Duration::from_millis(100), body_progress: 10, ..Limits::default() }
    }

    #[tokio::test]
    async fn what_comes_in_drops_is_too_slow_and_what_comes_in_time_is_not() {
        for (drop, whole) in [(1, false), (10, true)] {
            let pieces = stream::iter(0..20).then(|_| async move {
                sleep(Duration::from_millis(20)).await;
                Ok::<_, std::io::Error>(Frame::data(Bytes::from(vec![7; drop])))
            });
            let read = Paced::new(StreamBody::new(Box::pin(pieces)), &limits(None)).collect().await;
            assert_eq!(read.is_ok(), whole, "{drop} bytes at a time");
        }
    }

    #[tokio::test]
    async fn a_body_may_have_its_size_and_no_byte_more() {
        for (size, fits) in [(100, true), (101, false)] {
            let body = Paced::new(Full::new(Bytes::from(vec![7; size])), &limits(Some(100)));
            assert_eq!(body.collect().await.is_ok(), fits, "{size}");
        }
    }
}
