//! One line of the trail: its members, its bytes and its hash. docs/TRAIL.md says the same in prose.
use std::borrow::Cow;

use serde::Deserialize;

use crate::domain::time::Timestamp;

use super::chain::Place;
use super::digest::Digest;
use super::draft::Draft;
use super::event::{Decision, RequestFacts, Response};
use super::flaw::Flaw;
use super::kind::Kind;

/// What stands between a line's other members and its hash.
const BEFORE_HASH: &[u8] = br#","hash":""#;
/// What ends a line.
const AFTER_HASH: &[u8] = br#""}"#;

/// The members of a line but its hash, in their order on the line (contract, section 7). What is absent is `null`,
/// but for `case`, which is then left out.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "a line must have them all, though not every reader looks at each")]
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
    #[serde(default)]
    pub(super) case: Option<Cow<'a, str>>,
    pub(super) request: Option<Cow<'a, RequestFacts>>,
    pub(super) decision: Option<Cow<'a, Decision>>,
    pub(super) response: Option<Cow<'a, Response>>,
    pub(super) workspace_seq: Option<u64>,
    pub(super) workspace_prev: Option<Digest>,
    pub(super) prev: Digest,
}

/// Where a line stands: what is written around a draft.
#[derive(Debug)]
pub(super) struct Position<'a> {
    pub(super) seq: u64,
    pub(super) node: &'a str,
    /// The last record of its workspace.
    pub(super) workspace: Option<Place>,
    pub(super) prev: Digest,
}

impl Position<'_> {
    /// Writes the line of `draft`, its newline included, at the end of `out`, and returns its hash.
    ///
    /// # Errors
    /// When the node's name cannot be written as JSON; `out` is then as before.
    pub(super) fn write(&self, draft: &Draft, out: &mut Vec<u8>) -> serde_json::Result<Digest> {
        let start = out.len();
        let node = serde_json::to_string(self.node)?;
        out.extend_from_slice(format!(r#"{{"seq":{},"at":"{}","node":{node}"#, self.seq, draft.at).as_bytes());
        out.extend_from_slice(&draft.members);
        match self.workspace {
            Some(place) => {
                out.extend_from_slice(format!(r#","workspace_seq":{},"#, place.seq.saturating_add(1)).as_bytes());
                member(out, br#""workspace_prev":""#, place.hash);
            }
            None => out.extend_from_slice(br#","workspace_seq":null,"workspace_prev":null"#),
        }
        member(out, br#","prev":""#, self.prev);
        out.push(b'}');
        let hash = Digest::of(out.get(start..).unwrap_or_default());
        out.pop();
        member(out, BEFORE_HASH, hash);
        out.extend_from_slice(b"}\n");
        Ok(hash)
    }
}

/// Writes the last member of a line so far: its name with all that stands before the digits, and a digest.
fn member(out: &mut Vec<u8>, name: &[u8], digest: Digest) {
    out.extend_from_slice(name);
    out.extend_from_slice(&digest.hex());
    out.push(b'"');
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
