//! Who: the session cookie, and nothing else, says so on the data plane.
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;

use crate::config::Mode;
use crate::domain::refusal::{Code, Refusal};
use crate::identity::{ApiKey, SecretHash, SessionToken, unverified_issuer};
use crate::request::{COOKIE_MEMBER, COOKIE_SESSION, Routed};

use super::chained::is_chained;
use super::gate::Gate;
use super::refuse::TurnedAway;
use super::unimpersonated::Unimpersonated;

/// Who sends a request.
pub(super) enum Identified {
    /// Whoever holds this session.
    Session(Presented),
    /// Nobody of ours: a customer, on an inline route.
    Nobody(Unimpersonated),
}

/// A request with the session that it presents.
pub(super) struct Presented {
    pub(super) routed: Arc<Routed>,
    pub(super) token: SecretHash,
    /// Whether it comes from inside a login at another gate.
    pub(super) chained: bool,
}

/// Takes the session from its cookie; an inline route is open to whoever presents nothing of ours.
///
/// # Errors
/// `unauthenticated` for one of our own tokens or a staff token in `Authorization`; `no-session` without a session's
/// cookie; `chained-impersonation` for a request without one that comes from inside a login at another gate.
pub(super) fn identify(routed: Arc<Routed>, gate: &Gate) -> Result<Identified, Box<TurnedAway>> {
    let authorization = routed.request.authorization.as_ref();
    if authorization.is_some_and(|value| is_ours(value.as_bytes(), &gate.staff_issuers)) {
        let refusal = Refusal::because(Code::Unauthenticated, "a session's token travels in its cookie only")
            .next("start a session and send its cookie; keep tokens out of `Authorization` here");
        return Err(refusal.into());
    }
    let chained = is_chained(&routed, gate);
    let routed = match Unimpersonated::establish(routed, chained) {
        Ok(nobody) => return Ok(Identified::Nobody(nobody)),
        Err(routed) => routed,
    };
    let session = routed.request.cookies.session.as_deref();
    match session.and_then(|session| SessionToken::parse(session).ok()) {
        Some(token) => Ok(Identified::Session(Presented { routed, token: token.hash(), chained })),
        None if hides_a_login(&routed) => Err(Refusal::because(
            Code::ChainedImpersonation,
            "this request comes from inside a login at another gate, which this one would hide from the app",
        )
        .into()),
        None => Err(no_session(&routed)),
    }
}

/// Whether nothing but the login at another gate keeps a request from passing unjudged. What says who acts there is
/// removed here, so the app would take the engineer for the customer.
fn hides_a_login(routed: &Routed) -> bool {
    match routed.route.config.mode {
        Mode::Inline => !routed.request.cookies.any_of_ours,
        Mode::Support => false,
    }
}

/// A request without a session. On an inline route it is told which cookie keeps it from passing, and a member's browser
/// forgets theirs: else a look at the support access page would lock the member out of the app.
pub(super) fn no_session(routed: &Routed) -> Box<TurnedAway> {
    let cookies = &routed.request.cookies;
    match routed.route.config.mode {
        Mode::Support => Code::NoSession.into(),
        Mode::Inline => {
            let why = "a request with a cookie of chaperone's passes in a live support session only, and has none";
            let next = if cookies.member.is_some() {
                "load this page again: this browser has just been told to forget its sign-in to the support access page"
            } else if cookies.staff.is_some() && cookies.session.is_none() {
                "start a session for the workspace that granted access, or sign out of chaperone"
            } else {
                "load this page again; if that does not help, delete this site's cookies named like `chaperone`"
            };
            let turned_away = TurnedAway::new(Refusal::because(Code::NoSession, why).next(next));
            Box::new(turned_away.forget(&[COOKIE_SESSION, COOKIE_MEMBER]))
        }
    }
}

/// Whether an `Authorization` value holds a session token, an API key or a staff token, under whatever scheme: none of
/// them opens the data plane, and none may reach an app that takes `Authorization` from clients.
fn is_ours(authorization: &[u8], staff_issuers: &[String]) -> bool {
    let text = String::from_utf8_lossy(authorization);
    let of_a_token = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_' | '~' | '+' | '/');
    text.split(|c| !of_a_token(c)).any(|word| is_our_token(word, staff_issuers) || is_in_basic(word))
}

fn is_our_token(word: &str, staff_issuers: &[String]) -> bool {
    has_our_prefix(word) || unverified_issuer(word).is_some_and(|issuer| staff_issuers.contains(&issuer))
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
    const PARTNER: &str = "https://idp.partner.example.com";

    fn staff() -> [String; 2] {
        [STAFF, PARTNER].map(str::to_owned)
    }

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
            format!("Bearer {}", jwt(PARTNER)),
        ] {
            assert!(is_ours(ours.as_bytes(), &staff()), "{ours}");
        }
    }

    #[test]
    fn what_belongs_to_the_app_is_left_alone() {
        let app = format!("Bearer {}", jwt("https://app.example.com"));
        for foreign in [app.as_str(), "Bearer abc", "Basic dXNlcjpwYXNz", "Digest username=\"chs\"", "", "Bearer "] {
            assert!(!is_ours(foreign.as_bytes(), &staff()), "{foreign}");
        }
        assert!(!is_ours(b"Bearer \xff\xfe", &staff()));
    }
}
