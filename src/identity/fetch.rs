//! One request to an issuer: over TLS or to loopback, within limits of time and size, following nothing.
use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, Uri};
use http_body_util::{BodyExt, Full, Limited};
use hyper_rustls::HttpsConnectorBuilder;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::{Connect, HttpConnector};
use hyper_util::rt::TokioExecutor;

use crate::domain::host::is_loopback;

/// How long one request may take, connecting included.
const PATIENCE: Duration = Duration::from_secs(5);

/// The largest answer that is read, in bytes.
const MAX_ANSWER: usize = 256 * 1024;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// None came.
    #[error("cannot reach `{url}`; check that the issuer is up and can be reached from here")]
    Failed {
        /// Which address, without its query.
        url: String,
        /// Why.
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
    /// It was not asked, because somebody on the way could read along.
    #[error("`{url}` is neither an https address nor http on loopback")]
    Unfit {
        /// Which address, without its query.
        url: String,
    },
}

/// Sends one request over a connection of its own: issuers are asked too seldom to keep one open. Redirects are answers
/// like any other.
pub(super) async fn send(request: Request<Bytes>) -> Result<Response<Bytes>, FetchError> {
    let url = plain(request.uri());
    let failed = |source| FetchError::Failed { url: url.clone(), source };
    if !may_be_asked(request.uri()) {
        return Err(FetchError::Unfit { url });
    }
    let got = match request.uri().scheme_str() {
        Some("https") => {
            let tls = HttpsConnectorBuilder::new()
                .with_provider_and_native_roots(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
                .map_err(|source| failed(source.into()))?;
            tokio::time::timeout(PATIENCE, exchange(request, tls.https_only().enable_http1().build())).await
        }
        Some(_) | None => tokio::time::timeout(PATIENCE, exchange(request, HttpConnector::new())).await,
    };
    got.map_err(|_elapsed| failed(format!("no answer within {} s", PATIENCE.as_secs()).into()))?.map_err(failed)
}

/// Whether nobody on the way can read along or change anything: TLS, or this machine.
pub(super) fn may_be_asked(url: &Uri) -> bool {
    match url.scheme_str() {
        Some("https") => true,
        Some("http") => url.host().is_some_and(is_loopback),
        Some(_) | None => false,
    }
}

async fn exchange<C>(request: Request<Bytes>, connector: C) -> Result<Response<Bytes>, Box<dyn Error + Send + Sync>>
where
    C: Connect + Clone + Send + Sync + 'static,
{
    let client = Client::builder(TokioExecutor::new()).pool_max_idle_per_host(0).build::<C, Full<Bytes>>(connector);
    let (head, body) = client.request(request.map(Full::new)).await?.into_parts();
    Ok(Response::from_parts(head, Limited::new(body, MAX_ANSWER).collect().await?.to_bytes()))
}

/// An address as messages name it.
fn plain(url: &Uri) -> String {
    url.to_string().split('?').next().unwrap_or_default().to_owned()
}
