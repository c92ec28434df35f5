//! The measure: a proxy that does nothing but forward, of the same parts as chaperone's (hyper's server, hyper-util's
//! pooled client). It decides nothing, records nothing, and touches no header.
use std::net::SocketAddr;

use http::uri::{PathAndQuery, Scheme};
use http::{Request, Response, Uri};
use hyper::body::Incoming;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

use super::{app, child};

type Pool = Client<HttpConnector, Incoming>;

/// Runs it before the app at `app`.
pub(crate) async fn run(app: SocketAddr) -> anyhow::Result<()> {
    let mut tcp = HttpConnector::new();
    tcp.set_nodelay(true);
    let pool: Pool = Client::builder(TokioExecutor::new()).build(tcp);
    let address = app::listen(move |request| forward(pool.clone(), app, request)).await?;
    child::serving(address, &[]).await
}

async fn forward(pool: Pool, app: SocketAddr, mut request: Request<Incoming>) -> anyhow::Result<Response<Incoming>> {
    let target = request.uri().path_and_query().cloned();
    let target = target.unwrap_or_else(|| PathAndQuery::from_static("/"));
    *request.uri_mut() =
        Uri::builder().scheme(Scheme::HTTP).authority(app.to_string()).path_and_query(target).build()?;
    Ok(pool.request(request).await?)
}
