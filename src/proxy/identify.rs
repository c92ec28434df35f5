//! Who: the session cookie, and nothing else, says so on the data plane.
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;

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
    if authorization.is_some_and(|value| is_ours(value.as_bytes(), &gate.staff_issuer)) {
        return Err(Refusal::because(Code::Unauthenticated, "a session's token travels in its cookie only")
            .next("start a session and send its cookie; keep tokens out of `Authorization` here"));
    }
    let session = routed.request.cookies.session.as_deref().ok_or(Code::NoSession)?;
    let token = SessionToken::parse(session).map_err(|_| Code::NoSession)?.hash();
    Ok(Identified { routed, token })
}

/// Whether an `Authorization` value holds a session token, an API key or a staff token, under whatever scheme: none of
/// them opens the data plane, and none may reach an app that takes `Authorization` from clients.
fn is_ours(authorization: &[u8], staff_issuer: &str) -> bool {
    let text = String::from_utf8_lossy(authorization);
    let of_a_token = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_' | '~' | '+' | '/');
    text.split(|c| !of_a_token(c)).any(|word| is_our_token(word, staff_issuer) || is_in_basic(word))
}

fn is_our_token(word: &str, staff_issuer: &str) -> bool {
    has_our_prefix(word) || unverified_issuer(word).is_some_and(|issuer| issuer == staff_issuer)
}

/// Whether `word` is the `user:password` of `Basic`, with one of our tokens as either.
fn is_in_basic(word: &str) -> bool {
    let pair = STANDARD_NO_PAD.decode(word).ok().and_then(|octets| String::from_utf8(octets).ok());
    pair.is_some_and(|pair| pair.split(':').any(has_our_prefix))
}

fn has_our_prefix(word: &str) -> bool {
    word.starts_with(SessionToken::PREFIX) || word.starts_with(ApiKey::PREFIX)
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

    use super::*;

    const STAFF: &str = "https://idp.example.com";

    fn jwt(issuer: &str) -> String {
        let part = |json: String| URL_SAFE_NO_PAD.encode(json);
        let (header, claims) = (part(r#"{"alg":"EdDSA"}"#.into()), part(format!(r#"{{"iss":"{issuer}"}}"#)));
        format!("{header}.{claims}.{}", part("signature".into()))
    }

    #[test]
    fn tokens_of_ours_are_found_under_every_scheme() {
        let (session, key) = (SessionToken::mint(), ApiKey::mint());
        let (session, key) = (session.reveal(), key.reveal());
        let basic = STANDARD.encode(format!("ada:{session}"));
        for ours in [
            format!("Bearer {session}"),
            format!("bearer  {key}"),
            format!("Bearer\t{session}"),
            session.to_owned(),
            format!("Token token=\"{session}\""),
            format!("Token token={session}"),
            format!("Basic {basic}"),
            format!("Basic QQ==, Bearer {session}"),
            format!("Bearer {}", jwt(STAFF)),
            format!("DPoP {}", jwt(STAFF)),
        ] {
            assert!(is_ours(ours.as_bytes(), STAFF), "{ours}");
        }
    }

    #[test]
    fn what_belongs_to_the_app_is_left_alone() {
        let app = format!("Bearer {}", jwt("https://app.example.com"));
        for foreign in [app.as_str(), "Bearer abc", "Basic dXNlcjpwYXNz", "Digest username=\"chs\"", "", "Bearer "] {
            assert!(!is_ours(foreign.as_bytes(), STAFF), "{foreign}");
        }
        assert!(!is_ours(b"Bearer \xff\xfe", STAFF));
    }
}
