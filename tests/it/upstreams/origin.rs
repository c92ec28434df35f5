//! One origin of an app: it counts what it gets, and does what a story wants.
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::rt::{Read, Write};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// The path of health checks.
pub(super) const HEALTH: &str = "/healthz";

/// A request, as it came.
#[derive(Debug, Clone)]
pub(super) struct Came {
    pub(super) method: String,
    pub(super) host: String,
    pub(super) secret: Option<String>,
}

/// An origin, until it is stopped.
pub(super) struct Origin {
    pub(super) address: SocketAddr,
    pub(super) acts: Arc<Acts>,
    tls: Option<TlsAcceptor>,
    life: CancellationToken,
    tasks: TaskTracker,
}

/// What it does, and what it has seen.
#[derive(Default)]
pub(super) struct Acts {
    /// How long it thinks about an answer, in milliseconds.
    pub(super) slowness: AtomicU64,
    /// It reads requests whole and then breaks the connection off.
    pub(super) breaks: AtomicBool,
    /// It fails its health checks.
    pub(super) ill: AtomicBool,
    connections: AtomicUsize,
    came: Mutex<Vec<Came>>,
}

impl Origin {
    /// An origin in plaintext, on a port of its own.
    pub(super) async fn start() -> Self {
        Self::listen(TcpListener::bind(("127.0.0.1", 0)).await.unwrap(), None)
    }

    /// An origin with TLS.
    pub(super) async fn secure(tls: TlsAcceptor) -> Self {
        Self::listen(TcpListener::bind(("127.0.0.1", 0)).await.unwrap(), Some(tls))
    }

    fn listen(listener: TcpListener, tls: Option<TlsAcceptor>) -> Self {
        let address = listener.local_addr().unwrap();
        let (life, tasks) = (CancellationToken::new(), TaskTracker::new());
        let origin = Self { address, acts: Arc::default(), tls, life, tasks };
        origin.serve(listener);
        origin
    }

    fn serve(&self, listener: TcpListener) {
        let (acts, tls, life) = (Arc::clone(&self.acts), self.tls.clone(), self.life.clone());
        let tasks = self.tasks.clone();
        self.tasks.spawn(async move {
            while let Some(Ok((socket, _))) = life.run_until_cancelled(listener.accept()).await {
                acts.connections.fetch_add(1, Ordering::Relaxed);
                let answering = answer(socket, tls.clone(), Arc::clone(&acts));
                tasks.spawn(life.clone().run_until_cancelled_owned(answering));
            }
        });
    }

    /// It dies: when this returns, connections are broken, and new ones are refused.
    pub(super) async fn die(&self) {
        self.life.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }

    /// As `[[route]]` names it.
    pub(super) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The requests that came, but for health checks.
    pub(super) fn came(&self) -> Vec<Came> {
        self.acts.came.lock().unwrap().clone()
    }

    /// How many connections it has accepted.
    pub(super) fn connections(&self) -> usize {
        self.acts.connections.load(Ordering::Relaxed)
    }
}

async fn answer(socket: TcpStream, tls: Option<TlsAcceptor>, acts: Arc<Acts>) {
    match tls {
        None => speak(TokioIo::new(socket), acts).await,
        // A handshake that fails is the story's business.
        Some(tls) => {
            if let Ok(stream) = tls.accept(socket).await {
                speak(TokioIo::new(stream), acts).await;
            }
        }
    }
}

async fn speak(io: impl Read + Write + Unpin, acts: Arc<Acts>) {
    let service = service_fn(|request| reply(request, &acts));
    let _ = http1::Builder::new().serve_connection(io, service).await;
}

async fn reply(request: Request<Incoming>, acts: &Acts) -> io::Result<Response<Full<Bytes>>> {
    if request.uri().path() == HEALTH {
        let ill = acts.ill.load(Ordering::Relaxed);
        return Ok(status(if ill { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK }));
    }
    let field = |name| request.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
    let method = request.method().to_string();
    acts.came.lock().unwrap().push(Came { method, host: field("host").unwrap(), secret: field("x-gate-secret") });
    let _ = request.into_body().collect().await;
    if acts.breaks.load(Ordering::Relaxed) {
        return Err(io::ErrorKind::ConnectionReset.into());
    }
    tokio::time::sleep(Duration::from_millis(acts.slowness.load(Ordering::Relaxed))).await;
    Ok(status(StatusCode::OK))
}

fn status(status: StatusCode) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from("well"));
    *response.status_mut() = status;
    response
}
