//! How our cookies are set and cleared: always `Secure; HttpOnly; SameSite=Lax; Path=/`.
use http::HeaderValue;

/// The `Set-Cookie` value that sets `name` to `value`; a cookie of the browser's session.
#[must_use]
pub fn set_cookie(name: &str, value: &str) -> HeaderValue {
    let _ = (name, value);
    todo!()
}

/// The `Set-Cookie` value that removes `name`.
#[must_use]
pub fn clear_cookie(name: &str) -> HeaderValue {
    let _ = name;
    todo!()
}
