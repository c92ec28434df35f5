//! Who: the session cookie, and nothing else, says so on the data plane.
use crate::domain::refusal::{Code, Refusal};
use crate::identity::{ApiKey, SecretHash, SessionToken, unverified_issuer};
use crate::request::Routed;

use super::gate::Gate;

/// A request with the session that it presents.
pub(super) struct Identified {
    pub(super) routed: Routed,
    pub(super) token: SecretHash,
}

/// Takes the session from its cookie.
///
/// # Errors
/// `unauthenticated` for one of our own tokens or a staff token in `Authorization`; `no-session` without a cookie.
pub(super) fn identify(routed: Routed, gate: &Gate) -> Result<Identified, Refusal> {
    let authorization = routed.request.authorization.as_ref();
    if authorization.and_then(|value| value.to_str().ok()).is_some_and(|value| is_ours(value, &gate.staff_issuer)) {
        return Err(Refusal::because(Code::Unauthenticated, "a session's token travels in its cookie only")
            .next("start a session and send its cookie; keep tokens out of `Authorization` here"));
    }
    let session = routed.request.cookies.session.as_deref().ok_or(Code::NoSession)?;
    let token = SessionToken::parse(session).map_err(|_| Code::NoSession)?.hash();
    Ok(Identified { routed, token })
}

/// Whether an `Authorization` value is a session token, an API key or a staff token: none of them opens the data plane.
fn is_ours(authorization: &str, staff_issuer: &str) -> bool {
    let Some((scheme, credentials)) = authorization.trim().split_once(' ') else { return false };
    if !scheme.eq_ignore_ascii_case("bearer") {
        return false;
    }
    let credentials = credentials.trim();
    credentials.starts_with(SessionToken::PREFIX)
        || credentials.starts_with(ApiKey::PREFIX)
        || unverified_issuer(credentials).is_some_and(|issuer| issuer == staff_issuer)
}
