//! Webhooks by the rules of Standard Webhooks: signed, with an id that stays the same however often one is sent. Redirects
//! are not followed, and an answer is not read.
use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{CONTENT_TYPE, USER_AGENT};
use http::{Request, StatusCode, Uri};
use http_body_util::Full;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use secrecy::ExposeSecret;
use serde::Serialize;
use tokio::net::TcpStream;

use crate::config;
use crate::domain::time::Timestamp;

use super::address::{Private, Resolver};
use super::told::{Told, word};

/// How long one call may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// How a secret in base64 begins.
const PREFIX: &str = "whsec_";

/// Why a webhook cannot be called at all.
#[derive(Debug, thiserror::Error)]
pub enum HookError {
    /// The system's authorities cannot be read.
    #[error("cannot read the system's certificate authorities, for `notify.webhook`")]
    Authorities(#[source] std::io::Error),
    /// The secret says that it is base64, and is not.
    #[error("`notify.webhook.secret` begins with `whsec_`, but what follows is not base64")]
    Secret,
}

/// Why a webhook was not accepted.
#[derive(Debug, thiserror::Error)]
pub(super) enum NotTaken {
    /// It is at a private address.
    #[error(transparent)]
    Private(#[from] Private),
    /// It cannot be put together.
    #[error("the webhook cannot be put together")]
    Message(#[source] Box<dyn Error + Send + Sync>),
    /// No answer came.
    #[error("the webhook does not answer")]
    Unreachable(#[source] Box<dyn Error + Send + Sync>),
    /// It did not answer in time.
    #[error("the webhook did not answer within {} s", PATIENCE.as_secs())]
    Slow,
    /// It answered something else than 2xx; a redirect is not followed.
    #[error("the webhook answered {0}")]
    Status(StatusCode),
}

/// Nobody listens at the webhook's address.
#[derive(Debug, thiserror::Error)]
#[error("the webhook cannot be reached")]
pub struct NotAnswering(#[source] Box<dyn Error + Send + Sync>);

/// What calls the app's webhook.
pub struct Hook {
    url: Uri,
    key: hmac::Key,
    resolver: Resolver,
    client: Client<HttpsConnector<HttpConnector<Resolver>>, Full<Bytes>>,
}

impl std::fmt::Debug for Hook {
    /// Without the key.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Hook").field("url", &self.url).finish_non_exhaustive()
    }
}

/// What is sent.
#[derive(Serialize)]
struct Payload<'a> {
    r#type: String,
    timestamp: Timestamp,
    data: &'a Told,
}

impl Hook {
    /// Calls that webhook.
    ///
    /// # Errors
    /// When the machine's authorities cannot be read, or the secret is malformed.
    pub fn new(webhook: &config::Webhook) -> Result<Self, HookError> {
        let secret = webhook.secret.expose_secret();
        let secret = match secret.strip_prefix(PREFIX) {
            Some(encoded) => STANDARD.decode(encoded).map_err(|_| HookError::Secret)?,
            None => secret.as_bytes().to_vec(),
        };
        let resolver = Resolver { allow_private: webhook.allow_private };
        let mut tcp = HttpConnector::new_with_resolver(resolver);
        tcp.enforce_http(false);
        let connector = HttpsConnectorBuilder::new()
            .with_provider_and_native_roots(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
            .map_err(HookError::Authorities)?
            .https_or_http()
            .enable_http1()
            .wrap_connector(tcp);
        // A connection of its own for each: they are too few to keep one open.
        let client = Client::builder(TokioExecutor::new()).pool_max_idle_per_host(0).build(connector);
        Ok(Self { url: webhook.url.clone(), key: hmac::Key::new(hmac::HMAC_SHA256, &secret), resolver, client })
    }

    /// Sends the notice `id` at `now`.
    pub(super) async fn send(&self, told: &Told, id: &str, now: Timestamp) -> Result<(), NotTaken> {
        self.resolver.check(self.url.host().unwrap_or_default())?;
        let body = Payload { r#type: word(told.kind), timestamp: told.at, data: told };
        let body = serde_json::to_vec(&body).map_err(|error| NotTaken::Message(error.into()))?;
        let request = Request::post(&self.url)
            .header(CONTENT_TYPE, "application/json")
            .header(USER_AGENT, concat!("chaperone/", env!("CARGO_PKG_VERSION")))
            .header("webhook-id", id)
            .header("webhook-timestamp", now.as_seconds())
            .header("webhook-signature", self.signature(id, now.as_seconds(), &body))
            .body(Full::new(Bytes::from(body)))
            .map_err(|error| NotTaken::Message(error.into()))?;
        let calling = tokio::time::timeout(PATIENCE, self.client.request(request));
        let answer = calling.await.map_err(|_| NotTaken::Slow)?;
        let status = answer.map_err(|error| NotTaken::Unreachable(error.into()))?.status();
        if status.is_success() { Ok(()) } else { Err(NotTaken::Status(status)) }
    }

    /// Whether somebody listens at its address, within some seconds; nothing is sent.
    ///
    /// # Errors
    /// When the name leads nowhere or to a private address, or nobody listens.
    pub async fn answers(&self) -> Result<(), NotAnswering> {
        let usual = if self.url.scheme_str() == Some("https") { 443 } else { 80 };
        let (host, port) = (self.url.host().unwrap_or_default(), self.url.port_u16().unwrap_or(usual));
        let connecting = async {
            let found = self.resolver.find(host, port).await?;
            TcpStream::connect(found.as_slice()).await?;
            Ok(())
        };
        let connected = tokio::time::timeout(PATIENCE, connecting).await;
        connected.unwrap_or_else(|_| Err("nobody answers".into())).map_err(NotAnswering)
    }

    /// `v1` of Standard Webhooks: HMAC-SHA256 over id, time and body.
    fn signature(&self, id: &str, seconds: i64, body: &[u8]) -> String {
        let signed = [format!("{id}.{seconds}.").as_bytes(), body].concat();
        format!("v1,{}", STANDARD.encode(hmac::sign(&self.key, &signed)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hook(secret: &str) -> Result<Hook, HookError> {
        let url = Uri::from_static("https://hooks.example.com/chaperone");
        Hook::new(&config::Webhook { url, secret: secret.to_owned().into(), allow_private: false })
    }

    #[test]
    fn the_signature_is_that_of_standard_webhooks() {
        // The example of the specification's reference libraries.
        let hook = hook("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let signature = hook.signature("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, br#"{"test": 2432232314}"#);
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn a_secret_that_is_not_what_it_says_is_refused_and_never_shown() {
        assert!(matches!(hook("whsec_!"), Err(HookError::Secret)));
        assert!(!format!("{:?}", hook("hunter2").unwrap()).contains("hunter2"));
    }
}
