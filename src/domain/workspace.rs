//! A workspace: one customer's tenant of the protected app.
use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::id::WorkspaceId;

/// What the customer pays for; policies may ask it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Plan {
    /// Pays nothing.
    Free,
    /// The middle plan.
    Team,
    /// The plan with the trail, in the segment profile.
    Business,
}

impl Plan {
    /// The word in the API and in policies.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Free => "free",
            Self::Team => "team",
            Self::Business => "business",
        }
    }
}

/// Whether emergencies may reach this workspace; a customer can contract them away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EmergencyAccess {
    /// Emergencies may be declared.
    #[default]
    Allowed,
    /// No emergency ever reaches this workspace.
    Never,
}

impl EmergencyAccess {
    /// The word in the API and in policies.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Allowed => "allowed",
            Self::Never => "never",
        }
    }
}

/// One customer's tenant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Workspace {
    /// Its id.
    pub id: WorkspaceId,
    /// Its name, as people read it.
    pub name: String,
    /// What the customer pays for.
    pub plan: Plan,
    /// Whether members must sign in through their own identity provider, which excludes support access.
    pub forced_sso: bool,
    /// Where its data lives; empty when the vendor does not say.
    pub region: String,
    /// Whether emergencies may reach it.
    pub emergency_access: EmergencyAccess,
    /// Names that policies may use.
    pub labels: BTreeSet<String>,
}
