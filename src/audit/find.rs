//! One decision of the trail, by its request's id.
use std::io;
use std::path::Path;

use serde::Deserialize;

use crate::domain::id::{EmergencyId, EngineerId, GrantId, RequestId, SessionId, WorkspaceId};
use crate::domain::time::Timestamp;

use super::event::{Decision, RequestFacts};
use super::kind::Kind;
use super::segments::{self, Lines};

/// A request, and what was decided about it.
#[derive(Debug, Deserialize)]
pub struct Decided {
    /// When.
    pub at: Timestamp,
    /// Where.
    pub workspace: Option<WorkspaceId>,
    /// Who.
    pub engineer: Option<EngineerId>,
    /// In which session.
    pub session: Option<SessionId>,
    /// On which grant.
    pub grant: Option<GrantId>,
    /// In which emergency.
    pub emergency: Option<EmergencyId>,
    /// The request.
    pub request: RequestFacts,
    /// The decision.
    pub decision: Decision,
}

/// The members that tell whether a line is the one.
#[derive(Deserialize)]
struct Line {
    kind: Kind,
    request: Option<Id>,
}

#[derive(Deserialize)]
struct Id {
    id: RequestId,
}

/// The decision about the request `id` in the journal in `dir`, the newest files first. A request that was permitted and
/// cut later has two: the first one counts.
///
/// # Errors
/// When there is no journal, or it cannot be read.
pub fn decided(dir: &Path, id: &RequestId) -> io::Result<Option<Decided>> {
    for segment in segments::existing(dir)?.iter().rev() {
        let mut lines = Lines::open(&segment.path)?;
        while let Some(line) = lines.next()? {
            let whole = line.whole().unwrap_or_default();
            // Looking at the bytes first spares the parser nearly every line.
            let mentioned = whole.windows(id.as_str().len()).any(|window| window == id.as_str().as_bytes());
            if mentioned && is_decision(whole, id) {
                return serde_json::from_slice(whole).map(Some).map_err(io::Error::other);
            }
        }
    }
    Ok(None)
}

fn is_decision(line: &[u8], id: &RequestId) -> bool {
    serde_json::from_slice::<Line>(line).is_ok_and(|line| {
        let about = line.request.is_some_and(|request| request.id == *id);
        about && matches!(line.kind, Kind::AccessPermitted | Kind::AccessRefused)
    })
}
