//! WebSockets: opened only after the upstream's own 101, over a connection that no other request uses, and closed
//! with 1008 and the reason when the access lapses.
use std::sync::Arc;

use http::header::{CONNECTION, UPGRADE};
use http::{HeaderValue, Response, StatusCode};
use hyper::body::Incoming;
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use tokio::io::{self, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio_util::sync::CancellationToken;

use crate::audit::Outcome;
use crate::cache::Stream;

use super::body::{Body, full};
use super::gate::Gate;
use super::stream::{Completion, Lapse, sifted};

/// The access has lapsed; the reason is the refusal's code.
const POLICY_VIOLATION: u16 = 1008;
/// The gate ends.
const GOING_AWAY: u16 = 1001;
/// How much is read at once.
const BUFFER: usize = 16 * 1024;

/// Answers the client with 101 and relays both ways until somebody closes, or the access lapses.
pub(super) fn open(
    gate: &Arc<Gate>,
    client: OnUpgrade,
    answer: Response<Incoming>,
    stream: Stream,
    lapse: Lapse,
    mut completion: Completion,
) -> Response<Body> {
    let mut response = Response::new(full(""));
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    *response.headers_mut() = sifted(answer.headers());
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("Upgrade"));
    response.headers_mut().insert(UPGRADE, HeaderValue::from_static("websocket"));
    completion.answered(StatusCode::SWITCHING_PROTOCOLS);
    let cut = gate.cut.clone();
    gate.tasks.spawn(async move {
        match tokio::try_join!(client, hyper::upgrade::on(answer)) {
            Ok((client, upstream)) => relay(client, upstream, stream, lapse, cut, completion).await,
            Err(error) => tracing::debug!(%error, "an upgrade did not come about"),
        }
    });
    response
}

async fn relay(
    client: Upgraded,
    upstream: Upgraded,
    stream: Stream,
    mut lapse: Lapse,
    cut: CancellationToken,
    mut completion: Completion,
) {
    let (from_client, mut to_client) = io::split(TokioIo::new(client));
    let (from_upstream, mut to_upstream) = io::split(TokioIo::new(upstream));
    let (mut up, mut down) = (Frames::default(), Frames::default());
    let (mut sent, mut received) = (0, 0);
    let farewell = tokio::select! {
        biased;
        refusal = &mut lapse => Some(close_frame(POLICY_VIOLATION, refusal.code.as_str())),
        () = cut.cancelled() => Some(close_frame(GOING_AWAY, "the gate is shutting down")),
        _ = pump(from_client, &mut to_upstream, &mut up, &mut sent) => None,
        _ = pump(from_upstream, &mut to_client, &mut down, &mut received) => None,
    };
    completion.finish(if farewell.is_some() { Outcome::Cut } else { Outcome::Complete });
    if let Some(farewell) = farewell
        && down.between()
    {
        // The client may be gone, or not be reading: the connection is closed either way.
        let _ = to_client.write_all(&farewell).await;
    }
    completion.sent(sent);
    completion.received = received;
    drop(completion);
    drop(stream);
    let _ = tokio::join!(to_client.shutdown(), to_upstream.shutdown());
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

/// A close frame with one of the codes of RFC 6455 section 7.4.1.
fn close_frame(code: u16, reason: &str) -> Vec<u8> {
    let reason: Vec<u8> = reason.bytes().take(100).collect();
    let length = u8::try_from(reason.len() + 2).unwrap_or(2);
    let mut frame = vec![0x88, length];
    frame.extend(code.to_be_bytes());
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

    #[test]
    fn the_farewell_is_one_whole_frame() {
        let mut frames = Frames::default();
        frames.advance(&close_frame(POLICY_VIOLATION, "grant-revoked"));
        assert!(frames.between());
    }
}
