//! The one source of randomness: the operating system's, through the cryptography library.
use std::cell::RefCell;

use uuid::Uuid;

use super::time::Timestamp;

/// How many bytes for names are drawn at once.
const DRAW: usize = 1024;

/// `N` random bytes fit for keys.
///
/// # Panics
/// When the operating system has no randomness to give: going on without it would make guessable secrets.
#[must_use]
#[expect(clippy::expect_used, reason = "without randomness no secret may be made")]
pub fn bytes<const N: usize>() -> [u8; N] {
    let mut out = [0; N];
    aws_lc_rs::rand::fill(&mut out).expect("the operating system's random source works");
    out
}

/// `N` random bytes for names that are no secrets. Of the same source, but drawn many at a time: each draw has its price.
#[must_use]
pub fn bytes_for_names<const N: usize>() -> [u8; N] {
    thread_local! {
        static DRAWN: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
    }
    DRAWN.with_borrow_mut(|drawn| {
        if drawn.len() < N {
            drawn.extend_from_slice(&bytes::<DRAW>());
        }
        let taken = drawn.split_off(drawn.len().saturating_sub(N));
        taken.try_into().unwrap_or_else(|_| bytes())
    })
}

/// A UUID version 7 (RFC 9562): time first, then 74 random bits.
#[must_use]
pub fn uuid_v7(now: Timestamp) -> Uuid {
    let millis = u64::try_from(now.as_millis()).unwrap_or(0);
    uuid::Builder::from_unix_timestamp_millis(millis, &bytes_for_names()).into_uuid()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn no_two_names_are_alike() {
        let names: HashSet<[u8; 10]> = (0..10_000).map(|_| bytes_for_names()).collect();
        assert_eq!(names.len(), 10_000);
        assert_ne!(bytes_for_names::<2000>(), bytes_for_names::<2000>());
    }
}
