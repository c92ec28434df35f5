//! Reads a JWKS document from a file, an address or by discovery, within limits of time and size, following nothing.
use std::error::Error;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use http::{Request, StatusCode, Uri};
use serde::Deserialize;

use crate::config::JwksFrom;
use crate::identity::fetch::{FetchError, send};

use super::document::KeySet;

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
    let mut request = Request::new(Bytes::new());
    *request.uri_mut() = url.clone();
    let answer = send(request).await?;
    if answer.status() != StatusCode::OK {
        let told = format!("it answers {} where 200 is needed; redirects are not followed", answer.status());
        return Err(JwksError::Fetch { url: url.to_string(), source: told.into() });
    }
    Ok(answer.into_body())
}

impl From<FetchError> for JwksError {
    fn from(error: FetchError) -> Self {
        match error {
            FetchError::Failed { url, source } => Self::Fetch { url, source },
            FetchError::Unfit { url } => Self::unfit(&url, "is neither an https address nor http on loopback"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn plaintext_off_loopback_is_never_asked() {
        let refused = fetch(&Uri::from_static("http://idp.example.com/jwks")).await.expect_err("plaintext");
        assert_eq!(
            refused.to_string(),
            "`http://idp.example.com/jwks` is neither an https address nor http on loopback"
        );
    }
}
