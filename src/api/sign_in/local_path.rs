//! Where a browser may be sent afterwards: a path of ours, never another site.
use http::uri::PathAndQuery;

use crate::api::error::ApiError;

/// The longest path that is taken, in bytes.
const LONGEST: usize = 2000;

/// The path `given`, if it cannot lead anywhere else. It is put behind our own origin, so what browsers make of `//` or
/// `/\` does not matter; it is refused all the same.
///
/// # Errors
/// `bad-request` for anything but a plain local path, with a query at most.
pub(super) fn local_path(given: &str) -> Result<String, ApiError> {
    let plain = given.len() <= LONGEST && given.bytes().all(|b| b.is_ascii_graphic() && !matches!(b, b'\\' | b'#'));
    let local = given.starts_with('/') && !given.starts_with("//");
    if plain && local && given.parse::<PathAndQuery>().is_ok() {
        return Ok(given.to_owned());
    }
    Err(ApiError::bad_request("`return` is not a plain path of this site"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_of_ours_is_kept_as_it_is() {
        for path in ["/", "/w/acme/invoices?page=2&q=a%20b", "/.chaperone/enter?session=se_1", "/a//b", "/%2F/x"] {
            assert_eq!(local_path(path).ok().as_deref(), Some(path));
        }
    }

    #[test]
    fn whatever_may_lead_elsewhere_is_refused() {
        let long = format!("/{}", "a".repeat(LONGEST));
        for elsewhere in [
            "",
            "https://evil.example/",
            "//evil.example/",
            "/\\evil.example/",
            "\\\\evil.example",
            "/\tevil",
            " /w",
            "/w /x",
            "/w\r\nSet-Cookie: a=b",
            "javascript:alert(1)",
            "w/acme",
            "/a#b",
            "/ä",
            &long,
        ] {
            assert!(local_path(elsewhere).is_err(), "{elsewhere}");
        }
    }
}
