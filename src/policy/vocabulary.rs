//! The words of the schema as Cedar knows them: entity types, uids, and the parsed schema itself.
use std::fmt::Display;
use std::str::FromStr;
use std::sync::LazyLock;

use cedar_policy::{EntityId, EntityTypeName, EntityUid, Schema};

use crate::domain::id::MemberKey;

use super::load::SCHEMA;

/// Why facts could not be put into Cedar's words. Nothing passes then.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PreparedError {
    /// A fault of the program: the schema inside it is broken.
    #[error("the schema of this build is broken: {0}")]
    Schema(String),
    /// Cedar does not take the facts.
    #[error("the facts of this decision do not fit the schema: {0}")]
    Facts(String),
    /// The session was given with facts of another engineer.
    #[error("session `{session}` belongs to another engineer than `{engineer}`")]
    AnotherEngineer {
        /// The session.
        session: String,
        /// The engineer whose facts were given.
        engineer: String,
    },
}

impl PreparedError {
    /// What Cedar says about facts that it does not take.
    pub(super) fn facts(cause: impl Display) -> Self {
        Self::Facts(cause.to_string())
    }
}

/// The schema and the names in it, parsed once.
#[derive(Debug)]
pub(super) struct Vocabulary {
    /// What policies may speak of.
    pub schema: Schema,
    engineer: EntityTypeName,
    team: EntityTypeName,
    workspace: EntityTypeName,
    member: EntityTypeName,
    action: EntityTypeName,
}

static VOCABULARY: LazyLock<Result<Vocabulary, PreparedError>> = LazyLock::new(Vocabulary::parse);

impl Vocabulary {
    /// The one vocabulary of this build.
    pub(super) fn get() -> Result<&'static Self, PreparedError> {
        VOCABULARY.as_ref().map_err(Clone::clone)
    }

    fn parse() -> Result<Self, PreparedError> {
        let name = |word| EntityTypeName::from_str(word).map_err(|e| PreparedError::Schema(e.to_string()));
        Ok(Self {
            schema: Schema::from_str(SCHEMA).map_err(|e| PreparedError::Schema(e.to_string()))?,
            engineer: name("Engineer")?,
            team: name("Team")?,
            workspace: name("Workspace")?,
            member: name("Member")?,
            action: name("Action")?,
        })
    }

    /// `Engineer::"ada"`
    pub(super) fn engineer(&self, id: &str) -> EntityUid {
        uid(&self.engineer, id)
    }

    /// `Team::"support"`
    pub(super) fn team(&self, name: &str) -> EntityUid {
        uid(&self.team, name)
    }

    /// `Workspace::"acme"`
    pub(super) fn workspace(&self, id: &str) -> EntityUid {
        uid(&self.workspace, id)
    }

    /// `Member::"acme/olga"`: the same id in two workspaces is two members (contract, section 1).
    pub(super) fn member(&self, key: &MemberKey) -> EntityUid {
        uid(&self.member, &key.to_string())
    }

    /// `Action::"Read"`
    pub(super) fn action(&self, name: &str) -> EntityUid {
        uid(&self.action, name)
    }
}

fn uid(kind: &EntityTypeName, id: &str) -> EntityUid {
    EntityUid::from_type_name_and_id(kind.clone(), EntityId::new(id))
}
