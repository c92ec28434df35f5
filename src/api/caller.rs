//! Who calls: by one bearer in `Authorization`; the browser of an engineer or a member by a cookie of ours.
use std::sync::Arc;

use axum::extract::FromRequestParts;
use http::header::AUTHORIZATION;
use http::request::Parts;
use http::{HeaderMap, Method};

use crate::access::{Actor, member_sign_ins, sign_ins};
use crate::domain::refusal::{Code, Refusal};
use crate::identity::{ApiKey, JwtError, StaffVerifiers, Verifier, unverified_issuer};

use super::error::ApiError;
use super::{ApiState, claims, cookies, same_origin};

/// Who calls. As an extractor it comes first, so that a stranger learns nothing and costs little.
#[derive(Debug)]
pub(crate) struct Caller(pub(crate) Actor);

impl FromRequestParts<Arc<ApiState>> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &Arc<ApiState>) -> Result<Self, ApiError> {
        let actor = actor(state, &parts.method, &parts.headers).await?;
        tracing::Span::current().record("caller", kind(&actor));
        Ok(Self(actor))
    }
}

/// The word for a kind of caller in the log.
const fn kind(actor: &Actor) -> &'static str {
    match actor {
        Actor::Member(_) => "member",
        Actor::Engineer(_) => "engineer",
        Actor::Key(_) => "key",
    }
}

/// The caller who sent these headers. A browser in which an engineer and a member are signed in calls as the engineer.
pub(crate) async fn actor(state: &ApiState, method: &Method, headers: &HeaderMap) -> Result<Actor, ApiError> {
    if headers.contains_key(AUTHORIZATION) {
        return by_bearer(state, headers).await;
    }
    let Some(cookie) = cookies::staff_token(headers)? else { return member(state, method, headers).await };
    same_origin::check(method, headers, &state.config.server.public_url)?;
    Ok(sign_ins::of(&state.access, &cookie.hash()).await?)
}

/// The caller who sent these headers to a page for members: there no staff cookie counts.
pub(crate) async fn member(state: &ApiState, method: &Method, headers: &HeaderMap) -> Result<Actor, ApiError> {
    if headers.contains_key(AUTHORIZATION) {
        return by_bearer(state, headers).await;
    }
    let cookie = cookies::member_token(headers)?.ok_or(Code::Unauthenticated)?;
    same_origin::check(method, headers, &state.config.server.public_url)?;
    Ok(member_sign_ins::of(&state.access, &cookie.hash(), cookies::inside_session(headers)).await?)
}

async fn by_bearer(state: &ApiState, headers: &HeaderMap) -> Result<Actor, ApiError> {
    let token = bearer(headers)?;
    if token.starts_with(ApiKey::PREFIX) {
        let key = ApiKey::parse(token).map_err(|_| ApiError::unauthenticated("the API key is malformed"))?;
        return Ok(state.access.key(&key).await?);
    }
    let (staff, customers) = (&state.config.staff, &state.config.customers);
    let now = state.clock.now();
    match whose(unverified_issuer(token).as_deref(), &state.staff, &customers.issuer)? {
        Party::Staff(verifier, partner) => {
            let jwt = verifier.verify(token, now).await.map_err(|error| not_genuine(&error))?;
            let claims = match partner {
                Some(partner) => claims::engineer_of_partner(&jwt, staff, partner)?,
                None => claims::engineer(&jwt, staff)?,
            };
            Ok(state.access.engineer(claims).await?)
        }
        Party::Customer => {
            let jwt = state.customers.verify(token, now).await.map_err(|error| not_genuine(&error))?;
            let claims = claims::member(&jwt, customers, cookies::inside_session(headers))?;
            Ok(state.access.member(claims).await?)
        }
    }
}

/// The token of the one `Authorization: Bearer` (RFC 6750, section 2.1).
pub(crate) fn bearer(headers: &HeaderMap) -> Result<&str, ApiError> {
    let mut given = headers.get_all(AUTHORIZATION).iter();
    let Some(value) = given.next() else { return Err(Code::Unauthenticated.into()) };
    if given.next().is_some() {
        return Err(ApiError::unauthenticated("`Authorization` was sent twice"));
    }
    let credentials = value.to_str().ok().and_then(|text| text.split_once(' '));
    match credentials {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") && !token.trim().is_empty() => Ok(token.trim()),
        Some(_) | None => Err(ApiError::unauthenticated("`Authorization` is not `Bearer` and a token")),
    }
}

/// Whose token it would be.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Party<'a> {
    /// An engineer's: who verifies it, and the partner whose engineers that issuer speaks for.
    Staff(&'a Verifier, Option<&'a str>),
    /// A customer's users.
    Customer,
}

/// Chooses the one verifier by the issuer that the token claims: a token is never tried on both.
pub(crate) fn whose<'a>(
    issuer: Option<&str>,
    staff: &'a StaffVerifiers,
    customers: &str,
) -> Result<Party<'a>, ApiError> {
    let nobody = || ApiError::unauthenticated("the token is neither an API key nor a JWT with an issuer");
    let issuer = issuer.ok_or_else(nobody)?;
    if issuer == customers {
        return Ok(Party::Customer);
    }
    let (verifier, partner) = staff
        .of(issuer)
        .ok_or_else(|| ApiError::unauthenticated("the token's issuer is neither the staff's nor the customers'"))?;
    Ok(Party::Staff(verifier, partner))
}

/// A token that does not verify is refused; when the issuer's keys are out of reach, nobody can tell, and the caller
/// tries again.
pub(crate) fn not_genuine(error: &JwtError) -> ApiError {
    tracing::warn!(%error, "a token was refused");
    let code = match error {
        JwtError::Keys => Code::StaleState,
        JwtError::Malformed(_) | JwtError::Signature | JwtError::Claim(_) | JwtError::Time => Code::Unauthenticated,
    };
    Refusal::because(code, error.to_string()).into()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::config::JwksFrom;
    use crate::domain::time::Clock;
    use crate::identity::Jwks;

    fn sent(values: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(AUTHORIZATION, value.parse().expect("a header value"));
        }
        headers
    }

    #[test]
    fn one_bearer_is_taken_in_any_case_of_its_scheme() {
        for value in ["Bearer abc", "bearer abc", "BEARER  abc "] {
            assert_eq!(bearer(&sent(&[value])).ok(), Some("abc"), "{value}");
        }
    }

    #[test]
    fn none_two_and_other_schemes_are_unauthenticated() {
        let two = ["Bearer abc", "Bearer abc"];
        for values in [&[][..], &["Basic YWRhOng="], &["abc"], &["Bearer"], &["Bearer "], &[""], &two] {
            let told = format!("{:?}", bearer(&sent(values)).expect_err("a refusal"));
            assert!(told.contains("Unauthenticated"), "{values:?}: {told}");
            assert!(!told.contains("abc") && !told.contains("YWRhOng"), "{told}");
        }
    }

    #[test]
    fn a_token_is_for_the_verifier_of_its_issuer_alone() {
        let verifier = |issuer: &str| {
            let keys = Jwks::new(JwksFrom::Discovery, issuer, Clock::system());
            Verifier::new(issuer.to_owned(), "chaperone".to_owned(), keys)
        };
        let (idp, partner, app) =
            ("https://idp.vendor.example", "https://idp.partner.example", "https://app.example.com");
        let partners = BTreeMap::from([("northwind".to_owned(), verifier(partner))]);
        let staff = StaffVerifiers::new(verifier(idp), partners);
        for (issuer, of) in [(idp, None), (partner, Some("northwind"))] {
            let found = whose(Some(issuer), &staff, app).expect("somebody's");
            assert!(matches!(found, Party::Staff(by, whose) if by.issuer() == issuer && whose == of), "{found:?}");
        }
        assert!(matches!(whose(Some(app), &staff, app), Ok(Party::Customer)));
        for other in [Some("https://idp.vendor.example/"), Some("https://evil.example"), Some(""), None] {
            let told = format!("{:?}", whose(other, &staff, app).expect_err("a refusal"));
            assert!(told.contains("Unauthenticated") && !told.contains("evil"), "{told}");
        }
    }

    #[test]
    fn keys_out_of_reach_are_no_fault_of_the_caller() {
        assert!(format!("{:?}", not_genuine(&JwtError::Keys)).contains("StaleState"));
        for error in [JwtError::Malformed("no dots"), JwtError::Signature, JwtError::Claim("aud"), JwtError::Time] {
            let told = format!("{:?}", not_genuine(&error));
            assert!(told.contains("Unauthenticated") && told.contains(&error.to_string()), "{told}");
        }
    }
}
