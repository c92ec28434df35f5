//! Cookies that the app set during a session: kept here, never sent to the engineer's browser.
use std::collections::VecDeque;
use std::fmt;

use crate::domain::time::Timestamp;

/// How many cookies one session keeps; the oldest goes first.
const MOST_COOKIES: usize = 64;

/// One cookie of the app.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredCookie {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
    /// The host that set it: no other gets it, for another app may stand behind another.
    pub host: String,
    /// The path that it is for.
    pub path: String,
    /// When it goes; none: with the session.
    pub expires_at: Option<Timestamp>,
}

impl fmt::Debug for StoredCookie {
    /// Without the value: it may be a customer's login.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoredCookie").field("name", &self.name).field("host", &self.host).finish_non_exhaustive()
    }
}

/// The cookies of one session.
#[derive(Debug, Default)]
pub struct Jar(VecDeque<StoredCookie>);

impl Jar {
    /// Takes a cookie in; one of the same name, host and path is replaced, one that is over is removed.
    pub fn store(&mut self, cookie: StoredCookie, now: Timestamp) {
        self.0.retain(|kept| (&kept.name, &kept.host, &kept.path) != (&cookie.name, &cookie.host, &cookie.path));
        if cookie.expires_at.is_none_or(|end| now < end) {
            if self.0.len() >= MOST_COOKIES {
                self.0.pop_front();
            }
            self.0.push_back(cookie);
        }
    }

    /// The cookies for a request to `path` of `host`, the longest cookie path first (RFC 6265 section 5.4).
    #[must_use]
    pub fn for_path(&self, host: &str, path: &str, now: Timestamp) -> Vec<(String, String)> {
        let mut fitting: Vec<&StoredCookie> = self
            .0
            .iter()
            .filter(|cookie| cookie.host == host && path_matches(&cookie.path, path))
            .filter(|cookie| cookie.expires_at.is_none_or(|end| now < end))
            .collect();
        fitting.sort_by_key(|cookie| std::cmp::Reverse(cookie.path.len()));
        fitting.into_iter().map(|cookie| (cookie.name.clone(), cookie.value.clone())).collect()
    }

    /// Whether nothing is kept.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// RFC 6265 section 5.1.4.
fn path_matches(cookie: &str, request: &str) -> bool {
    request.strip_prefix(cookie).is_some_and(|rest| rest.is_empty() || cookie.ends_with('/') || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::Span;

    fn cookie(name: &str, path: &str, expires_at: Option<Timestamp>) -> StoredCookie {
        let (host, value) = ("app.example.com".into(), format!("{name}@{path}"));
        StoredCookie { name: name.into(), value, host, path: path.into(), expires_at }
    }

    #[test]
    fn cookies_go_back_to_their_paths_until_they_are_over() {
        let now = Timestamp::from_millis(1_000_000);
        let later = now.plus(Span::from_seconds(10));
        let mut jar = Jar::default();
        jar.store(cookie("sid", "/", None), now);
        jar.store(cookie("sid", "/admin", Some(later)), now);
        let names = |jar: &Jar, path: &str, at| {
            jar.for_path("app.example.com", path, at).into_iter().map(|c| c.1).collect::<Vec<_>>()
        };
        assert_eq!(names(&jar, "/admin/users", now), ["sid@/admin", "sid@/"]);
        assert_eq!(names(&jar, "/administrator", now), ["sid@/"]);
        assert_eq!(names(&jar, "/admin", later), ["sid@/"]);
        jar.store(cookie("sid", "/", Some(now)), now);
        assert!(names(&jar, "/", now).is_empty(), "a cookie that is over removes its namesake");
    }

    #[test]
    fn what_one_app_set_never_goes_to_another_host() {
        let now = Timestamp::from_millis(0);
        let mut jar = Jar::default();
        jar.store(cookie("sid", "/", None), now);
        jar.store(StoredCookie { host: "mail.example.com".into(), value: "2".into(), ..cookie("sid", "/", None) }, now);
        assert_eq!(jar.for_path("app.example.com", "/", now), [("sid".to_owned(), "sid@/".to_owned())]);
        assert_eq!(jar.for_path("mail.example.com", "/", now), [("sid".to_owned(), "2".to_owned())]);
        assert!(jar.for_path("evil.example.com", "/", now).is_empty());
    }

    #[test]
    fn no_value_shows_in_debug_output() {
        let secret = StoredCookie { value: "SECRET".into(), ..cookie("sid", "/", None) };
        assert!(!format!("{secret:?}").contains("SECRET"));
    }

    #[test]
    fn a_jar_is_bounded() {
        let now = Timestamp::from_millis(0);
        let mut jar = Jar::default();
        for n in 0..1000 {
            jar.store(cookie(&format!("c{n}"), "/", None), now);
        }
        assert_eq!(jar.for_path("app.example.com", "/", now).len(), MOST_COOKIES);
    }
}
