//! From when until when a certificate counts (RFC 5280, section 4.1): the one thing in it that no library of ours tells.
use rustls_pki_types::CertificateDer;

use crate::domain::time::Timestamp;

/// The tags that lie on the way (X.690).
const SEQUENCE: u8 = 0x30;
const VERSION: u8 = 0xa0;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;

/// From when until when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Validity {
    /// The first moment.
    pub(super) from: Timestamp,
    /// The last one.
    pub(super) until: Timestamp,
}

/// The validity of `certificate`; none when it is not laid out as the RFC says.
pub(super) fn validity(certificate: &CertificateDer<'_>) -> Option<Validity> {
    let (outer, _) = expect(certificate.as_ref(), SEQUENCE)?;
    let (mut rest, _) = expect(outer, SEQUENCE)?;
    if let Some((_, after)) = expect(rest, VERSION) {
        rest = after;
    }
    // Serial number, algorithm, issuer.
    for _ in 0..3 {
        rest = element(rest)?.2;
    }
    let (times, _) = expect(rest, SEQUENCE)?;
    let (from, times) = time(times)?;
    let (until, _) = time(times)?;
    Some(Validity { from, until })
}

/// The first element of `der`: its tag, its content, and what comes after it.
fn element(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = der.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = match first {
        0..=0x7f => (usize::from(first), rest),
        0x81..=0x84 => {
            let (digits, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            (digits.iter().fold(0, |length, digit| length << 8 | usize::from(*digit)), rest)
        }
        _ => return None,
    };
    let (content, after) = rest.split_at_checked(length)?;
    Some((tag, content, after))
}

/// The content of the first element of `der`, if it has this tag, and what comes after it.
fn expect(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    element(der).filter(|(found, ..)| *found == tag).map(|(_, content, after)| (content, after))
}

/// `YYMMDDHHMMSSZ` up to 2049, `YYYYMMDDHHMMSSZ` beyond.
fn time(der: &[u8]) -> Option<(Timestamp, &[u8])> {
    let (tag, content, after) = element(der)?;
    let text = std::str::from_utf8(content).ok()?;
    let digits = match tag {
        UTC_TIME if text.get(..2)?.parse::<u8>().ok()? < 50 => format!("20{text}"),
        UTC_TIME => format!("19{text}"),
        GENERALIZED_TIME => text.to_owned(),
        _ => return None,
    };
    let part = |from: usize, to: usize| digits.get(from..to);
    let (year, month, day) = (part(0, 4)?, part(4, 6)?, part(6, 8)?);
    let (hour, minute, second) = (part(8, 10)?, part(10, 12)?, part(12, 14)?);
    let written = format!("{year}-{month}-{day}T{hour}:{minute}:{second}{}", digits.get(14..)?);
    written.parse().ok().map(|at| (at, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways_to_write_a_time_are_read() {
        let mut parameters = rcgen::CertificateParams::new(vec!["a.example".to_owned()]).unwrap();
        parameters.not_before = rcgen::date_time_ymd(2026, 11, 22);
        parameters.not_after = rcgen::date_time_ymd(2055, 1, 2);
        let key = rcgen::KeyPair::generate().unwrap();
        let certificate = parameters.self_signed(&key).unwrap();
        let Validity { from, until } = validity(certificate.der()).unwrap();
        assert_eq!(from.to_string(), "2026-11-22T00:00:00.000Z");
        assert_eq!(until.to_string(), "2055-01-02T00:00:00.000Z");
    }

    #[test]
    fn what_is_cut_short_or_no_certificate_is_not_read() {
        let certificate = rcgen::generate_simple_self_signed(vec!["a.example".to_owned()]).unwrap().cert.der().clone();
        for length in 0..120 {
            assert_eq!(validity(&CertificateDer::from(&certificate.as_ref()[..length])), None, "{length}");
        }
    }
}
