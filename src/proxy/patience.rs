//! The bytes of a connection, and patience with clients that do not read: it ends, or what they were sent, and all that
//! stands behind it, would stay open for as long as they like.
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Sleep;

use crate::limits::Seat;

use super::pulse::Pulse;

/// A connection that breaks off when nothing can be written to it for too long.
pub(super) struct Patient<I> {
    io: I,
    longest: Duration,
    stalled: Option<Pin<Box<Sleep>>>,
    pulse: Arc<Pulse>,
    /// Goes with the socket, wherever that goes.
    _seat: Option<Seat>,
}

impl<I> Patient<I> {
    /// `io`, whose client may take nothing for `longest`; `pulse` hears of what it sends.
    pub(super) fn new(io: I, seat: Option<Seat>, longest: Duration, pulse: &Arc<Pulse>) -> Self {
        Self { io, longest, stalled: None, pulse: Arc::clone(pulse), _seat: seat }
    }

    /// Lets a result pass; the time runs from the first of several that are none.
    fn judge<T>(&mut self, cx: &mut Context<'_>, done: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if done.is_ready() {
            self.stalled = None;
            return done;
        }
        let longest = self.longest;
        let stalled = self.stalled.get_or_insert_with(|| Box::pin(tokio::time::sleep(longest)));
        ready!(stalled.as_mut().poll(cx));
        Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the client does not read")))
    }
}

impl<I: AsyncRead + Unpin> AsyncRead for Patient<I> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.io).poll_read(cx, buffer);
        if buffer.filled().len() > before {
            self.pulse.hear();
        }
        read
    }
}

impl<I: AsyncWrite + Unpin> AsyncWrite for Patient<I> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.io).poll_write(cx, bytes);
        self.judge(cx, written)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.io).poll_flush(cx);
        self.judge(cx, flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let shut = Pin::new(&mut self.io).poll_shutdown(cx);
        self.judge(cx, shut)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.io).poll_write_vectored(cx, slices);
        self.judge(cx, written)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    use super::*;

    #[tokio::test]
    async fn a_client_that_does_not_read_is_left() {
        let (ours, mut client) = duplex(8);
        let mut ours = Patient::new(ours, None, Duration::from_millis(50), &Arc::default());
        let left = ours.write_all(&[7; 64]).await.map_err(|error| error.kind());
        assert_eq!(left, Err(io::ErrorKind::TimedOut));
        drop(ours);
        let mut read = Vec::new();
        client.read_to_end(&mut read).await.unwrap();
        assert_eq!(read, [7; 8], "what had been taken, and then the end");
    }
}
