//! One line of the trail: its members, its bytes and its hash. docs/TRAIL.md says the same in prose.
use std::borrow::Cow;
use std::fmt;

use aws_lc_rs::digest::{SHA256, digest};
use serde::de::Error as _;
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::domain::time::Timestamp;

use super::event::{Decision, Kind, RequestFacts, Response};
use super::flaw::Flaw;

/// What stands between a line's other members and its hash.
const BEFORE_HASH: &[u8] = br#","hash":""#;
/// What ends a line.
const AFTER_HASH: &[u8] = br#""}"#;

/// A SHA-256 hash; 64 lower-case hexadecimal digits on the line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Digest([u8; 32]);

impl Digest {
    /// What the first record of a chain has for its predecessor.
    pub(super) const NONE: Self = Self([0; 32]);

    fn of(bytes: &[u8]) -> Self {
        let mut out = [0; 32];
        out.copy_from_slice(digest(&SHA256, bytes).as_ref());
        Self(out)
    }

    fn hex(self) -> [u8; 64] {
        let digit = |half: u8| if half < 10 { b'0' + half } else { b'a' + half - 10 };
        let mut out = [0; 64];
        for (pair, byte) in out.as_chunks_mut::<2>().0.iter_mut().zip(self.0) {
            *pair = [digit(byte >> 4), digit(byte & 15)];
        }
        out
    }

    fn parse(hex: &[u8]) -> Option<Self> {
        let value = |digit: u8| match digit {
            b'0'..=b'9' => Some(digit - b'0'),
            b'a'..=b'f' => Some(digit - b'a' + 10),
            _ => None,
        };
        let (pairs, []) = hex.as_chunks::<2>() else { return None };
        let bytes: Option<Vec<u8>> = pairs.iter().map(|[high, low]| Some(value(*high)? << 4 | value(*low)?)).collect();
        bytes?.try_into().ok().map(Self)
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(std::str::from_utf8(&self.hex()).map_err(|_| fmt::Error)?)
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(std::str::from_utf8(&self.hex()).map_err(S::Error::custom)?)
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let hex = Cow::<str>::deserialize(deserializer)?;
        Self::parse(hex.as_bytes()).ok_or_else(|| D::Error::custom("expected 64 lower-case hexadecimal digits"))
    }
}

/// The members of a line but its hash, in their order on the line (contract, section 7). What is absent is `null`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Members<'a> {
    pub(super) seq: u64,
    pub(super) at: Timestamp,
    pub(super) node: Cow<'a, str>,
    pub(super) event_id: Cow<'a, str>,
    pub(super) kind: Kind,
    pub(super) workspace: Option<Cow<'a, str>>,
    pub(super) engineer: Option<Cow<'a, str>>,
    pub(super) subject: Option<Cow<'a, str>>,
    pub(super) session: Option<Cow<'a, str>>,
    pub(super) grant: Option<Cow<'a, str>>,
    pub(super) emergency: Option<Cow<'a, str>>,
    pub(super) reason: Option<Cow<'a, str>>,
    pub(super) ticket: Option<Cow<'a, str>>,
    pub(super) request: Option<Cow<'a, RequestFacts>>,
    pub(super) decision: Option<Cow<'a, Decision>>,
    pub(super) response: Option<Cow<'a, Response>>,
    pub(super) workspace_seq: Option<u64>,
    pub(super) workspace_prev: Option<Digest>,
    pub(super) prev: Digest,
}

impl Members<'_> {
    /// Writes the line, its newline included, at the end of `out`, and returns its hash.
    ///
    /// # Errors
    /// When a member cannot be written as JSON; `out` is then as before.
    pub(super) fn write(&self, out: &mut Vec<u8>) -> serde_json::Result<Digest> {
        let start = out.len();
        if let Err(error) = serde_json::to_writer(&mut *out, self) {
            out.truncate(start);
            return Err(error);
        }
        let body = out.get_mut(start..).unwrap_or_default();
        // Facts are copied as they came, perhaps over several lines; in JSON a raw line break is always mere space.
        for byte in body.iter_mut().filter(|byte| matches!(**byte, b'\n' | b'\r')) {
            *byte = b' ';
        }
        let hash = Digest::of(body);
        out.pop();
        out.extend_from_slice(BEFORE_HASH);
        out.extend_from_slice(&hash.hex());
        out.extend_from_slice(AFTER_HASH);
        out.push(b'\n');
        Ok(hash)
    }
}

/// A line as it was read.
#[derive(Debug)]
pub(super) struct Record {
    /// What it says.
    pub(super) members: Members<'static>,
    /// The hash that it states.
    pub(super) stated: Digest,
    /// The hash that its bytes have.
    pub(super) actual: Digest,
}

impl Record {
    /// Reads a line, without its newline. Whether the hashes agree is the chain's question.
    ///
    /// # Errors
    /// When it does not have the shape of a record.
    pub(super) fn read(line: &[u8]) -> Result<Self, Flaw> {
        let (body, stated) = split(line).ok_or(Flaw::NoHash)?;
        let body = [body, b"}"].concat();
        let members = serde_json::from_slice(&body).map_err(Flaw::NotARecord)?;
        Ok(Self { members, stated, actual: Digest::of(&body) })
    }
}

fn split(line: &[u8]) -> Option<(&[u8], Digest)> {
    let rest = line.strip_suffix(AFTER_HASH)?;
    let (rest, hex) = rest.split_last_chunk::<64>()?;
    Some((rest.strip_suffix(BEFORE_HASH)?, Digest::parse(hex)?))
}
