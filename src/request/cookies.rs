//! Cookies: ours apart from the browser's own.

/// The support session.
pub const COOKIE_SESSION: &str = "__Host-chaperone";
/// The engineer's sign-in.
pub const COOKIE_STAFF: &str = "__Host-chaperone-staff";
/// The member's sign-in.
pub const COOKIE_MEMBER: &str = "__Host-chaperone-member";

/// What the `Cookie` fields of a request hold.
#[derive(Debug, Clone, Default)]
pub struct Cookies {
    /// The value of our session cookie.
    pub session: Option<String>,
    /// Whether any cookie of our family was there, live or dead.
    pub any_of_ours: bool,
    /// The browser's own, name and value, in order; none of our family among them.
    pub others: Vec<(String, String)>,
}

/// Whether `name` is of our family, by any spelling: it never goes upstream and is never taken from there.
#[must_use]
pub fn is_ours(name: &str) -> bool {
    let _ = name;
    todo!()
}
