//! Webhooks that others send us, signed as Standard Webhooks says: HMAC-SHA256 over id, time and body.
use aws_lc_rs::hmac::{self, HMAC_SHA256};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::domain::time::{Span, Timestamp};

/// How far the sender's clock and ours may differ, and how old a message may be.
const TOLERANCE: Span = Span::from_seconds(300);

/// How many signatures one message may have: more than one while a secret is replaced.
const SIGNATURES: usize = 8;

/// What a sender says of a message, as it stands in the headers.
#[derive(Debug, Clone, Copy)]
pub struct Envelope<'a> {
    /// `webhook-id`: the same whenever the message is sent again.
    pub id: &'a str,
    /// `webhook-timestamp`: seconds since 1970.
    pub timestamp: &'a str,
    /// `webhook-signature`: `v1,` and base64, several with spaces between.
    pub signature: &'a str,
}

/// Why a message counts for nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotSigned {
    /// The time is no number, or too far from ours.
    #[error("its `webhook-timestamp` is not within five minutes of our clock")]
    Time,
    /// No signature is one of the secret's owner.
    #[error("its `webhook-signature` is not by the secret that we share")]
    Signature,
}

/// Whether `body` was signed by whoever shares `secret`, just now.
///
/// # Errors
/// Why not. The comparison takes as long whatever was sent.
pub fn verify(secret: &[u8], envelope: Envelope<'_>, body: &[u8], now: Timestamp) -> Result<(), NotSigned> {
    let key = hmac::Key::new(HMAC_SHA256, secret);
    let signed = [envelope.id.as_bytes(), b".", envelope.timestamp.as_bytes(), b".", body].concat();
    let tags = envelope.signature.split(' ').take(SIGNATURES).filter_map(|one| one.strip_prefix("v1,"));
    let genuine = tags.filter_map(|tag| STANDARD.decode(tag).ok()).any(|tag| hmac::verify(&key, &signed, &tag).is_ok());
    if !genuine {
        return Err(NotSigned::Signature);
    }
    let seconds = envelope.timestamp.parse::<i64>().map_err(|_| NotSigned::Time)?;
    let sent = Timestamp::from_millis(seconds.saturating_mul(1000));
    if now.since(sent) > TOLERANCE || sent.since(now) > TOLERANCE { Err(NotSigned::Time) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &[u8] = b"0123456789abcdef0123456789abcdef";
    const BODY: &[u8] = br#"{"ticket":"SUP-1042"}"#;
    const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);

    fn signature(id: &str, timestamp: &str, body: &[u8]) -> String {
        let signed = [id.as_bytes(), b".", timestamp.as_bytes(), b".", body].concat();
        format!("v1,{}", STANDARD.encode(hmac::sign(&hmac::Key::new(HMAC_SHA256, SECRET), &signed)))
    }

    fn checked(id: &str, timestamp: &str, signature: &str, body: &[u8]) -> Result<(), NotSigned> {
        verify(SECRET, Envelope { id, timestamp, signature }, body, NOW)
    }

    #[test]
    fn the_example_of_the_standard_verifies() {
        let secret = STANDARD.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let envelope = Envelope {
            id: "msg_p5jXN8AQM9LWM0D4loKWxJek",
            timestamp: "1614265330",
            signature: "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
        };
        let now = Timestamp::from_millis(1_614_265_330_000);
        assert_eq!(verify(&secret, envelope, br#"{"test": 2432232314}"#, now), Ok(()));
    }

    #[test]
    fn what_was_changed_or_is_by_others_counts_for_nothing() {
        let good = signature("m1", "1800000000", BODY);
        assert_eq!(checked("m1", "1800000000", &good, BODY), Ok(()));
        assert_eq!(checked("m1", "1800000000", &format!("v1,AAAA v2,x {good}"), BODY), Ok(()));
        for (id, time, signature, body) in [
            ("m2", "1800000000", good.as_str(), BODY),
            ("m1", "1800000001", &good, BODY),
            ("m1", "1800000000", &good, br#"{"ticket":"SUP-1"}"#),
            ("m1", "1800000000", "v1,", BODY),
            ("m1", "1800000000", "", BODY),
            ("m1", "1800000000", &good.replace("v1,", "v1a,"), BODY),
        ] {
            assert_eq!(checked(id, time, signature, body), Err(NotSigned::Signature), "{id} {time}");
        }
    }

    #[test]
    fn what_is_old_or_from_the_future_counts_for_nothing() {
        for (time, counts) in
            [("1799999700", true), ("1799999699", false), ("1800000300", true), ("1800000301", false), ("soon", false)]
        {
            let result = checked("m1", time, &signature("m1", time, BODY), BODY);
            assert_eq!(result, if counts { Ok(()) } else { Err(NotSigned::Time) }, "{time}");
        }
    }
}
