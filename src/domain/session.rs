//! A session: one engineer in one workspace as one subject on exactly one basis. It gives no right by itself.
use std::sync::Arc;

use super::emergency::Emergency;
use super::grant::{Access, Grant};
use super::id::{EmergencyId, EngineerId, GrantId, MemberId, MemberKey, SessionId, WorkspaceId};
use super::refusal::Code;
use super::time::Timestamp;

/// The consent, or its exceptional absence, that a session stands on.
#[derive(Debug, Clone)]
pub enum Basis {
    /// A member's consent.
    Grant(Arc<Grant>),
    /// An approved emergency.
    Emergency(Arc<Emergency>),
}

/// What a session is to stand on, lent for a look.
#[derive(Debug, Clone, Copy)]
pub enum BasisRef<'a> {
    /// A member's consent.
    Grant(&'a Grant),
    /// An approved emergency.
    Emergency(&'a Emergency),
}

/// What a session stands on, by name.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum BasisId {
    /// A member's consent.
    Grant(GrantId),
    /// An approved emergency.
    Emergency(EmergencyId),
}

impl BasisId {
    /// The grant; none: it is an emergency.
    #[must_use]
    pub const fn grant(&self) -> Option<&GrantId> {
        match self {
            Self::Grant(id) => Some(id),
            Self::Emergency(_) => None,
        }
    }

    /// The emergency; none: it is a grant.
    #[must_use]
    pub const fn emergency(&self) -> Option<&EmergencyId> {
        match self {
            Self::Grant(_) => None,
            Self::Emergency(id) => Some(id),
        }
    }

    /// What requests are refused with once it is over.
    #[must_use]
    pub const fn over(&self) -> Code {
        match self {
            Self::Grant(_) => Code::GrantEnded,
            Self::Emergency(_) => Code::EmergencyEnded,
        }
    }

    /// The word in the API and in metrics, as in [`Basis::mode`].
    #[must_use]
    pub const fn mode(&self) -> &'static str {
        match self {
            Self::Grant(_) => "consented",
            Self::Emergency(_) => "emergency",
        }
    }
}

impl Basis {
    /// Its name.
    #[must_use]
    pub fn id(&self) -> BasisId {
        match self {
            Self::Grant(grant) => BasisId::Grant(grant.id.clone()),
            Self::Emergency(emergency) => BasisId::Emergency(emergency.id.clone()),
        }
    }

    /// A look at it.
    #[must_use]
    pub fn as_ref(&self) -> BasisRef<'_> {
        match self {
            Self::Grant(grant) => BasisRef::Grant(grant),
            Self::Emergency(emergency) => BasisRef::Emergency(emergency),
        }
    }

    /// The member whose login it lends.
    #[must_use]
    pub fn subject(&self) -> &MemberId {
        match self {
            Self::Grant(grant) => &grant.subject,
            Self::Emergency(emergency) => &emergency.subject,
        }
    }

    /// The same member, as the whole system knows them.
    #[must_use]
    pub fn subject_key(&self) -> MemberKey {
        let workspace = match self {
            Self::Grant(grant) => grant.workspace.clone(),
            Self::Emergency(emergency) => emergency.workspace.clone(),
        };
        MemberKey { workspace, id: self.subject().clone() }
    }

    /// How far the engineer may go: emergencies are full.
    #[must_use]
    pub fn access(&self) -> Access {
        match self {
            Self::Grant(grant) => grant.access,
            Self::Emergency(_) => Access::Full,
        }
    }

    /// The grant; none: it is an emergency.
    #[must_use]
    pub fn grant(&self) -> Option<&Grant> {
        match self {
            Self::Grant(grant) => Some(grant),
            Self::Emergency(_) => None,
        }
    }

    /// The word of `X-Chaperone-Mode` and of the assertion.
    #[must_use]
    pub const fn mode(&self) -> &'static str {
        match self {
            Self::Grant(_) => "consented",
            Self::Emergency(_) => "emergency",
        }
    }

    /// When the basis ends by itself.
    #[must_use]
    pub fn expires_at(&self) -> Option<Timestamp> {
        match self {
            Self::Grant(grant) => grant.expires_at,
            Self::Emergency(emergency) => Some(emergency.expires_at),
        }
    }
}

/// Why and when a session ended; kept for 24 hours so that the engineer is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// When.
    pub at: Timestamp,
    /// The code that a request of this session is refused with from then on.
    pub cause: Code,
}

/// One engineer in one workspace as one subject.
#[derive(Debug, Clone)]
pub struct Session {
    /// Its id; its token is known only to the engineer, and to us as a hash.
    pub id: SessionId,
    /// Where.
    pub workspace: WorkspaceId,
    /// As whom.
    pub subject: MemberId,
    /// Who.
    pub engineer: EngineerId,
    /// What it stands on.
    pub basis: BasisId,
    /// Why, in the engineer's words.
    pub reason: String,
    /// The case it is for.
    pub ticket: Option<String>,
    /// When it began.
    pub started_at: Timestamp,
    /// Its absolute end.
    pub expires_at: Timestamp,
    /// The last request that it made, as far as the store knows.
    pub last_seen_at: Timestamp,
    /// When the engineer last proved a second factor, if the identity provider says.
    pub mfa_at: Option<Timestamp>,
    /// The thumbprint (RFC 7638) of the issuer's key that signed the sign-in by which it began: when the issuer withdraws
    /// the key, it ends. None where no token was presented.
    pub signed_by: Option<String>,
    /// How it ended, if it did.
    pub ended: Option<Ended>,
}
