//! One HTTP/1.1 connection to the app. No task of its own drives it while a request is under way: whoever waits for the
//! answer does, so that an exchange with the app costs no change of tasks.
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use http::{Request, Response};
use hyper::body::Incoming;
use hyper::client::conn::TrySendError;
use hyper::client::conn::http1::{Connection, SendRequest};
use hyper_util::rt::TokioIo;

use super::HELD;
use super::dial::Io;
use super::figures::Open;
use crate::proxy::body::Outgoing;

/// What became of a request: the head of the answer, or why there is none, with the request if nothing of it was sent.
pub(super) type Sent = Result<Response<Incoming>, TrySendError<Request<Outgoing>>>;

/// A connection.
pub(super) struct Link {
    sender: SendRequest<Outgoing>,
    /// None when it has come to its end.
    connection: Option<Connection<TokioIo<Box<dyn Io>>, Outgoing>>,
    _open: Open,
}

impl std::fmt::Debug for Link {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Link")
    }
}

impl Link {
    /// Speaks HTTP/1.1 on `io`.
    ///
    /// # Errors
    /// When hyper does not begin.
    pub(super) async fn begin(io: Box<dyn Io>, open: Open) -> hyper::Result<Self> {
        let (sender, connection) =
            hyper::client::conn::http1::Builder::new().max_buf_size(HELD).handshake(TokioIo::new(io)).await?;
        Ok(Self { sender, connection: Some(connection), _open: open })
    }

    /// Sends a request and waits for the head of the answer. Dropped before that, the connection is of no use any more.
    pub(super) async fn send(&mut self, request: Request<Outgoing>) -> Sent {
        // Nothing but `drive` brings the answer, so it need not wake anybody; a waker that wakes nobody must not be made
        // to wait for its turn either.
        let answer = self.sender.try_send_request(request);
        let mut answer = pin!(tokio::task::unconstrained(answer));
        let connection = &mut self.connection;
        std::future::poll_fn(|cx| {
            drive(connection, cx);
            answer.as_mut().poll(&mut Context::from_waker(Waker::noop()))
        })
        .await
    }

    /// Whether it can take a request now: the answer before was read whole, and the app has not hung up since.
    pub(super) fn is_ready(&mut self) -> bool {
        drive(&mut self.connection, &mut Context::from_waker(Waker::noop()));
        self.is_done()
    }

    /// Whether the answer was read whole, as far as was seen when it was driven last.
    pub(super) fn is_done(&self) -> bool {
        self.connection.is_some() && self.sender.is_ready()
    }

    /// Whether it has not come to its end.
    pub(super) fn is_open(&self) -> bool {
        self.connection.is_some()
    }

    /// Brings an answer to its end whose head was handed out; none when no other request may follow it.
    pub(super) async fn finish(mut self: Box<Self>) -> Option<Box<Self>> {
        std::future::poll_fn(|cx| {
            drive(&mut self.connection, cx);
            let done = self.connection.is_none() || self.sender.is_ready();
            if done { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
        self.connection.is_some().then_some(self)
    }
}

/// Reads and writes what can be.
fn drive(connection: &mut Option<Connection<TokioIo<Box<dyn Io>>, Outgoing>>, cx: &mut Context<'_>) {
    let Some(driven) = connection else { return };
    if let Poll::Ready(ended) = Pin::new(driven).poll(cx) {
        if let Err(error) = ended {
            tracing::debug!(%error, "a connection to the app broke");
        }
        *connection = None;
    }
}
