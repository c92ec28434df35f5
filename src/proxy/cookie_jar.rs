//! The cookie jar: what the app sets during a session stays here, so that a logged-in customer cookie never reaches
//! the engineer's machine.
use http::header::SET_COOKIE;
use http::{HeaderMap, HeaderValue};

use crate::cache::{Jar, StoredCookie};
use crate::domain::time::{Span, Timestamp};
use crate::request::{Routed, is_ours, reads_as_ours};

/// How long a cookie's name and value may be together (RFC 6265 section 6.1).
const LONGEST: usize = 4096;
/// How long an attribute that counts may be (RFC 6265bis section 5.6).
const LONGEST_ATTRIBUTE: usize = 1024;

/// Takes the app's cookies into `jar`; those that the route exposes go to the browser too, by `client`.
pub(super) fn keep(app: &HeaderMap, routed: &Routed, jar: &mut Jar, now: Timestamp, client: &mut HeaderMap) {
    let (exposed, request) = (&routed.route.config.expose_cookies, &routed.request);
    for value in app.get_all(SET_COOKIE) {
        let parsed = value.to_str().ok().and_then(|text| parse(text, &request.host, &request.path.sent, now));
        let Some(cookie) = parsed else { continue };
        if exposed.contains(&cookie.name) {
            client.append(SET_COOKIE, value.clone());
        }
        jar.store(cookie, now);
    }
}

/// Whether some browser may take a `Set-Cookie` value for one that sets a cookie of ours.
pub(super) fn sets_ours(value: &HeaderValue) -> bool {
    let text = String::from_utf8_lossy(value.as_bytes());
    let pair = text.split(';').next().unwrap_or_default();
    let (name, value) = pair.split_once('=').unwrap_or(("", pair));
    reads_as_ours(name.trim(), value.trim())
}

/// One `Set-Cookie` value (RFC 6265 section 5.2); none for a nameless cookie, one of ours, or an oversized one.
fn parse(text: &str, host: &str, request_path: &str, now: Timestamp) -> Option<StoredCookie> {
    let mut parts = text.split(';');
    let (name, value) = parts.next()?.split_once('=')?;
    let (name, value) = (name.trim(), value.trim());
    let odd = |c: char| !c.is_ascii_graphic() || matches!(c, ',' | ';');
    if name.is_empty() || name.contains(odd) || is_ours(name) || is_ours(value) || name.len() + value.len() > LONGEST {
        return None;
    }
    let mut cookie = StoredCookie {
        name: name.to_owned(),
        value: value.to_owned(),
        host: host.to_owned(),
        path: default_path(request_path).to_owned(),
        expires_at: None,
    };
    let mut max_age = None;
    for attribute in parts {
        let (key, given) = attribute.split_once('=').unwrap_or((attribute, ""));
        let given = given.trim();
        match key.trim().to_ascii_lowercase().as_str() {
            "path" if given.starts_with('/') && given.len() <= LONGEST_ATTRIBUTE => given.clone_into(&mut cookie.path),
            "max-age" => max_age = given.parse::<i64>().ok(),
            "expires" => cookie.expires_at = http_date(given),
            _ => {}
        }
    }
    if let Some(seconds) = max_age {
        cookie.expires_at = Some(now.plus(Span::from_seconds(seconds.max(0))));
    }
    Some(cookie)
}

/// RFC 6265 section 5.1.4: up to, but not including, the last slash.
fn default_path(request: &str) -> &str {
    match request.rfind('/') {
        None | Some(0) => "/",
        Some(end) => request.get(..end).unwrap_or("/"),
    }
}

/// A date as HTTP writes it; one that cannot be read makes a cookie of the session.
fn http_date(text: &str) -> Option<Timestamp> {
    let date = jiff::fmt::rfc2822::parse(text).ok()?;
    Some(Timestamp::from_millis(date.timestamp().as_millisecond()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_000);

    fn parsed(text: &str, path: &str) -> Option<StoredCookie> {
        parse(text, "app.example.com", path, NOW)
    }

    #[test]
    fn attributes_are_read_as_browsers_read_them() {
        let cookie =
            parsed("sid=a=b; Path=/app; HttpOnly; Max-Age=10; Expires=Wed, 21 Oct 2015 07:28:00 GMT", "/x/y").unwrap();
        assert_eq!((cookie.name.as_str(), cookie.value.as_str(), cookie.path.as_str()), ("sid", "a=b", "/app"));
        assert_eq!(cookie.expires_at, Some(NOW.plus(Span::from_seconds(10))), "Max-Age wins");
        assert_eq!(parsed("sid=1", "/x/y").unwrap().path, "/x");
        let endless = format!("sid=1; Path=/{}", "a".repeat(5000));
        assert_eq!(parsed(&endless, "/x/y").unwrap().path, "/x", "a jar of them would have no bounds");
        let gone = parsed("sid=1; Expires=Wed, 21 Oct 2015 07:28:00 GMT", "/").unwrap();
        assert!(gone.expires_at.unwrap() < NOW);
    }

    #[test]
    fn the_app_cannot_set_cookies_of_ours() {
        for toss in ["__Host-chaperone=EVIL; Secure", "__host-Chaperone=EVIL", "=__Host-chaperone=EVIL", "EVIL"] {
            assert_eq!(parsed(toss, "/"), None, "{toss}");
        }
    }
}
