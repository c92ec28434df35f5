//! Stories about the app's side, against small servers on loopback.
use std::convert::Infallible;

use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::dial::Dial;
use super::*;
use crate::config::Timeouts;

async fn listen(scheme: &str) -> (TcpListener, Upstream) {
    let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("{scheme}://{}", socket.local_addr().unwrap()).parse().unwrap();
    let dial = ToOrigin::new(&origin, None, Timeouts::default().connect).unwrap();
    (socket, at(Box::new(dial), Timeouts::default()))
}

/// The app that is dialed like this.
pub(super) fn at(dial: Box<dyn Dial>, timeouts: Timeouts) -> Upstream {
    let host = HeaderValue::from_static("127.0.0.1");
    let address = Address { name: "http://127.0.0.1".to_owned(), scheme: Scheme::HTTP, host, dial };
    let reach = Reach { timeouts, ..Reach::default() };
    Upstream::at(vec![address], &reach, (0, &HostMatch::Any), &Metrics::new())
}

fn request() -> Request<Outgoing> {
    let request = Request::builder().header("host", "support.example.com").header("connection", "Upgrade");
    request.header("upgrade", "websocket").body(Outgoing::Empty).unwrap()
}

fn target() -> PathAndQuery {
    PathAndQuery::from_static("/live?x=1")
}

#[tokio::test]
async fn an_upgrade_is_asked_for_alone_and_answered_by_the_app_itself() {
    let (socket, upstream) = listen("http").await;
    let tasks = TaskTracker::new();
    let app = tasks.spawn(async move {
        let (mut client, _) = socket.accept().await.unwrap();
        let mut head = vec![0; 1024];
        let read = client.read(&mut head).await.unwrap();
        client
            .write_all(b"HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\nhi")
            .await
            .unwrap();
        client.shutdown().await.unwrap();
        String::from_utf8_lossy(head.get(..read).unwrap()).into_owned()
    });
    let answer = upstream.send_alone(request(), target(), &tasks).await.unwrap();
    assert_eq!(answer.status(), 101);
    let mut upgraded = TokioIo::new(hyper::upgrade::on(answer).await.unwrap());
    let mut said = String::new();
    upgraded.read_to_string(&mut said).await.unwrap();
    assert_eq!(said, "hi", "what the app says right behind its answer is not lost");
    assert!(app.await.unwrap().starts_with("GET /live?x=1 HTTP/1.1\r\nhost: support.example.com\r\n"));
}

#[tokio::test]
async fn an_app_that_hangs_up_is_unreachable() {
    let (socket, upstream) = listen("http").await;
    let tasks = TaskTracker::new();
    tasks.spawn(async move {
        loop {
            drop(socket.accept().await.unwrap());
        }
    });
    let alone = upstream.send_alone(request(), target(), &tasks).await.map(|answer| answer.status());
    assert!(matches!(alone, Err(NoAnswer::Unreachable(_))));
    let pooled = upstream.send(request(), "support.example.com", target(), &Progress::default()).await;
    assert!(matches!(pooled.map(|answer| answer.status()), Err(NoAnswer::Unreachable(_))));
}

#[tokio::test]
async fn the_app_sees_the_host_that_was_judged_over_http2_too() {
    let (socket, upstream) = listen("h2c").await;
    let tasks = TaskTracker::new();
    tasks.spawn(async move {
        let (client, _) = socket.accept().await.unwrap();
        let seen = service_fn(async |request: Request<Incoming>| {
            let authority = request.uri().authority().map(ToString::to_string).unwrap_or_default();
            let host = request.headers().get("host").cloned();
            let mut answer = Response::new(Outgoing::Empty);
            answer.headers_mut().insert("x-authority", authority.parse().unwrap());
            host.and_then(|host| answer.headers_mut().insert("x-host", host));
            Ok::<_, Infallible>(answer)
        });
        let server = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
        let _ = server.serve_connection(TokioIo::new(client), seen).await;
    });
    let mut request = request();
    request.headers_mut().remove("connection");
    request.headers_mut().remove("upgrade");
    let answer = upstream.send(request, "support.example.com", target(), &Progress::default()).await.unwrap();
    let said = |name| answer.headers().get(name).map(HeaderValue::as_bytes);
    assert_eq!(said("x-authority"), Some(&b"support.example.com"[..]));
    assert!(said("x-host").is_none_or(|host| host == b"support.example.com"));
}
