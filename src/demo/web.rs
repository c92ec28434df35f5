//! What the demo's two web apps share: pages with strict headers, cookies, and the same-origin check of forms.
use askama::Template;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};

/// Pages load nothing from elsewhere, run only scripts of their own origin and stand in nobody's frame.
const CONTENT_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; script-src 'self'; connect-src 'self'; \
    img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// The same for pages that show parts of the pages of `gate`.
pub(super) fn content_policy(gate: &str) -> String {
    let also = |policy: String, name: &str| policy.replace(&format!("{name} 'self'"), &format!("{name} 'self' {gate}"));
    ["script-src", "connect-src", "form-action"].into_iter().fold(CONTENT_POLICY.to_owned(), also)
}

/// A page, with the headers that every page has.
pub(super) fn page(status: StatusCode, template: &impl Template) -> Response {
    let Ok(html) = template.render() else {
        return (StatusCode::INTERNAL_SERVER_ERROR, "this page cannot be rendered").into_response();
    };
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
        (header::CONTENT_SECURITY_POLICY, CONTENT_POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        // Not `no-referrer`: browsers would then send `Origin: null` with our own forms.
        (header::REFERRER_POLICY, "same-origin"),
    ];
    (status, headers, html).into_response()
}

/// A script of ours.
pub(super) fn script(source: &'static str) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/javascript; charset=utf-8"),
        (header::CACHE_CONTROL, "no-cache"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (headers, source).into_response()
}

/// The value of the cookie `name`.
pub(super) fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let fields = headers.get_all(header::COOKIE).into_iter().filter_map(|v| v.to_str().ok());
    fields.flat_map(|v| v.split(';')).find_map(|pair| pair.trim().strip_prefix(name)?.strip_prefix('='))
}

/// What a request's `Origin` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    /// None: no browser sent a form or a script's request from another page.
    Absent,
    /// One of the given origins.
    Ours,
    /// Some other page's.
    Foreign,
}

/// Compares a request's `Origin` with `ours`.
pub(super) fn origin(headers: &HeaderMap, ours: &[String]) -> Origin {
    match headers.get(header::ORIGIN) {
        None => Origin::Absent,
        Some(given) if ours.iter().any(|o| given == o.as_str()) => Origin::Ours,
        Some(_) => Origin::Foreign,
    }
}

/// A redirect after a form, so that reloading does not send it again; with headers such as `Set-Cookie`.
pub(super) fn see_other(to: &str, headers: impl IntoIterator<Item = (HeaderName, HeaderValue)>) -> Response {
    let Ok(location) = HeaderValue::from_str(to) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    let mut response = StatusCode::SEE_OTHER.into_response();
    response.headers_mut().insert(header::LOCATION, location);
    response.headers_mut().extend(headers);
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_found_by_its_whole_name() {
        let mut headers = HeaderMap::new();
        headers.insert(header::COOKIE, HeaderValue::from_static("ledgerly2=x; ledgerly=abc=; a=b"));
        assert_eq!(cookie(&headers, "ledgerly"), Some("abc="));
        assert_eq!(cookie(&headers, "ledger"), None);
    }

    #[test]
    fn only_our_own_pages_count_as_ours() {
        let ours = ["http://127.0.0.1:8445".to_owned()];
        let mut headers = HeaderMap::new();
        assert_eq!(origin(&headers, &ours), Origin::Absent);
        headers.insert(header::ORIGIN, HeaderValue::from_static("http://127.0.0.1:8445"));
        assert_eq!(origin(&headers, &ours), Origin::Ours);
        for foreign in ["null", "http://127.0.0.1:9999", "http://evil.example"] {
            headers.insert(header::ORIGIN, HeaderValue::from_static(foreign));
            assert_eq!(origin(&headers, &ours), Origin::Foreign, "{foreign}");
        }
    }
}
