//! The cookies that a call carries: an engineer's sign-in, a member's, a session, or what gives away that the caller sits inside one.
use http::HeaderMap;
use http::header::COOKIE;

use crate::domain::refusal::Code;
use crate::identity::{MemberToken, SessionToken, StaffToken};
use crate::request::{COOKIE_MEMBER, COOKIE_SESSION, COOKIE_SIGN_IN, COOKIE_STAFF, is_ours};

use super::error::ApiError;

/// Whether a support session's cookie comes along, by any spelling of its name, live or dead: then the caller acts
/// inside somebody's login.
pub(crate) fn inside_session(headers: &HeaderMap) -> bool {
    let of_people = [COOKIE_STAFF, COOKIE_MEMBER, COOKIE_SIGN_IN];
    pairs(headers).any(|(name, _)| is_ours(&name) && !of_people.contains(&name.as_str()))
}

/// The sign-in in the staff cookie; none without one. What has not our shape is none of ours.
///
/// # Errors
/// `bad-request` for two of them.
pub(crate) fn staff_token(headers: &HeaderMap) -> Result<Option<StaffToken>, ApiError> {
    Ok(single(headers, COOKIE_STAFF)?.and_then(|value| StaffToken::parse(&value).ok()))
}

/// The sign-in in the member cookie; none without one. What has not our shape is none of ours.
///
/// # Errors
/// `bad-request` for two of them.
pub(crate) fn member_token(headers: &HeaderMap) -> Result<Option<MemberToken>, ApiError> {
    Ok(single(headers, COOKIE_MEMBER)?.and_then(|value| MemberToken::parse(&value).ok()))
}

/// The value of the one cookie `name`; none without one.
///
/// # Errors
/// `bad-request` for two of them: nobody can tell which one counts.
pub(crate) fn single(headers: &HeaderMap, name: &'static str) -> Result<Option<String>, ApiError> {
    let mut found = pairs(headers).filter(|(given, _)| given == name);
    match (found.next(), found.next()) {
        (found, None) => Ok(found.map(|(_, value)| value)),
        (_, Some(_)) => Err(ApiError::bad_request(format!("the cookie `{name}` was sent twice"))),
    }
}

/// The token in the session cookie.
///
/// # Errors
/// `no-session` without one of our shape, `bad-request` for two of them: nobody can tell which one counts.
pub(crate) fn session_token(headers: &HeaderMap) -> Result<SessionToken, ApiError> {
    let value = single(headers, COOKIE_SESSION)?.ok_or(Code::NoSession)?;
    SessionToken::parse(&value).map_err(|_| Code::NoSession.into())
}

/// Names and values of all `Cookie` fields. An odd byte stands for itself alone: it hides no name beside it.
fn pairs(headers: &HeaderMap) -> impl Iterator<Item = (String, String)> {
    let fields = headers.get_all(COOKIE).iter();
    fields.flat_map(|field| field.as_bytes().split(|byte| *byte == b';')).map(|pair| {
        let mut sides =
            pair.splitn(2, |byte| *byte == b'=').map(|side| String::from_utf8_lossy(side).trim().to_owned());
        (sides.next().unwrap_or_default(), sides.next().unwrap_or_default())
    })
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn sent(fields: &[&[u8]]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for field in fields {
            headers.append(COOKIE, HeaderValue::from_bytes(field).expect("a header value"));
        }
        headers
    }

    #[test]
    fn a_session_cookie_gives_its_caller_away_wherever_it_stands() {
        for fields in [
            &[&b"__Host-chaperone=chs_x"[..]][..],
            &[b"theme=dark; __Host-chaperone=chs_x"],
            &[b"theme=dark", b"__Host-chaperone=dead"],
            &[b"theme=\xff;__Host-chaperone=\xff"],
            &[b"__Host-chaperone"],
        ] {
            assert!(inside_session(&sent(fields)), "{fields:?}");
        }
    }

    #[test]
    fn other_cookies_say_nothing() {
        for fields in [
            &[][..],
            &[&b"theme=dark"[..]],
            &[b"theme=__Host-chaperone"],
            &[b"__Host-chaperone-staff=x; __Host-chaperone-member=y; __Host-chaperone-sign-in=z"],
        ] {
            assert!(!inside_session(&sent(fields)), "{fields:?}");
        }
    }

    #[test]
    fn the_session_is_named_by_one_cookie_or_not_at_all() {
        let token = SessionToken::mint();
        let cookie = format!("theme=dark; {COOKIE_SESSION}={}", token.reveal());
        let found = session_token(&sent(&[cookie.as_bytes()])).expect("a token");
        assert_eq!(found.reveal(), token.reveal());
        for (fields, code) in [
            (&[][..], "NoSession"),
            (&[&b"theme=dark"[..]], "NoSession"),
            (&[b"__Host-chaperone=nonsense"], "NoSession"),
            (&[cookie.as_bytes(), cookie.as_bytes()], "BadRequest"),
        ] {
            let told = format!("{:?}", session_token(&sent(fields)).expect_err("a refusal"));
            assert!(told.contains(code), "{told}");
        }
    }
}
