//! A data-plane question: what stays the same during a session is built once, the rest per request.
use std::fmt::Display;
use std::sync::Arc;

use crate::domain::engineer::Engineer;
use crate::domain::member::Member;
use crate::domain::session::{Basis, Session};
use crate::domain::workspace::Workspace;

use super::decisions::Decisions;
use super::facts::{AskedFacts, BasisFacts, FixedFacts, HttpFacts};
use super::in_cedar::InCedar;
use super::question::Asked;
use super::vocabulary::PreparedError;
use super::warm::Warm;

/// What the decisions of one session stand on.
#[derive(Debug, Clone)]
pub struct Nouns {
    /// Who asks.
    pub engineer: Arc<Engineer>,
    /// Where.
    pub workspace: Arc<Workspace>,
    /// The member whose login the session lends: its role is a fact of the grant too.
    pub subject: Arc<Member>,
    /// The session.
    pub session: Arc<Session>,
    /// What it stands on.
    pub basis: Basis,
}

/// The facts of a session that stay the same between two of its requests, as the trail keeps them and, while the session
/// is one of those decided on lately, in Cedar's words.
#[derive(Debug)]
pub struct Prepared {
    nouns: Nouns,
    in_cedar: Warm<InCedar>,
    decisions: Decisions,
    /// The fixed facts as a JSON object without its closing brace.
    facts: String,
}

impl Prepared {
    /// Prepares the facts of one session.
    ///
    /// # Errors
    /// When the facts do not fit the schema, or the session is another engineer's: let nothing pass then.
    pub fn new(nouns: Nouns) -> Result<Self, PreparedError> {
        let Nouns { engineer, workspace, subject, session, basis } = &nouns;
        if session.engineer != engineer.id {
            let (session, engineer) = (session.id.to_string(), engineer.id.to_string());
            return Err(PreparedError::AnotherEngineer { session, engineer });
        }
        let facts = FixedFacts {
            engineer: engineer.as_ref().into(),
            workspace: workspace.as_ref().into(),
            subject: subject.as_ref().into(),
            session: session.as_ref().into(),
            basis: BasisFacts::from(basis.as_ref()),
        };
        let mut facts = serde_json::to_string(&facts).map_err(PreparedError::facts)?;
        facts.pop();
        facts.shrink_to_fit();
        let in_cedar = Warm::new(InCedar::new(&nouns)?);
        Ok(Self { in_cedar, decisions: Decisions::new(basis), facts, nouns })
    }

    /// The facts in Cedar's words: as they were made before, unless many others were needed since.
    pub(super) fn in_cedar(&self) -> Result<Arc<InCedar>, PreparedError> {
        self.in_cedar.get_or(|| InCedar::new(&self.nouns))
    }

    /// What was permitted lately.
    pub(super) fn decisions(&self) -> &Decisions {
        &self.decisions
    }

    /// The facts as one JSON object.
    pub(super) fn facts(&self, asked: &Asked<'_>) -> String {
        let http = &asked.http;
        let changing = AskedFacts {
            action: http.effect.action(),
            now: asked.now,
            last_seen_at: asked.last_seen_at,
            chained: asked.chained,
            covers_path: asked.covers_path,
            http: HttpFacts {
                method: http.method,
                host: http.host,
                path: http.path,
                effect: http.effect.as_str(),
                labels: http.labels.iter().map(AsRef::as_ref).collect(),
                ip: http.ip.to_canonical(),
            },
        };
        join(&self.facts, &changing)
    }
}

/// Two objects as one: `open` lacks its closing brace, `rest` brings it.
fn join(open: &str, rest: &AskedFacts<'_>) -> String {
    let mut joined = Vec::with_capacity(open.len() + 512);
    joined.extend_from_slice(open.as_bytes());
    let written = serde_json::to_writer(&mut joined, rest);
    if let Some(brace) = joined.get_mut(open.len()) {
        *brace = b',';
    }
    match (written, String::from_utf8(joined)) {
        (Ok(()), Ok(joined)) => joined,
        (Err(error), _) => unreadable(&error),
        (Ok(()), Err(error)) => unreadable(&error),
    }
}

/// What stands in the trail when facts cannot be written as JSON.
pub(super) fn unreadable(error: &impl Display) -> String {
    serde_json::json!({ "unreadable": error.to_string() }).to_string()
}
