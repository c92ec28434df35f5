//! Streams: so many at once, so many broken off, and answers that nobody takes although the connection is read.
use serde_json::json;
use tokio::io::AsyncReadExt;
use tokio::time::timeout;

use super::raw::{PATIENCE, Raw};
use crate::world::{HOST, Session, World, engineers, eventually, members};

const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const GOAWAY: u8 = 7;
const WINDOW_UPDATE: u8 = 8;
/// END_STREAM and END_HEADERS.
const WHOLE: u8 = 5;
/// Settings (RFC 9113, section 6.5.2).
const MAX_CONCURRENT_STREAMS: u16 = 3;
const INITIAL_WINDOW_SIZE: u16 = 4;
const MAX_HEADER_LIST_SIZE: u16 = 6;

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// The beginning of a connection with one setting.
fn opening(setting: u16, value: u32) -> Vec<u8> {
    let settings = [&setting.to_be_bytes()[..], &value.to_be_bytes()].concat();
    [b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", &frame(SETTINGS, 0, 0, &settings)[..]].concat()
}

/// A request in a session, its fields as literals that nobody remembers (RFC 7541, section 6.2.2).
fn asking(stream: u32, path: &str, session: &Session) -> Vec<u8> {
    let cookie = session.cookie();
    let fields =
        [(":method", "GET"), (":scheme", "http"), (":authority", HOST), (":path", path), ("cookie", cookie.as_str())];
    let mut block = Vec::new();
    for (name, value) in fields {
        block.push(0);
        for text in [name, value] {
            block.push(u8::try_from(text.len()).unwrap());
            block.extend(text.bytes());
        }
    }
    frame(HEADERS, WHOLE, stream, &block)
}

/// The next frame: kind, stream and payload; none at the end.
async fn next(raw: &mut Raw) -> Option<(u8, u32, Vec<u8>)> {
    let mut head = [0; 9];
    timeout(PATIENCE, raw.0.read_exact(&mut head)).await.expect("a frame, or the end").ok()?;
    let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
    let mut payload = vec![0; usize::try_from(length).unwrap()];
    raw.0.read_exact(&mut payload).await.ok()?;
    Some((head[3], u32::from_be_bytes([head[5], head[6], head[7], head[8]]), payload))
}

/// Reads on to a frame of this kind.
async fn until(raw: &mut Raw, wanted: u8) -> Option<(u32, Vec<u8>)> {
    loop {
        let (kind, stream, payload) = next(raw).await?;
        if kind == wanted {
            return Some((stream, payload));
        }
    }
}

async fn world(limits: &str) -> (World, Session) {
    let world = World::builder().section(&format!("[limits]\n{limits}")).start().await;
    world.grant(&members::OLGA, json!({"access": "full", "duration": "1d"})).await;
    let ada = world.enter(&engineers::ADA, "acme").await;
    (world, ada)
}

#[tokio::test]
async fn clients_are_told_how_much_they_may_have_under_way() {
    let (world, _) =
        world("h2_streams = 7\nh2_window = \"128KiB\"\nh2_stream_window = \"32KiB\"\nhead = \"16KiB\"").await;
    let mut raw = Raw::open(world.gate.address).await;
    raw.send(opening(INITIAL_WINDOW_SIZE, 65_535)).await;
    let (_, settings) = until(&mut raw, SETTINGS).await.unwrap();
    let (_, window) = until(&mut raw, WINDOW_UPDATE).await.unwrap();
    let told = |wanted: u16| {
        let all = settings.chunks(6).map(|six| (u16::from_be_bytes([six[0], six[1]]), &six[2..]));
        all.filter(|(setting, _)| *setting == wanted).map(|(_, value)| value.to_vec()).next().unwrap()
    };
    assert_eq!(told(MAX_CONCURRENT_STREAMS), 7_u32.to_be_bytes());
    assert_eq!(told(INITIAL_WINDOW_SIZE), 32_768_u32.to_be_bytes());
    assert_eq!(told(MAX_HEADER_LIST_SIZE), 16_384_u32.to_be_bytes());
    assert_eq!(window, (131_072_u32 - 65_535).to_be_bytes(), "of all of them together");
}

#[tokio::test]
async fn more_streams_than_allowed_are_refused_and_the_others_go_on() {
    let (world, ada) = world("h2_streams = 2").await;
    let mut raw = Raw::open(world.gate.address).await;
    raw.send(opening(INITIAL_WINDOW_SIZE, 65_535)).await;
    for stream in [1, 3, 5] {
        raw.send(asking(stream, "/w/acme/events", &ada)).await;
    }
    let (stream, code) = until(&mut raw, RST_STREAM).await.unwrap();
    assert_eq!((stream, code), (5, 7_u32.to_be_bytes().to_vec()), "REFUSED_STREAM: nothing was done for it");
    eventually("the others are asked", PATIENCE, async || (world.app.seen().len() == 2).then_some(())).await;
}

#[tokio::test]
async fn whoever_breaks_off_all_that_they_begin_is_left() {
    let (world, ada) = world("h2_resets = 20").await;
    let mut raw = Raw::open(world.gate.address).await;
    raw.send(opening(INITIAL_WINDOW_SIZE, 65_535)).await;
    for stream in (1..20_000).step_by(2) {
        let reset = frame(RST_STREAM, 0, stream, &8_u32.to_be_bytes());
        if !raw.send([asking(stream, "/w/acme/events", &ada), reset].concat()).await {
            break;
        }
    }
    raw.closed().await;
    world.ask(&ada, "GET", "/w/acme/a").await.expect(200);
    let asked = world.app.seen().len();
    assert!(asked < 1000, "the app was asked {asked} times");
}

/// Its window stays shut, while it reads all that comes on the connection.
#[tokio::test]
async fn an_answer_that_nobody_takes_is_not_kept() {
    let (world, ada) = world("write_time = \"500ms\"").await;
    let mut raw = Raw::open(world.gate.address).await;
    raw.send(opening(INITIAL_WINDOW_SIZE, 0)).await;
    raw.send(asking(1, "/w/acme/large", &ada)).await;
    let (stream, _) = until(&mut raw, RST_STREAM).await.expect("the stream is reset, the connection stays");
    assert_eq!(stream, 1);
    assert_eq!(world.app.seen().len(), 1);
}

#[tokio::test]
async fn a_connection_without_streams_is_told_to_go() {
    let (world, ada) = world("idle = \"500ms\"").await;
    let mut raw = Raw::open(world.gate.address).await;
    raw.send(opening(INITIAL_WINDOW_SIZE, 65_535)).await;
    raw.send(asking(1, "/w/acme/a", &ada)).await;
    let (_, said) = until(&mut raw, GOAWAY).await.unwrap();
    assert_eq!(said[4..8], 0_u32.to_be_bytes(), "NO_ERROR");
}
