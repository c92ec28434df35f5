//! A grant: a member's consent that an engineer may use that member's own login, nobody else's.
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::id::{EngineerId, GrantId, MemberId, WorkspaceId};
use super::path_pattern::PathPattern;
use super::time::Timestamp;

/// How far the consent goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Access {
    /// Looking only.
    ReadOnly,
    /// Looking and changing.
    Full,
}

impl Access {
    /// The word in the API, in headers and in policies.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ReadOnly => "read_only",
            Self::Full => "full",
        }
    }
}

/// How the consent was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// The member granted by themselves.
    Direct,
    /// The member approved an engineer's access request.
    Approval,
    /// The member asked for help, and that was the consent.
    SupportRequest,
}

/// Where a grant stands at some moment: computed, never stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Its window has not begun.
    NotYet,
    /// Its window is open.
    Live,
    /// Its window is over.
    Ended,
    /// It was revoked.
    Revoked,
}

/// A member's consent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// Its id.
    pub id: GrantId,
    /// The workspace it opens.
    pub workspace: WorkspaceId,
    /// The member who consented, and whose login it lends.
    pub subject: MemberId,
    /// How far it goes.
    pub access: Access,
    /// How it was given.
    pub origin: Origin,
    /// When it begins.
    pub starts_at: Timestamp,
    /// When it ends; none: until revoked.
    pub expires_at: Option<Timestamp>,
    /// The engineers it names; none: any.
    pub engineers: Option<Vec<EngineerId>>,
    /// The groups it names; none: any.
    pub groups: Option<Vec<String>>,
    /// The organization it names; none: any.
    pub organization: Option<String>,
    /// The case it was given for.
    pub ticket: Option<String>,
    /// What it was given for.
    pub purpose: Option<String>,
    /// The paths it opens; none: all.
    pub scope: Option<Vec<PathPattern>>,
    /// When it was given.
    pub created_at: Timestamp,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
    /// Who revoked it, in words: a member's id, `operator:NAME` or `forced-sso`.
    pub revoked_by: Option<String>,
    /// Counts its changes: a session-bound assertion is signed anew for each.
    pub revision: u64,
}

impl Grant {
    /// The one case that it is for: its ticket, where it came with a support request.
    #[must_use]
    pub fn case(&self) -> Option<&str> {
        match self.origin {
            Origin::SupportRequest => self.ticket.as_deref(),
            Origin::Direct | Origin::Approval => None,
        }
    }

    /// Where it stands at `now`.
    #[must_use]
    pub fn standing(&self, now: Timestamp) -> Standing {
        if self.revoked_at.is_some() {
            Standing::Revoked
        } else if self.expires_at.is_some_and(|end| end <= now) {
            Standing::Ended
        } else if now < self.starts_at {
            Standing::NotYet
        } else {
            Standing::Live
        }
    }
}
