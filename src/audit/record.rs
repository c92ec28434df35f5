//! One line of the trail: its members, its bytes and its hash. docs/TRAIL.md says the same in prose.
use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::domain::time::Timestamp;

use super::digest::Digest;
use super::event::{Decision, Kind, RequestFacts, Response};
use super::flaw::Flaw;

/// What stands between a line's other members and its hash.
const BEFORE_HASH: &[u8] = br#","hash":""#;
/// What ends a line.
const AFTER_HASH: &[u8] = br#""}"#;

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
