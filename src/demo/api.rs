//! The gate's public API as the demo calls it: over HTTP, with the tokens that anybody else would need.
use http::Method;
use serde_json::Value;

use crate::identity::SessionToken;
use crate::request::COOKIE_SESSION;

use super::client::{Answer, Client, NoAnswer};

/// The API of one gate.
#[derive(Debug, Clone)]
pub(super) struct Api {
    client: Client,
    /// The gate's origin.
    gate: String,
}

impl Api {
    /// The API of the gate at `gate`, an origin without a slash at the end.
    pub(super) fn new(gate: String) -> Self {
        Self { client: Client::new(), gate }
    }

    /// The full address of `path`, such as `/sessions`.
    pub(super) fn url(&self, path: &str) -> String {
        format!("{}/.chaperone/api/v1{path}", self.gate)
    }

    /// One call by the owner of `bearer`.
    pub(super) async fn call(
        &self,
        method: Method,
        path: &str,
        bearer: &str,
        body: Option<&Value>,
    ) -> Result<Answer, NoAnswer> {
        self.client.call(method, &self.url(path), Some(bearer), None, body).await
    }

    /// The session of `token`, told to its engineer, the owner of `bearer`.
    pub(super) async fn session(&self, bearer: &str, token: &SessionToken) -> Result<Answer, NoAnswer> {
        let cookie = format!("{COOKIE_SESSION}={}", token.reveal());
        self.client.call(Method::GET, &self.url("/sessions/current"), Some(bearer), Some(&cookie), None).await
    }

    /// The public keys by which apps verify assertions.
    pub(super) async fn keys(&self) -> Result<Answer, NoAnswer> {
        self.client.call(Method::GET, &format!("{}/.chaperone/jwks.json", self.gate), None, None, None).await
    }
}
