//! A data-plane question: what stays the same during a session is built once, the rest per request.
use std::net::IpAddr;

use cedar_policy::{Context, Entities, EntityUid, Request, RestrictedExpression};

use crate::domain::engineer::Engineer;
use crate::domain::member::Member;
use crate::domain::session::{Basis, Session};
use crate::domain::time::Timestamp;
use crate::domain::workspace::Workspace;

use super::decisions::Decisions;
use super::entities::{self, Fact, flag, moment, record, reference, text, texts};
use super::facts::{AskedFacts, BasisFacts, FixedFacts, HttpFacts};
use super::memo::Memo;
use super::question::{Asked, Http};
use super::vocabulary::{PreparedError, Vocabulary};

/// The facts of a session that stay the same between two of its requests: its entities and the fixed part of the
/// context, built once when the session is read from the store.
#[derive(Debug)]
pub struct Prepared {
    words: &'static Vocabulary,
    entities: Entities,
    principal: EntityUid,
    resource: EntityUid,
    /// The session's record but for `last_seen_at`.
    session: Vec<Fact>,
    basis: PreparedBasis,
    /// `now`, which is `last_seen_at` of the next request.
    moments: Memo<Timestamp, 4>,
    addresses: Memo<IpAddr, 2>,
    decisions: Decisions,
    /// The fixed facts as a JSON object without its closing brace.
    facts: String,
}

/// The basis as a fact of the context.
#[derive(Debug)]
enum PreparedBasis {
    /// Both readings of `covers_path`: the one fact of a grant that changes between two requests.
    Grant {
        covered: RestrictedExpression,
        uncovered: RestrictedExpression,
    },
    Emergency(RestrictedExpression),
}

impl Prepared {
    /// Prepares the facts of one session. `subject` is the session's subject (its role is a fact of the grant too).
    ///
    /// # Errors
    /// When the facts do not fit the schema, or the session is another engineer's: let nothing pass then.
    pub fn new(
        engineer: &Engineer,
        workspace: &Workspace,
        subject: &Member,
        session: &Session,
        basis: &Basis,
    ) -> Result<Self, PreparedError> {
        if session.engineer != engineer.id {
            let (session, engineer) = (session.id.to_string(), engineer.id.to_string());
            return Err(PreparedError::AnotherEngineer { session, engineer });
        }
        let words = Vocabulary::get()?;
        let nouns = [
            entities::engineer(words, engineer)?,
            entities::workspace(words, workspace)?,
            entities::member(words, subject)?,
        ];
        let facts = FixedFacts {
            engineer: engineer.into(),
            workspace: workspace.into(),
            subject: subject.into(),
            session: session.into(),
            basis: BasisFacts::from(basis),
        };
        let mut facts = serde_json::to_string(&facts).map_err(PreparedError::facts)?;
        facts.pop();
        Ok(Self {
            words,
            entities: Entities::from_entities(nouns, Some(&words.schema)).map_err(PreparedError::facts)?,
            principal: words.engineer(engineer.id.as_str()),
            resource: words.workspace(workspace.id.as_str()),
            session: fixed_session(words, session),
            basis: PreparedBasis::new(words, basis)?,
            moments: Memo::new(),
            addresses: Memo::new(),
            decisions: Decisions::new(basis),
            facts,
        })
    }

    /// The entities of every request of this session.
    pub(super) fn entities(&self) -> &Entities {
        &self.entities
    }

    /// What was permitted lately.
    pub(super) fn decisions(&self) -> &Decisions {
        &self.decisions
    }

    /// The question for Cedar. It is built from typed values that fit the schema, so it is not checked against it
    /// again.
    pub(super) fn request(&self, asked: &Asked<'_>) -> Result<Request, PreparedError> {
        let last_seen_at = self.moment("last_seen_at", asked.last_seen_at);
        let context = Context::from_pairs([
            self.moment("now", asked.now),
            flag("chained", asked.chained),
            self.http(&asked.http)?,
            record("session", self.session.iter().cloned().chain([last_seen_at]))?,
            self.basis.fact(asked.covers_path),
        ])
        .map_err(PreparedError::facts)?;
        let action = self.words.action(asked.http.effect.action());
        Request::new(self.principal.clone(), action, self.resource.clone(), context, None).map_err(PreparedError::facts)
    }

    fn moment(&self, name: &str, at: Timestamp) -> Fact {
        (name.to_owned(), self.moments.recall(at, entities::datetime))
    }

    fn http(&self, http: &Http<'_>) -> Result<Fact, PreparedError> {
        record(
            "http",
            [
                text("method", http.method),
                text("host", http.host),
                text("path", http.path),
                text("effect", http.effect.as_str()),
                texts("labels", http.labels.iter().map(AsRef::as_ref)),
                ("ip".to_owned(), self.addresses.recall(http.ip, entities::address)),
            ],
        )
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
    let rest = serde_json::to_string(rest).unwrap_or_else(|error| unreadable(&error));
    let rest = rest.strip_prefix('{').unwrap_or("}");
    format!("{open},{rest}")
}

/// What stands in the trail when facts cannot be written as JSON.
pub(super) fn unreadable(error: &serde_json::Error) -> String {
    serde_json::json!({ "unreadable": error.to_string() }).to_string()
}

impl PreparedBasis {
    fn new(words: &Vocabulary, basis: &Basis) -> Result<Self, PreparedError> {
        match basis {
            Basis::Grant(grant) => {
                let fixed = entities::grant(words, grant);
                let with = |covers| record("grant", fixed.iter().cloned().chain([flag("covers_path", covers)]));
                Ok(Self::Grant { covered: with(true)?.1, uncovered: with(false)?.1 })
            }
            Basis::Emergency(emergency) => {
                Ok(Self::Emergency(record("emergency", entities::emergency(words, emergency))?.1))
            }
        }
    }

    fn fact(&self, covers_path: bool) -> Fact {
        match self {
            Self::Grant { covered, .. } if covers_path => ("grant".to_owned(), covered.clone()),
            Self::Grant { uncovered, .. } => ("grant".to_owned(), uncovered.clone()),
            Self::Emergency(emergency) => ("emergency".to_owned(), emergency.clone()),
        }
    }
}

fn fixed_session(words: &Vocabulary, session: &Session) -> Vec<Fact> {
    let mut facts = vec![
        reference("subject", entities::subject(words, &session.workspace, &session.subject)),
        moment("started_at", session.started_at),
        text("reason", &session.reason),
    ];
    facts.extend(session.mfa_at.map(|at| moment("mfa_at", at)));
    facts.extend(session.ticket.as_ref().map(|ticket| text("ticket", ticket)));
    facts
}
