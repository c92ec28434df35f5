//! The demo's HTTP client: small JSON calls on loopback, bounded in time and size.
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, StatusCode, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::client::legacy::Client as Pool;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;

/// The longest that a call may take.
const TIME: Duration = Duration::from_secs(10);
/// The longest answer that is read, in bytes.
const SIZE: usize = 1 << 20;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
#[error("`{url}` does not answer: {why}")]
pub(super) struct NoAnswer {
    url: String,
    why: String,
}

/// What came back.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    /// The body; text that is no JSON becomes a JSON string, an empty body null.
    pub(super) body: Value,
}

/// A client with a pool of connections.
#[derive(Debug, Clone)]
pub(super) struct Client {
    pool: Pool<HttpConnector, Full<Bytes>>,
}

impl Client {
    /// A client without any connection yet.
    pub(super) fn new() -> Self {
        Self { pool: Pool::builder(TokioExecutor::new()).build(HttpConnector::new()) }
    }

    /// One call. `bearer` goes into `Authorization`, `cookie` as it is into `Cookie`.
    pub(super) async fn call(
        &self,
        method: Method,
        url: &str,
        bearer: Option<&str>,
        cookie: Option<&str>,
        body: Option<&Value>,
    ) -> Result<Answer, NoAnswer> {
        let no_answer = |why: String| NoAnswer { url: url.to_owned(), why };
        let mut request = Request::builder().method(method).uri(url).header(header::ACCEPT, "application/json");
        if let Some(bearer) = bearer {
            request = request.header(header::AUTHORIZATION, format!("Bearer {bearer}"));
        }
        if let Some(cookie) = cookie {
            request = request.header(header::COOKIE, cookie);
        }
        if body.is_some() {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        let body = body.map(Value::to_string).unwrap_or_default();
        let request = request.body(Full::from(body)).map_err(|e| no_answer(e.to_string()))?;
        match tokio::time::timeout(TIME, self.send(request)).await {
            Ok(answer) => answer.map_err(no_answer),
            Err(_) => Err(no_answer(format!("nothing within {} s", TIME.as_secs()))),
        }
    }

    async fn send(&self, request: Request<Full<Bytes>>) -> Result<Answer, String> {
        let response = self.pool.request(request).await.map_err(|e| root(&e))?;
        let status = response.status();
        let body = Limited::new(response.into_body(), SIZE).collect().await.map_err(|e| e.to_string())?.to_bytes();
        let body = match body.as_ref() {
            [] => Value::Null,
            bytes => serde_json::from_slice(bytes).unwrap_or_else(|_| String::from_utf8_lossy(bytes).into()),
        };
        Ok(Answer { status, body })
    }
}

/// The cause at the bottom, which says the most: "connection refused".
fn root(error: &dyn std::error::Error) -> String {
    error.source().map_or_else(|| error.to_string(), root)
}
