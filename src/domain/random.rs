//! The one source of randomness: the operating system's, through the cryptography library.
use uuid::Uuid;

use super::time::Timestamp;

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

/// A UUID version 7 (RFC 9562): time first, then 74 random bits.
#[must_use]
pub fn uuid_v7(now: Timestamp) -> Uuid {
    let millis = u64::try_from(now.as_millis()).unwrap_or(0);
    uuid::Builder::from_unix_timestamp_millis(millis, &bytes()).into_uuid()
}
