//! Whether a browser's change was asked for by a page of ours: a cookie alone says nothing of that.
use http::{HeaderMap, HeaderName, Method, header};

use crate::domain::refusal::{Code, Refusal};

use super::error::ApiError;

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Refuses a change that does not come from a page of `public_url`. Browsers tell by `Sec-Fetch-Site` or by `Origin`: at
/// least one must be there, and none may say otherwise.
///
/// # Errors
/// `policy-denied`.
pub(crate) fn check(method: &Method, headers: &HeaderMap, public_url: &str) -> Result<(), ApiError> {
    if method.is_safe() {
        return Ok(());
    }
    let site = says(headers, &SEC_FETCH_SITE, "same-origin");
    let origin = says(headers, &header::ORIGIN, public_url);
    match (site, origin) {
        (Some(true), None | Some(true)) | (None, Some(true)) => Ok(()),
        (Some(false), _) | (_, Some(false)) | (None, None) => Err(foreign()),
    }
}

/// Refuses a form that was not sent from a page of `origin`, to whatever host of ours.
///
/// # Errors
/// `policy-denied`.
pub(crate) fn sent_from(headers: &HeaderMap, origin: &str) -> Result<(), ApiError> {
    if says(headers, &header::ORIGIN, origin) == Some(true) { Ok(()) } else { Err(foreign()) }
}

/// Refuses a form when the browser says that another page sent it. A page without any referrer sends its own forms with the
/// origin `null`; so this alone proves nothing, and is for forms that hold a secret of their own.
///
/// # Errors
/// `policy-denied`.
pub(crate) fn not_from_elsewhere(headers: &HeaderMap, public_url: &str) -> Result<(), ApiError> {
    let site = says(headers, &SEC_FETCH_SITE, "same-origin");
    let (ours, none) = (says(headers, &header::ORIGIN, public_url), says(headers, &header::ORIGIN, "null"));
    let elsewhere = site == Some(false) || (ours == Some(false) && none == Some(false));
    if elsewhere { Err(foreign()) } else { Ok(()) }
}

/// Whether the field `name` is there once and says `wanted`; none when it is absent.
fn says(headers: &HeaderMap, name: &HeaderName, wanted: &str) -> Option<bool> {
    let mut given = headers.get_all(name).iter();
    let first = given.next()?;
    Some(given.next().is_none() && first.as_bytes() == wanted.as_bytes())
}

fn foreign() -> ApiError {
    Refusal::because(Code::PolicyDenied, "no page of this site asked for this change")
        .next("do it on a page of this site, or call with a bearer token")
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const US: &str = "https://support.example.com";

    fn passes(method: &Method, fields: &[(&'static str, &'static str)]) -> bool {
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            headers.append(*name, value.parse().expect("a header value"));
        }
        check(method, &headers, US).is_ok()
    }

    #[test]
    fn reading_needs_no_origin() {
        assert!(passes(&Method::GET, &[]) && passes(&Method::GET, &[("sec-fetch-site", "cross-site")]));
    }

    #[test]
    fn a_change_needs_a_page_of_ours() {
        for fields in [
            &[("sec-fetch-site", "same-origin")][..],
            &[("origin", US)],
            &[("sec-fetch-site", "same-origin"), ("origin", US)],
        ] {
            assert!(passes(&Method::POST, fields) && passes(&Method::DELETE, fields), "{fields:?}");
        }
    }

    #[test]
    fn a_form_with_a_secret_passes_unless_the_browser_names_another_page() {
        let passes = |fields: &[(&'static str, &'static str)]| {
            let mut headers = HeaderMap::new();
            for (name, value) in fields {
                headers.append(*name, value.parse().expect("a header value"));
            }
            not_from_elsewhere(&headers, US).is_ok()
        };
        assert!(passes(&[]) && passes(&[("origin", "null")]) && passes(&[("origin", US)]));
        assert!(passes(&[("sec-fetch-site", "same-origin"), ("origin", "null")]));
        for fields in [
            &[("sec-fetch-site", "cross-site"), ("origin", "null")][..],
            &[("sec-fetch-site", "same-site")],
            &[("sec-fetch-site", "none")],
            &[("origin", "https://evil.example")],
            &[("origin", US), ("origin", US)],
        ] {
            assert!(!passes(fields), "{fields:?}");
        }
    }

    #[test]
    fn whatever_says_otherwise_or_nothing_is_refused() {
        for fields in [
            &[][..],
            &[("sec-fetch-site", "none")],
            &[("sec-fetch-site", "same-site"), ("origin", US)],
            &[("sec-fetch-site", "cross-site")],
            &[("sec-fetch-site", "same-origin"), ("origin", "https://evil.example")],
            &[("sec-fetch-site", "same-origin"), ("origin", "null")],
            &[("sec-fetch-site", "same-origin"), ("sec-fetch-site", "same-origin")],
            &[("origin", "null")],
            &[("origin", "https://support.example.com.evil.example")],
            &[("origin", "http://support.example.com")],
            &[("origin", US), ("origin", US)],
        ] {
            assert!(!passes(&Method::POST, fields), "{fields:?}");
        }
    }
}
