//! The headers of a message that another system signed (Standard Webhooks).
use http::HeaderMap;
use utoipa::IntoParams;

use crate::identity::Envelope;

use super::error::ApiError;
use super::idempotency;

/// The headers of a signed message, as the API's document tells of them.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "it only describes the headers that `envelope` reads")]
pub(super) struct Signed {
    /// The message's id, the same whenever it is sent again: what was done once is not done again.
    #[param(rename = "webhook-id", min_length = 1, max_length = 255)]
    id: String,
    /// When it was sent, in seconds since 1970: within five minutes of our clock.
    #[param(rename = "webhook-timestamp")]
    timestamp: i64,
}

/// The three headers, each once.
///
/// # Errors
/// `unauthenticated` when one is missing.
pub(super) fn envelope(headers: &HeaderMap) -> Result<Envelope<'_>, ApiError> {
    let one = |name: &str| {
        let mut given = headers.get_all(name).iter();
        let value = given.next().and_then(|value| value.to_str().ok()).filter(|_| given.next().is_none());
        value.ok_or_else(|| ApiError::unauthenticated(format!("the header `{name}` is missing, or there twice")))
    };
    let envelope =
        Envelope { id: one("webhook-id")?, timestamp: one("webhook-timestamp")?, signature: one("webhook-signature")? };
    if idempotency::is_visible(envelope.id) {
        Ok(envelope)
    } else {
        Err(ApiError::unauthenticated("`webhook-id` is no id"))
    }
}
