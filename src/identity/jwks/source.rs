//! Reads a JWKS document from a file, an address or by discovery, within limits of time and size, following nothing.
use std::error::Error;
use std::net::IpAddr;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{StatusCode, Uri};
use http_body_util::{BodyExt, Empty, Limited};
use hyper_rustls::HttpsConnectorBuilder;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::{Connect, HttpConnector};
use hyper_util::rt::TokioExecutor;
use serde::Deserialize;

use crate::config::JwksFrom;

use super::document::KeySet;

/// How long one fetch may take, connecting included.
const PATIENCE: Duration = Duration::from_secs(5);

/// The largest document that is read, in bytes.
const MAX_DOCUMENT: usize = 256 * 1024;

/// Why an issuer's keys cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum JwksError {
    /// The file system says no.
    #[error("cannot read the issuer's keys from `{path}`; check that the file exists and that we may read it")]
    File {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// No answer came.
    #[error("cannot fetch `{url}`; check that the issuer is up and can be reached from here")]
    Fetch {
        /// Which address.
        url: String,
        /// Why.
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
    /// What came is not what is needed, or was not asked for because the address is unfit.
    #[error("`{place}` {problem}")]
    Unfit {
        /// Which file or address.
        place: String,
        /// What is wrong with it.
        problem: String,
    },
}

impl JwksError {
    pub(super) fn unfit(place: &impl ToString, problem: impl Into<String>) -> Self {
        Self::Unfit { place: place.to_string(), problem: problem.into() }
    }
}

/// What tells one state of a file from another: its inode, its time of change in seconds and nanoseconds, its size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stamp(u64, i64, i64, u64);

/// The stamp of the file at `path`; none when it cannot be read.
pub(super) async fn stamp(path: &Path) -> Option<Stamp> {
    let found = tokio::fs::metadata(path).await.ok()?;
    Some(Stamp(found.ino(), found.mtime(), found.mtime_nsec(), found.size()))
}

/// Reads the keys from where they are. There may be none: an issuer that withdraws its last key is to be believed.
pub(super) async fn load(source: &JwksFrom, issuer: &str) -> Result<KeySet, JwksError> {
    match source {
        JwksFrom::File(path) => read(path).await,
        JwksFrom::Url(url) => fetch_keys(url).await,
        JwksFrom::Discovery => fetch_keys(&discover(issuer).await?).await,
    }
}

async fn read(path: &Path) -> Result<KeySet, JwksError> {
    let json = tokio::fs::read(path).await.map_err(|source| JwksError::File { path: path.to_owned(), source })?;
    parse(&path.display(), &json)
}

async fn fetch_keys(url: &Uri) -> Result<KeySet, JwksError> {
    parse(url, &fetch(url).await?)
}

fn parse(place: &impl ToString, json: &[u8]) -> Result<KeySet, JwksError> {
    KeySet::parse(json)
        .ok_or_else(|| JwksError::unfit(place, "holds no JWKS document (RFC 7517): an object with a list `keys`"))
}

/// What we read of a discovery document.
#[derive(Deserialize)]
struct Discovery {
    issuer: String,
    jwks_uri: String,
}

/// Where the issuer says that its keys are (OpenID Connect Discovery 1.0, sections 4.1 and 4.3).
async fn discover(issuer: &str) -> Result<Uri, JwksError> {
    let place = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
    let url: Uri = place.parse().map_err(|_| JwksError::unfit(&place, "is not an address; correct `issuer`"))?;
    let Ok(document) = serde_json::from_slice::<Discovery>(&fetch(&url).await?) else {
        return Err(JwksError::unfit(&place, "holds no discovery document: an object with `issuer` and `jwks_uri`"));
    };
    if document.issuer != issuer {
        return Err(JwksError::unfit(&place, format!("speaks for another issuer than `{issuer}`; correct `issuer`")));
    }
    document.jwks_uri.parse().map_err(|_| JwksError::unfit(&place, "gives a `jwks_uri` that is not an address"))
}

async fn fetch(url: &Uri) -> Result<Bytes, JwksError> {
    let failed = |source| JwksError::Fetch { url: url.to_string(), source };
    let plain = HttpConnector::new();
    let got = match url.scheme_str() {
        Some("https") => {
            let tls = HttpsConnectorBuilder::new()
                .with_provider_and_native_roots(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
                .map_err(|source| failed(source.into()))?;
            tokio::time::timeout(PATIENCE, get(url, tls.https_only().enable_http1().build())).await
        }
        Some("http") if is_loopback(url) => tokio::time::timeout(PATIENCE, get(url, plain)).await,
        Some(_) | None => return Err(JwksError::unfit(url, "is neither an https address nor http on loopback")),
    };
    got.map_err(|_elapsed| failed(format!("no answer within {} s", PATIENCE.as_secs()).into()))?.map_err(failed)
}

/// One GET over a connection of its own: keys are asked for too seldom to keep one open.
async fn get<C>(url: &Uri, connector: C) -> Result<Bytes, Box<dyn Error + Send + Sync>>
where
    C: Connect + Clone + Send + Sync + 'static,
{
    let client = Client::builder(TokioExecutor::new()).pool_max_idle_per_host(0).build::<C, Empty<Bytes>>(connector);
    let answer = client.get(url.clone()).await?;
    if answer.status() != StatusCode::OK {
        return Err(format!("it answers {} where 200 is needed; redirects are not followed", answer.status()).into());
    }
    Ok(Limited::new(answer.into_body(), MAX_DOCUMENT).collect().await?.to_bytes())
}

fn is_loopback(url: &Uri) -> bool {
    let host = url.host().unwrap_or_default();
    let literal = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || literal.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_literal_loopback_hosts_and_localhost_count_as_loopback() {
        for (url, loopback) in [
            ("http://localhost:1/jwks", true),
            ("http://127.0.0.1/jwks", true),
            ("http://127.9.9.9/jwks", true),
            ("http://[::1]:8080/jwks", true),
            ("http://localhost.example.com/jwks", false),
            ("http://127.0.0.1.example.com/jwks", false),
            ("http://10.0.0.1/jwks", false),
            ("http://[::2]/jwks", false),
        ] {
            assert_eq!(is_loopback(&url.parse().expect("an address")), loopback, "{url}");
        }
    }

    #[tokio::test]
    async fn plaintext_off_loopback_is_never_asked() {
        let refused = fetch(&Uri::from_static("http://idp.example.com/jwks")).await.expect_err("plaintext");
        assert_eq!(
            refused.to_string(),
            "`http://idp.example.com/jwks` is neither an https address nor http on loopback"
        );
    }
}
