//! So much: fields, heads, bodies, and how slowly they come.
use std::io::Error;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use http::Request;
use http_body_util::StreamBody;
use hyper::body::{Body, Frame};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::sleep;

use super::raw::Raw;
use crate::world::{HOST, Session, Via, World, body, engineers, members, refused, request, whole};

async fn world(limits: &str) -> (World, Session) {
    let world = World::builder().section(&format!("[limits]\n{limits}")).start().await;
    world.grant(&members::OLGA, json!({"access": "full", "duration": "1d"})).await;
    let ada = world.enter(&engineers::ADA, "acme").await;
    (world, ada)
}

/// An upload of that many bytes whose size is not told, in pieces of 1 KiB with pauses between them.
fn pieces(
    session: &Session,
    bytes: usize,
    pause: Duration,
) -> Request<impl Body<Data = Bytes, Error = Error> + Send + use<>> {
    let pieces = stream::iter(0..bytes >> 10).then(move |_| async move {
        sleep(pause).await;
        Ok(Frame::data(Bytes::from_static(&[7; 1024])))
    });
    let asked = request("POST", "/w/acme/upload").header("cookie", session.cookie());
    asked.body(StreamBody::new(Box::pin(pieces))).unwrap()
}

#[tokio::test]
async fn too_many_fields_and_too_large_a_head_are_refused_in_either_version() {
    let (world, ada) = world("head_fields = 20\nhead = \"16KiB\"").await;
    for (via, too_many) in [(Via::Http1, 431), (Via::Http2, 400)] {
        for (fields, length, status) in [(5, 10, 200), (30, 10, too_many), (5, 20_000, 431)] {
            let mut asked = request("GET", "/w/acme/a").header("cookie", ada.cookie());
            for n in 0..fields {
                asked = asked.header(format!("x-field-{n}"), "1");
            }
            let asked = asked.header("x-long", "a".repeat(length)).body(body("")).unwrap();
            let answer = world.connect(via).await.send(asked).await;
            assert_eq!(answer.status, status, "{via:?}: {fields} fields, one of {length} octets");
        }
    }
    assert_eq!(world.app.seen().len(), 2);
}

#[tokio::test]
async fn a_body_beyond_its_limit_is_refused_whether_its_size_was_told_or_not() {
    let (world, ada) = world("body = \"64KiB\"").await;
    for via in [Via::Http1, Via::Http2] {
        let asked = |size: usize| {
            let asked = request("POST", "/w/acme/a").header("cookie", ada.cookie());
            asked.body(body(vec![7; size])).unwrap()
        };
        world.connect(via).await.send(asked(65_536)).await.expect(200);
        let before = world.app.seen().len();
        let told = world.connect(via).await.send(asked(65_537)).await;
        assert_eq!(told.problem(), refused(413, "too-large"), "{via:?}");
        assert_eq!(world.app.seen().len(), before, "nothing of it came upstream");
    }
    let mut connection = world.connect(Via::Http1).await;
    // Whoever still sends may miss the answer and see the end of the connection.
    if let Ok(answer) = connection.begin(pieces(&ada, 1 << 20, Duration::ZERO)).await {
        assert_eq!(whole(answer).await.problem(), refused(413, "too-large"));
    }
    assert!(world.app.uploaded() <= 65_536, "{}", world.app.uploaded());
}

#[tokio::test]
async fn a_body_that_comes_drop_by_drop_is_not_waited_for() {
    let (world, ada) = world("body_time = \"400ms\"\nbody_progress = \"1KiB\"").await;
    let mut slow = Raw::open(world.gate.address).await;
    let cookie = ada.cookie();
    slow.send(format!(
        "POST /w/acme/upload HTTP/1.1\r\nHost: {HOST}\r\nCookie: {cookie}\r\nContent-Length: 9999\r\n\r\n"
    ))
    .await;
    let (mut reading, mut writing) = slow.0.split();
    let drops = async {
        loop {
            let _ = writing.write_all(b"z").await;
            sleep(Duration::from_millis(50)).await;
        }
    };
    let answered = async {
        let mut bytes = vec![0; 4096];
        let read = reading.read(&mut bytes).await.unwrap();
        String::from_utf8_lossy(&bytes[..read]).into_owned()
    };
    let answer = tokio::select! { answer = answered => answer, () = drops => unreachable!() };
    assert!(answer.starts_with("HTTP/1.1 400") && answer.contains("too slowly"), "{answer}");

    // Nobody waits for ours either.
    let mut slow = Raw::open(world.gate.address).await;
    let bearer = world.member(&members::OLGA);
    slow.send(format!(
        "POST /.chaperone/api/v1/workspaces/acme/grants HTTP/1.1\r\nHost: {HOST}\r\nAuthorization: Bearer {bearer}\r\n\
         Content-Type: application/json\r\nContent-Length: 99\r\n\r\n{{"
    ))
    .await;
    assert_eq!(slow.answer().await, 400);
}

#[tokio::test]
async fn an_upload_that_keeps_coming_may_last() {
    let (world, ada) = world("body_time = \"400ms\"\nbody_progress = \"1KiB\"").await;
    let asked = pieces(&ada, 20 << 10, Duration::from_millis(60));
    let answer = world.connect(Via::Http1).await.send(asked).await.expect(200);
    assert_eq!(answer.text(), (20 << 10).to_string());
}
