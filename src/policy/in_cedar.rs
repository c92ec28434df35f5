//! A session's facts in Cedar's words, and each request as a question in them.
use std::net::IpAddr;

use cedar_policy::{Context, Entities, EntityUid, Request, RestrictedExpression};

use crate::domain::session::{Basis, Session};
use crate::domain::time::Timestamp;

use super::entities::{self, Fact, flag, moment, record, reference, text, texts};
use super::memo::Memo;
use super::prepared::Nouns;
use super::question::{Asked, Http};
use super::vocabulary::{PreparedError, Vocabulary};

/// What stays the same between two requests of a session: its entities and the fixed part of the context. It weighs some
/// ten kilobytes.
#[derive(Debug)]
pub(super) struct InCedar {
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

impl InCedar {
    /// # Errors
    /// When the facts do not fit the schema.
    pub(super) fn new(nouns: &Nouns) -> Result<Self, PreparedError> {
        let words = Vocabulary::get()?;
        let Nouns { engineer, workspace, subject, session, basis } = nouns;
        let (principal, resource) = (words.engineer(engineer.id.as_str()), words.workspace(workspace.id.as_str()));
        let nouns = [
            entities::engineer(words, engineer)?,
            entities::workspace(words, workspace)?,
            entities::member(words, subject)?,
        ];
        Ok(Self {
            words,
            entities: Entities::from_entities(nouns, Some(&words.schema)).map_err(PreparedError::facts)?,
            principal,
            resource,
            session: fixed_session(words, session),
            basis: PreparedBasis::new(words, basis)?,
            moments: Memo::new(),
            addresses: Memo::new(),
        })
    }

    /// The entities of every request of this session.
    pub(super) fn entities(&self) -> &Entities {
        &self.entities
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
