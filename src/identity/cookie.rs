//! How our cookies are set and cleared: always `Secure; HttpOnly; SameSite=Lax; Path=/`.
use http::{HeaderName, HeaderValue};

/// What every cookie of ours says (contract, section 5). `__Host-` names demand `Secure`, `Path=/` and no `Domain`.
const ATTRIBUTES: &str = "Secure; HttpOnly; SameSite=Lax; Path=/";

/// The `Set-Cookie` value that sets `name` to `value`; a cookie of the browser's session. Marked sensitive.
///
/// # Panics
/// When `name` or `value` holds control characters: ours are constants and tokens of our own making.
#[must_use]
pub fn set_cookie(name: &str, value: &str) -> HeaderValue {
    header(format!("{name}={value}; {ATTRIBUTES}"))
}

/// The `Set-Cookie` value that removes `name`.
///
/// # Panics
/// When `name` holds control characters: ours are constants.
#[must_use]
pub fn clear_cookie(name: &str) -> HeaderValue {
    header(format!("{name}=; {ATTRIBUTES}; Max-Age=0"))
}

/// The field that has a browser drop what a page left in it (W3C Clear Site Data), for when a session is over: the app's
/// pages in its cache, and what its scripts stored. Not `"cookies"`: that takes those of every host of the domain, our
/// sign-ins and other apps' among them.
#[must_use]
pub fn clear_site_data() -> (HeaderName, HeaderValue) {
    (HeaderName::from_static("clear-site-data"), HeaderValue::from_static("\"cache\", \"storage\""))
}

#[expect(clippy::expect_used, reason = "names and values of our cookies are our own: a bad one is a fault in the code")]
fn header(text: String) -> HeaderValue {
    let mut value = HeaderValue::try_from(text).expect("our cookies are made of visible characters");
    value.set_sensitive(true);
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_set_for_the_host_alone_and_hidden_from_scripts_and_logs() {
        let set = set_cookie("__Host-chaperone", "chs_abc");
        assert_eq!(set, "__Host-chaperone=chs_abc; Secure; HttpOnly; SameSite=Lax; Path=/");
        assert!(!format!("{set:?}").contains("chs_abc"));
    }

    #[test]
    fn a_cookie_is_cleared_under_the_attributes_it_was_set_with() {
        let cleared = clear_cookie("__Host-chaperone");
        assert_eq!(cleared, "__Host-chaperone=; Secure; HttpOnly; SameSite=Lax; Path=/; Max-Age=0");
    }
}
