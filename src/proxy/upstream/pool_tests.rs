//! Stories about connections: which are used again, which never, and what happens when none can be made.
use std::collections::VecDeque;
use std::sync::Mutex;

use http_body_util::BodyExt;
use hyper::service::service_fn;
use hyper_util::rt::TokioExecutor;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};

use super::dial::{Dial, Dialed, Dialing, Purpose};
use super::*;
use crate::config::Timeouts;

const OK: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

const SOON: Duration = Duration::from_millis(100);

/// What becomes of one attempt to connect.
enum Step {
    Refuse,
    Hang,
    /// The far end is in the test's hands.
    Connect {
        io: DuplexStream,
        http2: bool,
    },
}

/// A dialer that does what a test wants, step by step; then it refuses.
struct Scripted(Mutex<VecDeque<Step>>);

impl std::fmt::Debug for Scripted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Scripted")
    }
}

impl Dial for Scripted {
    fn dial(&self, _: Purpose) -> Dialing<'_> {
        let step = self.0.lock().unwrap().pop_front().unwrap_or(Step::Refuse);
        Box::pin(async {
            match step {
                Step::Refuse => Err(std::io::Error::from(std::io::ErrorKind::ConnectionRefused).into()),
                Step::Hang => std::future::pending().await,
                Step::Connect { io, http2 } => Ok(Dialed { io: Box::new(io), http2 }),
            }
        })
    }
}

fn scripted(steps: impl IntoIterator<Item = Step>) -> Upstream {
    impatient(steps, Timeouts::default())
}

fn impatient(steps: impl IntoIterator<Item = Step>, timeouts: Timeouts) -> Upstream {
    tests::at(Box::new(Scripted(Mutex::new(steps.into_iter().collect()))), timeouts)
}

/// A connection, and the app's end of it.
fn connection(http2: bool) -> (Step, DuplexStream) {
    let (io, app) = tokio::io::duplex(64 * 1024);
    (Step::Connect { io, http2 }, app)
}

async fn get(upstream: &Upstream) -> Result<Response<Incoming>, NoAnswer> {
    let request = Request::builder().header("host", "support.example.com").body(Outgoing::Empty).unwrap();
    upstream.send(request, "support.example.com", PathAndQuery::from_static("/a?b=1"), &Progress::default()).await
}

async fn text(answer: Result<Response<Incoming>, NoAnswer>) -> String {
    let body = answer.unwrap().into_body().collect().await.unwrap().to_bytes();
    String::from_utf8(body.to_vec()).unwrap()
}

/// The app's end: reads one head, which it returns, and writes `answer`.
async fn serve(app: &mut DuplexStream, answer: &[u8]) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(app.read_u8().await.unwrap());
    }
    app.write_all(answer).await.unwrap();
    String::from_utf8(head).unwrap()
}

#[tokio::test]
async fn one_connection_serves_requests_one_after_the_other() {
    let (step, mut app) = connection(false);
    let upstream = scripted([step]);
    for _ in 0..3 {
        let (answer, head) = tokio::join!(get(&upstream), serve(&mut app, OK));
        assert_eq!(head, "GET /a?b=1 HTTP/1.1\r\nhost: support.example.com\r\n\r\n");
        assert_eq!(upstream.origins[0].burden(), (false, 0), "a short answer needs no task to bring it to its end");
        assert_eq!(text(answer).await, "ok");
    }
}

#[tokio::test]
async fn a_connection_waits_until_its_answer_was_read_whole() {
    let ((first, mut slow), (second, mut quick)) = (connection(false), connection(false));
    let upstream = scripted([first, second]);
    let half = b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nha";
    let (begun, _) = tokio::join!(get(&upstream), serve(&mut slow, half));
    let (answer, _) = tokio::join!(get(&upstream), serve(&mut quick, OK));
    assert_eq!(text(answer).await, "ok", "another connection was made");
    drop(quick);
    slow.write_all(b"lf").await.unwrap();
    assert_eq!(text(begun).await, "half");
    let (answer, _) = tokio::join!(get(&upstream), serve(&mut slow, OK));
    assert_eq!(text(answer).await, "ok", "now it serves again");
}

#[tokio::test]
async fn no_request_follows_an_answer_that_nobody_wanted_to_the_end() {
    let ((first, mut slow), (second, mut other)) = (connection(false), connection(false));
    let upstream = scripted([first, second]);
    let half = b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nha";
    let (begun, _) = tokio::join!(get(&upstream), serve(&mut slow, half));
    drop(begun);
    assert_eq!(slow.read(&mut [0; 1]).await.unwrap(), 0, "the connection is closed");
    let (answer, _) = tokio::join!(get(&upstream), serve(&mut other, OK));
    assert_eq!(text(answer).await, "ok");
}

#[tokio::test]
async fn a_connection_that_the_app_closed_meanwhile_costs_nobody_an_answer() {
    let ((first, mut app), (second, mut other)) = (connection(false), connection(false));
    let upstream = scripted([first, second]);
    let (answer, _) = tokio::join!(get(&upstream), serve(&mut app, OK));
    assert_eq!(text(answer).await, "ok");
    drop(app);
    let (answer, _) = tokio::join!(get(&upstream), serve(&mut other, OK));
    assert_eq!(text(answer).await, "ok");
}

#[tokio::test]
async fn what_an_app_says_unasked_is_nobodys_answer() {
    let ((first, mut app), (second, mut other)) = (connection(false), connection(false));
    let upstream = scripted([first, second]);
    let (answer, _) = tokio::join!(get(&upstream), serve(&mut app, OK));
    assert_eq!(text(answer).await, "ok");
    app.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nforged").await.unwrap();
    let (answer, _) = tokio::join!(get(&upstream), serve(&mut other, OK));
    assert_eq!(text(answer).await, "ok");
}

#[tokio::test]
async fn a_connection_that_nobody_uses_is_closed_after_a_while() {
    let (step, mut app) = connection(false);
    let upstream = impatient([step], Timeouts { idle: SOON, ..Timeouts::default() });
    let (answer, _) = tokio::join!(get(&upstream), serve(&mut app, OK));
    assert_eq!(text(answer).await, "ok");
    assert_eq!(app.read(&mut [0; 1]).await.unwrap(), 0);
}

#[tokio::test]
async fn requests_share_one_http2_connection_however_many_begin_at_once() {
    let (step, app) = connection(true);
    let upstream = scripted([step]);
    let tasks = TaskTracker::new();
    tasks.spawn(async move {
        let echo = service_fn(async |_: Request<Incoming>| {
            tokio::task::yield_now().await;
            Ok::<_, std::convert::Infallible>(Response::new(Outgoing::Empty))
        });
        hyper::server::conn::http2::Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(app), echo).await
    });
    let answers = futures_util::future::join_all((0..20).map(|_| get(&upstream))).await;
    assert!(answers.into_iter().all(|answer| answer.unwrap().status() == 200), "a second connection is refused");
}

#[tokio::test]
async fn an_origin_that_refuses_hangs_or_never_answers_is_told_apart() {
    let upstream = scripted([Step::Refuse]);
    assert!(matches!(get(&upstream).await, Err(NoAnswer::Unreachable(_))));
    let upstream = impatient([Step::Hang], Timeouts { connect: SOON, ..Timeouts::default() });
    assert!(matches!(get(&upstream).await, Err(NoAnswer::Timeout)));
    let (step, mut app) = connection(false);
    let upstream = impatient([step], Timeouts { head: SOON, ..Timeouts::default() });
    let (answer, head) = tokio::join!(get(&upstream), serve(&mut app, b""));
    assert!(matches!(answer, Err(NoAnswer::Timeout)));
    assert!(head.starts_with("GET "));
    assert_eq!(app.read(&mut [0; 1]).await.unwrap(), 0, "nothing else is asked on that connection");
}
