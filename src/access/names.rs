//! What things are called that an engineer came across: ids are for programs.
use std::collections::{BTreeMap, BTreeSet};

use crate::domain::id::{EngineerId, WorkspaceId};
use crate::store::{engineers, workspaces};

use super::permission::engineer;
use super::{Access, AccessError, Actor};

/// Whose names are asked for, then known.
#[derive(Debug, Clone, Default)]
pub struct Names {
    workspaces: BTreeMap<WorkspaceId, String>,
    engineers: BTreeMap<EngineerId, String>,
}

impl Names {
    /// The name of a workspace; its id, where nobody knows it.
    #[must_use]
    pub fn workspace<'a>(&'a self, id: &'a WorkspaceId) -> &'a str {
        self.workspaces.get(id).map_or(id.as_str(), String::as_str)
    }

    /// The name of an engineer; their id, where nobody knows them.
    #[must_use]
    pub fn engineer<'a>(&'a self, id: &'a EngineerId) -> &'a str {
        self.engineers.get(id).map_or(id.as_str(), String::as_str)
    }
}

/// The names of these workspaces and engineers, those that are gone too. For engineers, of what they were shown already.
///
/// # Errors
/// `policy-denied` for anybody else.
pub async fn of(
    access: &Access,
    actor: &Actor,
    workspaces: impl Iterator<Item = &WorkspaceId>,
    engineers: impl Iterator<Item = &EngineerId>,
) -> Result<Names, AccessError> {
    engineer(actor)?;
    let (places, people): (BTreeSet<_>, BTreeSet<_>) = (workspaces.cloned().collect(), engineers.cloned().collect());
    let mut read = access.store.read().await?;
    let workspaces = workspaces::names(&mut read, &places).await?.into_iter().collect();
    let engineers = engineers::names(&mut read, &people).await?.into_iter().collect();
    Ok(Names { workspaces, engineers })
}
