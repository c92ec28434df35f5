//! The app behind the gate: it remembers every request, and answers most with what it got.
use std::convert::Infallible;
use std::io::Write as _;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use futures_util::{SinkExt, StreamExt};
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode, header};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, BodyStream, Full, StreamBody};
use hyper::body::{Body, Frame, Incoming};
use hyper::rt::{Read, Write};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::time::{Interval, interval};
use tokio_rustls::TlsAcceptor;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::Role;
use tokio_util::task::TaskTracker;

/// Between two pieces of what streams.
const TICK: Duration = Duration::from_millis(20);
/// Between two pieces where a thousand stream at once.
const SLOW: Duration = Duration::from_secs(1);

/// What `/file` is.
pub(crate) const FILE: &[u8] = b"0123456789abcdef";

/// What `/page` holds.
pub(crate) const PAGE: &str =
    "<!doctype html><html><head><title>a</title></head><body><p>\u{e4} <script>1<2</script></body></html>";

/// How many bytes `/large` has: more than all buffers on the way take.
const LARGE: usize = 16 << 20;

type Answer = Response<UnsyncBoxBody<Bytes, Infallible>>;

/// A request, as the app saw it.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) method: String,
    /// The target, byte for byte: path and query.
    pub(crate) target: String,
    pub(crate) version: String,
    pub(crate) headers: HeaderMap,
}

impl Seen {
    /// The value of a field that is there exactly once.
    #[track_caller]
    pub(crate) fn one(&self, name: &str) -> &str {
        let values = self.all(name);
        assert_eq!(values.len(), 1, "{name}: {values:?}");
        values[0]
    }

    pub(crate) fn all(&self, name: &str) -> Vec<&str> {
        self.headers.get_all(name).iter().map(|value| value.to_str().unwrap()).collect()
    }
}

/// The app, as long as this lives.
#[derive(Clone)]
pub(crate) struct App {
    pub(crate) address: SocketAddr,
    memory: Arc<Memory>,
}

#[derive(Default)]
struct Memory {
    seen: Mutex<Vec<Seen>>,
    uploaded: AtomicU64,
}

impl App {
    /// Starts it on a port of its own; with TLS by `tls`.
    pub(crate) async fn start(tls: Option<TlsAcceptor>) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let app = Self { address: listener.local_addr().unwrap(), memory: Arc::default() };
        let (tasks, memory) = (TaskTracker::new(), Arc::clone(&app.memory));
        tasks.clone().spawn(async move {
            loop {
                let (socket, _) = listener.accept().await.unwrap();
                let (memory, tls) = (Arc::clone(&memory), tls.clone());
                tasks.spawn(async move {
                    match tls {
                        None => serve(TokioIo::new(socket), memory).await,
                        Some(tls) => serve(TokioIo::new(tls.accept(socket).await.unwrap()), memory).await,
                    }
                });
            }
        });
        app
    }

    /// Every request so far.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.memory.seen.lock().unwrap().clone()
    }

    /// The latest request.
    #[track_caller]
    pub(crate) fn last(&self) -> Seen {
        self.seen().pop().expect("the app got a request")
    }

    /// How many bytes `/upload` has got.
    pub(crate) fn uploaded(&self) -> u64 {
        self.memory.uploaded.load(Ordering::Relaxed)
    }
}

async fn serve(io: impl Read + Write + Unpin + Send + 'static, memory: Arc<Memory>) {
    let service = service_fn(move |request| {
        let memory = Arc::clone(&memory);
        async move { Ok::<_, Infallible>(answer(request, &memory).await) }
    });
    // How a connection ends is the stories' business, not the app's.
    let _ = auto::Builder::new(TokioExecutor::new()).serve_connection_with_upgrades(io, service).await;
}

async fn answer(request: Request<Incoming>, memory: &Memory) -> Answer {
    let seen = Seen {
        method: request.method().to_string(),
        target: request.uri().path_and_query().unwrap().to_string(),
        version: format!("{:?}", request.version()),
        headers: request.headers().clone(),
    };
    memory.seen.lock().unwrap().push(seen.clone());
    let path = request.uri().path().to_owned();
    match path.rsplit('/').next().unwrap() {
        "events" => events("text/event-stream", TICK),
        "download" => events("application/octet-stream", TICK),
        "slow-events" => events("text/event-stream", SLOW),
        "slow-download" => events("application/octet-stream", SLOW),
        "live" if seen.headers.contains_key(header::UPGRADE) => echo(request),
        "upload" => upload(request, memory).await,
        "file" => file(seen.headers.get(header::RANGE)),
        "call" => call(request).await,
        "page" => page(PAGE.into(), ""),
        "zipped" => page(gzipped(PAGE), "gzip"),
        "endless-page" => endless_page(),
        "login" => login(),
        "forge" => forge(),
        "large" => text(StatusCode::OK, &"x".repeat(LARGE)),
        "missing" => text(StatusCode::NOT_FOUND, "the app knows no such page"),
        _ => mirror(&seen, request).await,
    }
}

/// The request, as JSON.
async fn mirror(seen: &Seen, request: Request<Incoming>) -> Answer {
    let body = request.into_body().collect().await.map(|body| body.to_bytes().len()).unwrap_or_default();
    let Seen { method, target, version, .. } = seen;
    let document = json!({"method": method, "target": target, "version": version, "body": body});
    text(StatusCode::OK, &document.to_string())
}

fn text(status: StatusCode, text: &str) -> Answer {
    let mut answer = Response::new(Full::from(text.to_owned()).boxed_unsync());
    *answer.status_mut() = status;
    answer
}

/// A tick at once and then at each interval, without end.
fn events(kind: &'static str, every: Duration) -> Answer {
    let ticks = Ticks { timer: interval(every) };
    let mut answer = Response::new(ticks.boxed_unsync());
    answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    answer
}

struct Ticks {
    timer: Interval,
}

impl Body for Ticks {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let tick = Frame::data(Bytes::from_static(b"event: tick\ndata: 1\n\n"));
        self.timer.poll_tick(cx).map(|_| Some(Ok(tick)))
    }
}

/// A WebSocket that sends back what it gets.
fn echo(mut request: Request<Incoming>) -> Answer {
    let key = derive_accept_key(request.headers()[header::SEC_WEBSOCKET_KEY].as_bytes());
    let upgrade = hyper::upgrade::on(&mut request);
    TaskTracker::new().spawn(async move {
        let io = TokioIo::new(upgrade.await.unwrap());
        let mut socket = WebSocketStream::from_raw_socket(io, Role::Server, None).await;
        while let Some(Ok(message)) = socket.next().await {
            if message.is_close() || socket.send(message).await.is_err() {
                return;
            }
        }
    });
    let mut answer = text(StatusCode::SWITCHING_PROTOCOLS, "");
    let headers = answer.headers_mut();
    headers.insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(header::SEC_WEBSOCKET_ACCEPT, key.parse().unwrap());
    answer
}

/// Counts what comes, as it comes.
async fn upload(request: Request<Incoming>, memory: &Memory) -> Answer {
    let mut body = request.into_body();
    while let Some(frame) = body.frame().await {
        let Ok(frame) = frame else { return text(StatusCode::BAD_REQUEST, "the upload broke off") };
        memory.uploaded.fetch_add(frame.data_ref().map_or(0, |data| data.len() as u64), Ordering::Relaxed);
    }
    text(StatusCode::OK, &memory.uploaded.load(Ordering::Relaxed).to_string())
}

/// A file of which a range can be asked, as `bytes=2-5`.
fn file(range: Option<&HeaderValue>) -> Answer {
    let Some(range) = range.and_then(|range| range.to_str().ok()?.strip_prefix("bytes=")) else {
        return text(StatusCode::OK, std::str::from_utf8(FILE).unwrap());
    };
    let (first, last) = range.split_once('-').unwrap();
    let (first, last): (usize, usize) = (first.parse().unwrap(), last.parse().unwrap());
    let mut answer = text(StatusCode::PARTIAL_CONTENT, std::str::from_utf8(&FILE[first..=last]).unwrap());
    let value = format!("bytes {first}-{last}/{}", FILE.len());
    answer.headers_mut().insert(header::CONTENT_RANGE, value.parse().unwrap());
    answer
}

/// What gRPC does: the result is a trailer. The trailers that came are told in the body.
async fn call(request: Request<Incoming>) -> Answer {
    let collected = request.into_body().collect().await.unwrap();
    let came: Value =
        collected.trailers().into_iter().flat_map(HeaderMap::keys).map(http::HeaderName::as_str).collect();
    let mut trailers = HeaderMap::new();
    trailers.insert("grpc-status", HeaderValue::from_static("0"));
    trailers.insert("x-chaperone-subject", HeaderValue::from_static("mallory"));
    let frames = [Frame::data(Bytes::from(came.to_string())), Frame::trailers(trailers)];
    let body = StreamBody::new(futures_util::stream::iter(frames.map(Ok)));
    let mut answer = Response::new(body.boxed_unsync());
    answer.headers_mut().insert(header::TRAILER, HeaderValue::from_static("grpc-status"));
    answer
}

/// A page with a strict policy.
fn page(bytes: Vec<u8>, coding: &'static str) -> Answer {
    let mut answer = Response::new(Full::from(bytes).boxed_unsync());
    let headers = answer.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; script-src 'self'"));
    headers.insert(header::ETAG, HeaderValue::from_static("\"1\""));
    if !coding.is_empty() {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(coding));
    }
    answer
}

fn gzipped(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

/// A page that never ends: its head, then a tick at each interval.
fn endless_page() -> Answer {
    let head = futures_util::stream::iter([Ok(Frame::data(Bytes::from_static(b"<head></head>")))]);
    let ticks = BodyStream::new(Ticks { timer: interval(TICK) });
    let mut answer = Response::new(StreamBody::new(head.chain(ticks)).boxed_unsync());
    answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html"));
    answer
}

/// Logs the customer in.
fn login() -> Answer {
    let mut answer = text(StatusCode::OK, "welcome");
    for cookie in ["sid=SECRET; Path=/; HttpOnly", "theme=dark; Path=/", "__Host-chaperone=FORGED; Path=/; Secure"] {
        answer.headers_mut().append(header::SET_COOKIE, HeaderValue::from_static(cookie));
    }
    answer
}

/// Headers that an app has no business to send.
fn forge() -> Answer {
    let mut answer = text(StatusCode::OK, "forged");
    answer.headers_mut().insert("x-chaperone-subject", HeaderValue::from_static("mallory"));
    answer.headers_mut().insert("alt-svc", HeaderValue::from_static("h3=\":443\""));
    answer
}
