//! The identity provider signs an engineer out by itself (OpenID Connect Back-Channel Logout 1.0): everything that they have open
//! ends.
use std::sync::Arc;

use axum::extract::rejection::FormRejection;
use axum::extract::{Form, State};
use http::StatusCode;
use serde::Deserialize;

use crate::access::sign_ins;
use crate::api::ApiState;
use crate::api::error::ApiError;
use crate::domain::id::EngineerId;
use crate::domain::refusal::{Code, Refusal};
use crate::identity::JwtError;

/// What the provider posts.
#[derive(Debug, Deserialize)]
pub(super) struct Told {
    logout_token: String,
}

/// Takes the provider's word. Signing out somebody who is not signed in is fine.
///
/// What does not hold is the provider's mistake, or nobody's word: `bad-request` (section 2.8).
pub(super) async fn logout(
    State(state): State<Arc<ApiState>>,
    told: Result<Form<Told>, FormRejection>,
) -> Result<StatusCode, ApiError> {
    let Form(Told { logout_token }) = told.map_err(|error| ApiError::bad_request(error.body_text()))?;
    let subject = state.browser_sign_in()?.provider.signed_out(&logout_token).await.map_err(|error| refused(&error))?;
    let engineer: EngineerId = subject.parse().map_err(|_| refused(&JwtError::Claim("sub")))?;
    sign_ins::disowned(&state.access, &engineer).await?;
    Ok(StatusCode::OK)
}

fn refused(error: &JwtError) -> ApiError {
    tracing::warn!(%error, "a logout token was refused");
    let code = match error {
        JwtError::Keys => Code::StaleState,
        JwtError::Malformed(_) | JwtError::Signature | JwtError::Claim(_) | JwtError::Time => Code::BadRequest,
    };
    Refusal::because(code, error.to_string()).into()
}
