//! Cookies: ours apart from the browser's own.
use std::borrow::Cow;
use std::fmt;

use http::HeaderValue;
use percent_encoding::percent_decode_str;

use crate::domain::refusal::{Code, Refusal};

use super::headers::squash;

/// The support session.
pub const COOKIE_SESSION: &str = "__Host-chaperone";
/// The engineer's sign-in.
pub const COOKIE_STAFF: &str = "__Host-chaperone-staff";
/// A sign-in of an engineer that has begun: what its callback must bring back, sealed.
pub const COOKIE_SIGN_IN: &str = "__Host-chaperone-sign-in";
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
    /// Whether any cookie of our family was there, live or dead, by any spelling that some parser may read as ours.
    pub any_of_ours: bool,
    /// The browser's own, name and value, in order; none of our family among them.
    pub others: Vec<(String, String)>,
    /// The fields as they came.
    fields: Vec<HeaderValue>,
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
        for field in fields {
            for pair in field.as_bytes().split(|octet| *octet == b';') {
                let text = String::from_utf8_lossy(pair);
                let (name, value) = text.split_once('=').unwrap_or((&text, ""));
                let whole = matches!(text, Cow::Borrowed(_)) && text.contains('=');
                cookies.take(name.trim(), value.trim(), whole)?;
            }
            cookies.fields.push(field.clone());
        }
        Ok(cookies)
    }

    /// Takes one pair; one that is not `whole` is looked at, and dropped.
    fn take(&mut self, name: &str, value: &str, whole: bool) -> Result<(), Refusal> {
        // Some parsers split at other places (commas, quotes): nothing that spells our names leaves.
        if !reads_as_ours(name, value) {
            if whole && !name.is_empty() {
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
        if whole && place.replace(value.to_owned()).is_some() {
            return Err(Refusal::because(Code::BadRequest, format!("two cookies are named `{name}`"))
                .next("delete this site's cookies and sign in again"));
        }
        Ok(())
    }

    /// The cookies octet for octet, in one field (RFC 9113 section 8.2.3); none when there are none, or one is of ours.
    #[must_use]
    pub fn untouched(&self) -> Option<HeaderValue> {
        let fields: Vec<&[u8]> = self.fields.iter().map(HeaderValue::as_bytes).collect();
        if self.any_of_ours || fields.is_empty() {
            return None;
        }
        let mut value = HeaderValue::from_bytes(&fields.join(&b"; "[..])).ok()?;
        value.set_sensitive(true);
        Some(value)
    }
}

/// Whether some parser may read a cookie of ours in this pair, whether a browser sends it or an app sets it.
#[must_use]
pub fn reads_as_ours(name: &str, value: &str) -> bool {
    // Browsers send a cookie without a name as its bare value.
    is_ours(name) || spells_ours(value) || (name.is_empty() && is_ours(value))
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

/// Whether one of our names stands somewhere in `text`.
fn spells_ours(text: &str) -> bool {
    // At a glance: most values are long and hold nothing of the kind.
    if !text.contains('%') && !text.as_bytes().windows(9).any(|word| word.eq_ignore_ascii_case(b"chaperone")) {
        return false;
    }
    let alike = |c: char| if matches!(c, '-' | '.' | ' ' | '+') { '_' } else { c.to_ascii_lowercase() };
    let text: String = percent_decode_str(text).decode_utf8_lossy().chars().map(alike).collect();
    text.contains("__host_chaperone") || text.contains("__secure_chaperone")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

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
    fn a_cookie_of_ours_is_noticed_wherever_a_parser_may_find_it() {
        let spellings: [&[u8]; 18] = [
            b"__Host-chaperone",
            b"__Host-chaperone=",
            b"=__Host-chaperone",
            b"=__Host-chaperone=X",
            b"=chaperone-staff",
            b"a=1,__Host-chaperone=X",
            b"a=\"1; __HOST-CHAPERONE=X\"",
            b"a=1 __host-chaperone-member=X",
            b"\"__Host-chaperone\"=X",
            b"__Host-chaperone\t=\tX",
            b"__Host-chaperone[]=X",
            b"..Host.chaperone=X",
            b"++Host-chaperone=X",
            b"%5f%5fHost%2dchaperone=X",
            b"a=%3b%5f%5fHost-chaperone=X",
            b"\xff; __Host-chaperone=X",
            b"\xff__Host-chaperone=X",
            b"__Host-chaperone=\xff",
        ];
        for spelling in spellings {
            let shown = String::from_utf8_lossy(spelling);
            for field in [spelling.to_vec(), [b"t=1; ", spelling].concat(), [spelling, b"; t=1"].concat()] {
                let field = HeaderValue::from_bytes(&field).unwrap();
                let cookies = Cookies::read([&field].into_iter()).unwrap();
                assert!(cookies.any_of_ours && cookies.untouched().is_none(), "{shown}");
                assert!(cookies.others.iter().all(|(name, _)| name == "t" || name == "a"), "{shown}");
            }
        }
    }

    #[test]
    fn a_customers_cookies_stay_octet_for_octet_in_one_field() {
        for ordinary in [&b"a=1"[..], b"x; y=\xe9; =z;;q=\"a b\"", b"next=http://localhost/chaperone; s=chaperone"] {
            let fields = [HeaderValue::from_bytes(ordinary).unwrap(), HeaderValue::from_static("b=2")];
            let cookies = Cookies::read(fields.iter()).unwrap();
            assert!(!cookies.any_of_ours);
            assert_eq!(cookies.untouched().unwrap().as_bytes(), [ordinary, b"; b=2"].concat());
        }
        assert!(Cookies::default().untouched().is_none());
    }

    proptest! {
        /// Whatever stands around one of our names, and however it is spelled, it is noticed.
        #[test]
        fn no_surroundings_hide_a_cookie_of_ours(
            before in "[ -~]{0,12}[;, \t\"'=&]",
            name in "[_.+]{2}[hH][oO][sS][tT][-_. ][cC][hH][aA][pP][eE][rR][oO][nN][eE](-staff|-member)?",
            after in "([=;,. ][ -~]{0,12})?",
        ) {
            // What decoding makes of a `%` is another matter.
            let field = HeaderValue::try_from(format!("{before}{name}{after}").replace('%', "~")).unwrap();
            let Ok(cookies) = Cookies::read([&field].into_iter()) else { return Ok(()) };
            prop_assert!(cookies.any_of_ours);
            prop_assert!(cookies.untouched().is_none());
        }
    }

    #[test]
    fn no_value_shows_in_debug_output() {
        let cookies = read(&["__Host-chaperone=SECRET1; sid=SECRET2"]).unwrap();
        assert!(!format!("{cookies:?}").contains("SECRET"));
    }
}
