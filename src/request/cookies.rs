//! Cookies: ours apart from the browser's own.
use std::fmt;

use http::HeaderValue;
use percent_encoding::percent_decode_str;

use crate::domain::refusal::{Code, Refusal};

use super::headers::squash;

/// The support session.
pub const COOKIE_SESSION: &str = "__Host-chaperone";
/// The engineer's sign-in.
pub const COOKIE_STAFF: &str = "__Host-chaperone-staff";
/// The member's sign-in.
pub const COOKIE_MEMBER: &str = "__Host-chaperone-member";

/// What the `Cookie` fields of a request hold.
#[derive(Clone, Default)]
pub struct Cookies {
    /// The value of our session cookie.
    pub session: Option<String>,
    /// The value of the engineer's sign-in cookie.
    pub staff: Option<String>,
    /// The value of the member's sign-in cookie.
    pub member: Option<String>,
    /// Whether any cookie of our family was there, live or dead, by any spelling.
    pub any_of_ours: bool,
    /// The browser's own, name and value, in order; none of our family among them.
    pub others: Vec<(String, String)>,
}

impl fmt::Debug for Cookies {
    /// Names only: values are secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.others.iter().map(|(name, _)| name.as_str()).collect();
        f.debug_struct("Cookies")
            .field("any_of_ours", &self.any_of_ours)
            .field("others", &names)
            .finish_non_exhaustive()
    }
}

impl Cookies {
    /// Reads every `Cookie` field of a request. A pair that is not UTF-8 or has no name is nobody's and is dropped.
    ///
    /// # Errors
    /// `bad-request` for two cookies of one name of ours: which one counts would be a guess (cookie tossing).
    pub(super) fn read<'a>(fields: impl Iterator<Item = &'a HeaderValue>) -> Result<Self, Refusal> {
        let mut cookies = Self::default();
        let octets = fields.flat_map(|field| field.as_bytes().split(|b| *b == b';'));
        for pair in octets.filter_map(|pair| std::str::from_utf8(pair).ok()) {
            if let Some((name, value)) = pair.split_once('=') {
                cookies.take(name.trim(), value.trim())?;
            }
        }
        Ok(cookies)
    }

    fn take(&mut self, name: &str, value: &str) -> Result<(), Refusal> {
        if !is_ours(name) {
            // Some parsers split at other places (commas, quotes): nothing that spells our names leaves.
            if !name.is_empty() && !spells_ours(value) {
                self.others.push((name.to_owned(), value.to_owned()));
            }
            return Ok(());
        }
        self.any_of_ours = true;
        let place = match name {
            COOKIE_SESSION => &mut self.session,
            COOKIE_STAFF => &mut self.staff,
            COOKIE_MEMBER => &mut self.member,
            _look_alike => return Ok(()),
        };
        if place.replace(value.to_owned()).is_some() {
            return Err(Refusal::because(Code::BadRequest, format!("two cookies are named `{name}`"))
                .next("delete this site's cookies and sign in again"));
        }
        Ok(())
    }
}

/// Whether `name` is of our family, by any spelling: it never goes upstream and is never taken from there.
#[must_use]
pub fn is_ours(name: &str) -> bool {
    // PHP decodes cookie names, and takes dots and blanks for underscores.
    let decoded = percent_decode_str(name).decode_utf8_lossy();
    let plain = squash(&decoded);
    let stem = plain.strip_prefix("host-").or_else(|| plain.strip_prefix("secure-")).unwrap_or(&plain);
    stem == "chaperone" || stem.starts_with("chaperone-") || spells_ours(&decoded)
}

fn spells_ours(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    text.contains("__host-chaperone") || text.contains("__secure-chaperone")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(fields: &[&'static str]) -> Result<Cookies, Refusal> {
        let values: Vec<HeaderValue> = fields.iter().map(|f| HeaderValue::from_static(f)).collect();
        Cookies::read(values.iter())
    }

    fn others(cookies: &Cookies) -> Vec<String> {
        cookies.others.iter().map(|(name, value)| format!("{name}={value}")).collect()
    }

    #[test]
    fn our_cookie_is_kept_aside_and_the_others_stay_in_order() {
        let cookies =
            read(&["theme=dark; __Host-chaperone=S1; lang=en", "a[b]=c=d; __Host-chaperone-staff=E1"]).unwrap();
        assert_eq!(cookies.session.as_deref(), Some("S1"));
        assert_eq!(cookies.staff.as_deref(), Some("E1"));
        assert_eq!(cookies.member, None);
        assert!(cookies.any_of_ours);
        assert_eq!(others(&cookies), ["theme=dark", "lang=en", "a[b]=c=d"]);
    }

    #[test]
    fn two_cookies_of_one_name_of_ours_are_refused() {
        for fields in
            [&["__Host-chaperone=A; __Host-chaperone=B"][..], &["__Host-chaperone=A", "x=y; __Host-chaperone=A"]]
        {
            assert_eq!(read(fields).map(|_| ()).map_err(|r| r.code), Err(Code::BadRequest));
        }
        assert!(read(&["__Host-chaperone=A; __Host-chaperone-member=B; t=1; t=2"]).is_ok());
    }

    #[test]
    fn look_alikes_of_ours_never_go_upstream_and_are_never_believed() {
        let alike = [
            "__HOST-CHAPERONE",
            "__Host-Chaperone",
            "__Secure-chaperone",
            "..Host.chaperone",
            "%5F%5FHost-chaperone",
            "chaperone-session",
            "x__Host-chaperone",
            "__Host-chaperone-anything",
            "Host_chaperone",
        ];
        for name in alike {
            let field = HeaderValue::from_str(&format!("{name}=FORGED; ok=1")).unwrap();
            let cookies = Cookies::read([&field].into_iter()).unwrap();
            assert_eq!((cookies.session.as_deref(), cookies.any_of_ours), (None, true), "{name}");
            assert_eq!(others(&cookies), ["ok=1"], "{name}");
        }
        for name in ["theme", "host", "chaperoned", "session"] {
            assert!(!is_ours(name), "{name}");
        }
    }

    #[test]
    fn a_value_that_spells_our_name_and_a_nameless_pair_are_dropped() {
        let cookies = read(&["a=1,__Host-chaperone=X; b=\"q; =nameless; alone; c=2"]).unwrap();
        assert_eq!(others(&cookies), ["b=\"q", "c=2"]);
        assert_eq!(cookies.session, None);
    }

    #[test]
    fn no_value_shows_in_debug_output() {
        let cookies = read(&["__Host-chaperone=SECRET1; sid=SECRET2"]).unwrap();
        assert!(!format!("{cookies:?}").contains("SECRET"));
    }
}
