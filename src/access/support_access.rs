//! What a member sees of support access to their workspace.
use crate::domain::grant::Grant;
use crate::domain::id::WorkspaceId;
use crate::domain::time::Span;

use super::sessions::Shown;
use super::{Access, AccessError, Actor};

/// Where support access stands, and what may be chosen.
#[derive(Debug, Clone)]
pub struct Overview {
    /// Whether somebody could enter now.
    pub granted: bool,
    /// Why nothing can be granted, if so.
    pub excluded: Option<crate::domain::refusal::Code>,
    /// Grants that are live or still to come.
    pub grants: Vec<Grant>,
    /// Live sessions.
    pub sessions: Vec<Shown>,
    /// Durations to offer.
    pub presets: Vec<Span>,
    /// The one to select.
    pub default: Span,
    /// The longest.
    pub max: Span,
    /// The shortest that is advised.
    pub recommend_min: Span,
    /// Whether a grant may be without an end.
    pub until_revoked: bool,
}

/// The overview of one workspace. Members who may read.
///
/// # Errors
/// `not-found` for another tenant's workspace; by policy.
pub async fn overview(access: &Access, actor: &Actor, workspace: &WorkspaceId) -> Result<Overview, AccessError> {
    let _ = (access, actor, workspace);
    todo!()
}
