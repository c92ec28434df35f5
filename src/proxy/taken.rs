//! How clients take their answers: who breaks off, and who has a stream of HTTP/2 open and takes nothing. In HTTP/1.1 that
//! shows on the connection; a client of HTTP/2 reads on and leaves one stream's window shut.
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http::{Response, Version};
use http_body::{Body as _, Frame, SizeHint};
use hyper::rt::Executor;
use tokio::time::sleep;
use tokio_util::task::TaskTracker;

use super::body::{Body, BoxError};
use super::pulse::Pulse;

tokio::task_local! {
    /// The stream whose task this is.
    static READER: Arc<Reader>;
}

/// The reader of one answer: the number of the frame that it has yet to take; 0: none.
#[derive(Debug, Default)]
struct Reader(AtomicU64);

/// A request, until its answer is over.
#[derive(Debug)]
pub(super) struct Exchange {
    pulse: Arc<Pulse>,
    /// Whether it came to an end that is not the client's doing.
    whole: bool,
}

impl Exchange {
    /// One that begins now.
    pub(super) fn begin(pulse: &Arc<Pulse>, version: Version) -> Self {
        pulse.begin(version == Version::HTTP_2);
        Self { pulse: Arc::clone(pulse), whole: false }
    }

    /// Its answer.
    pub(super) fn answer(self, answer: Response<Body>) -> Response<Taken> {
        let reader = READER.try_with(Arc::clone).ok();
        answer.map(|inner| Taken { inner, exchange: self, reader, frames: 0 })
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        self.pulse.end(!self.whole);
    }
}

/// A body on its way to a client.
pub(super) struct Taken {
    inner: Body,
    exchange: Exchange,
    /// None in HTTP/1.1.
    reader: Option<Arc<Reader>>,
    frames: u64,
}

impl Taken {
    /// Notes which frame the client has yet to take.
    fn note(&self, frame: u64) {
        if let Some(reader) = &self.reader {
            reader.0.store(frame, Ordering::Relaxed);
        }
    }
}

impl http_body::Body for Taken {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        self.note(0);
        let frame = ready!(Pin::new(&mut self.inner).poll_frame(cx));
        match &frame {
            Some(Ok(_)) => {
                self.frames += 1;
                self.note(self.frames);
            }
            Some(Err(_)) | None => self.exchange.whole = true,
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        self.exchange.whole |= self.inner.is_end_stream();
    }
}

/// Runs HTTP/2 streams as tasks that a shutdown waits for, each for as long as its client takes the answer.
#[derive(Clone)]
pub(super) struct Streams {
    pub(super) tasks: TaskTracker,
    /// How long a client may take nothing.
    pub(super) longest: Duration,
}

impl<F> Executor<F> for Streams
where
    F: Future<Output: Send> + Send + 'static,
{
    fn execute(&self, stream: F) {
        let (reader, longest) = (Arc::<Reader>::default(), self.longest);
        self.tasks.spawn(READER.scope(Arc::clone(&reader), while_taken(stream, reader, longest)));
    }
}

/// Drops `stream`, which resets it, when the reader has not taken a frame for `longest`.
async fn while_taken(stream: impl Future, reader: Arc<Reader>, longest: Duration) {
    let mut stream = pin!(stream);
    let mut stalled = None;
    poll_fn(|cx| {
        if stream.as_mut().poll(cx).is_ready() {
            return Poll::Ready(());
        }
        let frame = reader.0.load(Ordering::Relaxed);
        let (_, timer) = match stalled.take() {
            Some((same, timer)) if same == frame => stalled.insert((same, timer)),
            Some(_) | None if frame == 0 => return Poll::Pending,
            Some(_) | None => stalled.insert((frame, Box::pin(sleep(longest)))),
        };
        timer.as_mut().poll(cx)
    })
    .await;
}
