//! WebSockets: opened only after the upstream's own 101, over a connection that no other request uses, and closed
//! with 1008 and the reason when the access lapses.
use std::sync::Arc;
use std::time::Duration;

use http::header::{CONNECTION, UPGRADE};
use http::{HeaderValue, Response, StatusCode};
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokio::io::{self, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio_util::sync::CancellationToken;

use crate::audit::Outcome;
use crate::cache::Stream;

use super::body::{Body, Lapse, full};
use super::gate::Gate;
use super::stream::{Answer, Completion};

/// How much is read at once.
const BUFFER: usize = 16 * 1024;
/// How long saying goodbye may take: the other side may not be reading.
const FAREWELL: Duration = Duration::from_millis(500);

/// Answers the client with 101 and relays both ways until somebody closes, or the access lapses.
pub(super) fn open(gate: &Arc<Gate>, client: OnUpgrade, answer: Answer<'_>) -> Response<Body> {
    let mut response = Response::new(full(""));
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    *response.headers_mut() = answer.headers();
    let Answer { head_and_body: answer, stream, mut lapse, mut completion, .. } = answer;
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("Upgrade"));
    response.headers_mut().insert(UPGRADE, HeaderValue::from_static("websocket"));
    completion.answered(StatusCode::SWITCHING_PROTOCOLS);
    let stop = gate.cut.clone();
    gate.tasks.spawn(async move {
        let opened = tokio::select! {
            biased;
            _ = &mut lapse => {
                completion.finish(Outcome::Cut);
                return;
            }
            opened = async { tokio::try_join!(client, hyper::upgrade::on(answer)) } => opened,
        };
        match opened {
            Ok((client, upstream)) => {
                relay(TokioIo::new(client), TokioIo::new(upstream), (lapse, stop), (stream, completion)).await;
            }
            Err(error) => tracing::debug!(%error, "an upgrade did not come about"),
        }
    });
    response
}

/// Relays until somebody closes, the access lapses, or the gate shuts down.
async fn relay(
    client: impl AsyncRead + AsyncWrite,
    upstream: impl AsyncRead + AsyncWrite,
    (mut lapse, stop): (Lapse, CancellationToken),
    (stream, mut completion): (Option<Stream>, Completion),
) {
    let (from_client, mut to_client) = io::split(client);
    let (from_upstream, mut to_upstream) = io::split(upstream);
    let (mut up, mut down) = (Frames::default(), Frames::default());
    let (mut sent, mut received) = (0, 0);
    let (outcome, farewell) = tokio::select! {
        biased;
        refusal = &mut lapse => (Outcome::Cut, close_frame(1008, refusal.code.as_str())),
        () = stop.cancelled() => (Outcome::Cut, close_frame(1001, "going away")),
        _ = pump(from_client, &mut to_upstream, &mut up, &mut sent) => (Outcome::Complete, Vec::new()),
        _ = pump(from_upstream, &mut to_client, &mut down, &mut received) => (Outcome::Complete, Vec::new()),
    };
    completion.finish(outcome);
    completion.sent(sent);
    completion.received = received;
    drop(completion);
    drop(stream);
    goodbye(to_client, to_upstream, if down.between() { &farewell } else { &[] }).await;
}

/// Closes both sides, after a last word to the client. Whoever is gone, or does not read, is not waited for.
async fn goodbye(mut client: impl AsyncWrite + Unpin, mut upstream: impl AsyncWrite + Unpin, farewell: &[u8]) {
    let closing = async {
        client.write_all(farewell).await?;
        tokio::try_join!(client.shutdown(), upstream.shutdown())
    };
    let _ = tokio::time::timeout(FAREWELL, closing).await;
}

/// Relays one direction until it ends.
async fn pump(
    mut from: impl AsyncRead + Unpin,
    to: &mut (impl AsyncWrite + Unpin),
    frames: &mut Frames,
    count: &mut u64,
) -> io::Result<()> {
    let mut buffer = vec![0; BUFFER];
    loop {
        let read = from.read(&mut buffer).await?;
        let mut rest = buffer.get(..read).unwrap_or_default();
        if rest.is_empty() {
            return Ok(());
        }
        while !rest.is_empty() {
            let written = to.write(rest).await?;
            let (done, left) = rest.split_at_checked(written).unwrap_or((rest, &[]));
            frames.advance(done);
            *count += done.len() as u64;
            rest = left;
        }
        to.flush().await?;
    }
}

/// Where in the WebSocket framing (RFC 6455 section 5.2) a direction stands: a frame of ours fits only between two.
#[derive(Debug, Default)]
struct Frames {
    head: Vec<u8>,
    payload: u64,
}

impl Frames {
    fn advance(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            if self.payload > 0 {
                let step = usize::try_from(self.payload).unwrap_or(usize::MAX).min(bytes.len());
                self.payload -= step as u64;
                bytes = bytes.get(step..).unwrap_or_default();
            } else if let Some((first, rest)) = bytes.split_first() {
                self.head.push(*first);
                bytes = rest;
                self.begin_payload();
            }
        }
    }

    /// When the head is whole, its payload begins.
    fn begin_payload(&mut self) {
        let [_, second, extended @ ..] = self.head.as_slice() else { return };
        let width = match second & 0x7f {
            126 => 2,
            127 => 8,
            _ => 0,
        };
        let mask = if second & 0x80 == 0 { 0 } else { 4 };
        if extended.len() < width + mask {
            return;
        }
        let length = extended.iter().take(width).fold(0, |n, byte| n << 8 | u64::from(*byte));
        self.payload = if width == 0 { u64::from(second & 0x7f) } else { length };
        self.head.clear();
    }

    fn between(&self) -> bool {
        self.head.is_empty() && self.payload == 0
    }
}

/// A close frame (RFC 6455 section 7.4.1): 1008 is "policy violation", 1001 "going away".
fn close_frame(status: u16, reason: &str) -> Vec<u8> {
    let reason: Vec<u8> = reason.bytes().take(100).collect();
    let length = u8::try_from(reason.len() + 2).unwrap_or(2);
    let mut frame = vec![0x88, length];
    frame.extend(status.to_be_bytes());
    frame.extend(reason);
    frame
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Frames of every length encoding, masked or not.
    fn frame(payload: usize, masked: bool) -> Vec<u8> {
        let mask = if masked { 0x80 } else { 0 };
        let mut frame = vec![0x82];
        if let Some(short) = u8::try_from(payload).ok().filter(|short| *short < 126) {
            frame.push(mask | short);
        } else if let Ok(medium) = u16::try_from(payload) {
            frame.push(mask | 0x7e);
            frame.extend(medium.to_be_bytes());
        } else {
            frame.push(mask | 0x7f);
            frame.extend((payload as u64).to_be_bytes());
        }
        frame.extend(vec![7; payload + if masked { 4 } else { 0 }]);
        frame
    }

    #[test]
    fn borders_between_frames_are_found_however_the_bytes_arrive() {
        for (payload, masked) in [(0, false), (1, true), (125, false), (126, true), (300, false), (70_000, true)] {
            for step in [1, 3, 1000] {
                let bytes = frame(payload, masked);
                let mut frames = Frames::default();
                let mut seen = 0;
                for chunk in bytes.chunks(step) {
                    frames.advance(chunk);
                    seen += chunk.len();
                    assert_eq!(frames.between(), seen == bytes.len(), "{payload} {masked} {step} {seen}");
                }
            }
        }
    }

    #[tokio::test]
    async fn a_client_that_does_not_read_is_not_waited_for() {
        let ((client, mut unread), (upstream, _far)) = (io::duplex(8), io::duplex(8));
        let farewell = close_frame(1008, "grant-revoked");
        let gone = goodbye(client, upstream, &farewell);
        tokio::time::timeout(Duration::from_secs(20), gone).await.unwrap();
        let mut rest = Vec::new();
        unread.read_to_end(&mut rest).await.unwrap();
        assert_eq!(rest, farewell.get(..8).unwrap(), "what fitted, and then the end");
    }

    #[test]
    fn the_farewell_is_one_whole_frame() {
        let mut frames = Frames::default();
        frames.advance(&close_frame(1008, "grant-revoked"));
        assert!(frames.between());
    }
}
