//! What vouches for a session's engineer: when the identity provider last did, and in which browser.
use crate::domain::time::{Span, Timestamp};

use super::secret::SecretHash;

/// What vouches for a session's engineer.
#[derive(Debug, Clone, Copy)]
pub struct Proof {
    /// When the identity provider last vouched for the engineer.
    pub verified_at: Timestamp,
    /// The browser that the session began in; none: it began with a bearer token, and belongs to no browser.
    pub bound: Option<Bound>,
}

/// The browser of a session.
#[derive(Debug, Clone, Copy)]
pub struct Bound {
    /// The hash of the staff cookie that comes with each of the session's requests.
    pub cookie: SecretHash,
    /// When the sign-in behind it ends, or ended.
    pub until: Timestamp,
}

impl Proof {
    /// Until when it counts, if every sign-in must be verified anew within `recheck`; none: without an end.
    #[must_use]
    pub fn until(&self, recheck: Option<Span>) -> Option<Timestamp> {
        let verified = recheck.map(|span| self.verified_at.plus(span));
        let bound = self.bound.map(|bound| bound.until);
        verified.into_iter().chain(bound).min()
    }

    /// Whether a request with this staff cookie comes from the session's browser. Without a browser any does.
    #[must_use]
    pub fn fits(&self, cookie: Option<&SecretHash>) -> bool {
        self.bound.is_none_or(|bound| cookie == Some(&bound.cookie))
    }
}

#[cfg(test)]
mod tests {
    use super::super::secret::StaffToken;
    use super::*;

    #[test]
    fn a_proof_counts_until_the_first_of_its_ends() {
        let at = Timestamp::from_millis;
        let cookie = StaffToken::mint().hash();
        let bearer = Proof { verified_at: at(1_000), bound: None };
        let browser = Proof { bound: Some(Bound { cookie, until: at(5_000) }), ..bearer };
        let (short, long) = (Some(Span::from_millis(500)), Some(Span::from_millis(9_000)));
        assert_eq!((bearer.until(None), bearer.until(short)), (None, Some(at(1_500))));
        assert_eq!(browser.until(None), Some(at(5_000)));
        assert_eq!((browser.until(short), browser.until(long)), (Some(at(1_500)), Some(at(5_000))));
    }

    #[test]
    fn only_the_browser_of_a_session_has_its_cookie() {
        let (cookie, other) = (StaffToken::mint().hash(), StaffToken::mint().hash());
        let bearer = Proof { verified_at: Timestamp::from_millis(0), bound: None };
        let browser = Proof { bound: Some(Bound { cookie, until: Timestamp::from_millis(1) }), ..bearer };
        assert!(bearer.fits(None) && bearer.fits(Some(&other)));
        assert!(browser.fits(Some(&cookie)) && !browser.fits(Some(&other)) && !browser.fits(None));
    }
}
