//! An engineer: support staff, known by the vendor's identity provider.
use std::collections::BTreeSet;

use serde::Serialize;
use utoipa::ToSchema;

use super::id::{Email, EngineerId};

/// Support staff as the identity provider last described them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Engineer {
    /// The `sub` of their staff identity.
    pub id: EngineerId,
    /// Their e-mail address.
    pub email: Email,
    /// Their name, as customers read it.
    pub name: String,
    /// The groups they are in: `Team`s in policies.
    pub groups: BTreeSet<String>,
    /// The organization they work for: the vendor's own, or a named partner's; empty when the vendor has but one.
    pub organization: String,
    /// Whether the vendor's directory has switched them off.
    pub disabled: bool,
}
