//! The app behind the proxies: it answers everything with the same small page. And how it and the bare proxy listen.
use std::error::Error;
use std::net::SocketAddr;

use bytes::Bytes;
use http::{HeaderValue, Request, Response, header};
use http_body_util::Full;
use hyper::body::{Body, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio_util::task::TaskTracker;

use super::child;

/// 512 bytes, as a small JSON answer has them.
static PAGE: [u8; 512] = [b'x'; 512];

/// Runs it.
pub(crate) async fn run() -> anyhow::Result<()> {
    let address = listen(|_: Request<Incoming>| async {
        let mut answer = Response::new(Full::new(Bytes::from_static(&PAGE)));
        answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        anyhow::Ok(answer)
    });
    child::serving(address.await?, &[]).await
}

/// Serves `answer` on a free port of loopback, by hyper alone.
pub(crate) async fn listen<A, F, B>(answer: A) -> anyhow::Result<SocketAddr>
where
    A: Fn(Request<Incoming>) -> F + Clone + Send + 'static,
    F: Future<Output = anyhow::Result<Response<B>>> + Send,
    B: Body<Data: Send, Error: Error + Send + Sync> + Send + 'static,
{
    let socket = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await?;
    let address = socket.local_addr()?;
    let tasks = TaskTracker::new();
    let connections = tasks.clone();
    tasks.spawn(async move {
        while let Ok((stream, _)) = socket.accept().await {
            let answer = answer.clone();
            let _ = stream.set_nodelay(true);
            connections.spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service_fn(answer)));
        }
    });
    Ok(address)
}
