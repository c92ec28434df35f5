//! The facts of a decision as the trail keeps them: enough to decide again.
//!
//! The same types are what `policy test` cases are written in, so that a recorded decision can become a test.
use std::collections::BTreeSet;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::domain::emergency::Emergency;
use crate::domain::engineer::Engineer;
use crate::domain::grant::{Access, Grant};
use crate::domain::id::{Email, EmergencyId, EngineerId, GrantId, MemberId, SessionId, WorkspaceId};
use crate::domain::member::{Member, Role};
use crate::domain::session::{BasisRef, Session};
use crate::domain::time::{Span, Timestamp};
use crate::domain::workspace::{EmergencyAccess, Plan, Workspace};

use super::question::Work;

/// An engineer.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EngineerFacts {
    pub id: EngineerId,
    pub email: Email,
    pub groups: BTreeSet<String>,
    pub organization: String,
}

impl From<&Engineer> for EngineerFacts {
    fn from(engineer: &Engineer) -> Self {
        Self {
            id: engineer.id.clone(),
            email: engineer.email.clone(),
            groups: engineer.groups.clone(),
            organization: engineer.organization.clone(),
        }
    }
}

/// A workspace.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WorkspaceFacts {
    pub id: WorkspaceId,
    pub plan: Plan,
    pub forced_sso: bool,
    pub region: String,
    pub emergency_access: EmergencyAccess,
    pub labels: BTreeSet<String>,
}

impl From<&Workspace> for WorkspaceFacts {
    fn from(workspace: &Workspace) -> Self {
        Self {
            id: workspace.id.clone(),
            plan: workspace.plan,
            forced_sso: workspace.forced_sso,
            region: workspace.region.clone(),
            emergency_access: workspace.emergency_access,
            labels: workspace.labels.clone(),
        }
    }
}

/// A member, of whichever workspace.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MemberFacts {
    pub workspace: WorkspaceId,
    pub id: MemberId,
    pub email: Email,
    pub role: Role,
}

impl From<&Member> for MemberFacts {
    fn from(member: &Member) -> Self {
        Self {
            workspace: member.workspace.clone(),
            id: member.id.clone(),
            email: member.email.clone(),
            role: member.role,
        }
    }
}

/// What stays the same in a session.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SessionFacts {
    pub id: SessionId,
    pub workspace: WorkspaceId,
    pub subject: MemberId,
    pub started_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mfa_at: Option<Timestamp>,
    pub reason: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ticket: Option<String>,
}

impl From<&Session> for SessionFacts {
    fn from(session: &Session) -> Self {
        Self {
            id: session.id.clone(),
            workspace: session.workspace.clone(),
            subject: session.subject.clone(),
            started_at: session.started_at,
            mfa_at: session.mfa_at,
            reason: session.reason.clone(),
            ticket: session.ticket.clone(),
        }
    }
}

/// A grant, as policies see it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct GrantFacts {
    pub id: GrantId,
    pub workspace: WorkspaceId,
    pub subject: MemberId,
    pub access: Access,
    pub starts_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    pub revoked: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub engineers: Option<Vec<EngineerId>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub groups: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub organization: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ticket: Option<String>,
}

impl From<&Grant> for GrantFacts {
    fn from(grant: &Grant) -> Self {
        Self {
            id: grant.id.clone(),
            workspace: grant.workspace.clone(),
            subject: grant.subject.clone(),
            access: grant.access,
            starts_at: grant.starts_at,
            expires_at: grant.expires_at,
            revoked: grant.revoked_at.is_some(),
            engineers: grant.engineers.clone(),
            groups: grant.groups.clone(),
            organization: grant.organization.clone(),
            ticket: grant.ticket.clone(),
        }
    }
}

/// An emergency, as policies see it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EmergencyFacts {
    pub id: EmergencyId,
    pub workspace: WorkspaceId,
    pub subject: MemberId,
    pub incident: String,
    pub reason_code: String,
    pub declared_by: EngineerId,
    pub approved_by: EngineerId,
    pub expires_at: Timestamp,
}

impl From<&Emergency> for EmergencyFacts {
    fn from(emergency: &Emergency) -> Self {
        Self {
            id: emergency.id.clone(),
            workspace: emergency.workspace.clone(),
            subject: emergency.subject.clone(),
            incident: emergency.incident.clone(),
            reason_code: emergency.reason_code.clone(),
            declared_by: emergency.declared_by.clone(),
            approved_by: emergency.approved_by.clone(),
            expires_at: emergency.expires_at,
        }
    }
}

/// What the session stands on: serialized as `"grant": {…}` or `"emergency": {…}`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum BasisFacts {
    Grant(GrantFacts),
    Emergency(EmergencyFacts),
}

impl From<BasisRef<'_>> for BasisFacts {
    fn from(basis: BasisRef<'_>) -> Self {
        match basis {
            BasisRef::Grant(grant) => Self::Grant(grant.into()),
            BasisRef::Emergency(emergency) => Self::Emergency(emergency.into()),
        }
    }
}

/// The part of a request's facts that stays the same during its session.
#[derive(Debug, Serialize)]
pub(super) struct FixedFacts {
    pub engineer: EngineerFacts,
    pub workspace: WorkspaceFacts,
    pub subject: MemberFacts,
    pub session: SessionFacts,
    #[serde(flatten)]
    pub basis: BasisFacts,
}

/// The part that changes with every request.
#[derive(Debug, Serialize)]
pub(super) struct AskedFacts<'a> {
    pub action: &'a str,
    pub now: Timestamp,
    pub last_seen_at: Timestamp,
    pub chained: bool,
    pub covers_path: bool,
    pub http: HttpFacts<'a>,
}

/// What is asked for.
#[derive(Debug, Serialize)]
pub(super) struct HttpFacts<'a> {
    pub method: &'a str,
    pub host: &'a str,
    pub path: &'a str,
    pub effect: &'a str,
    pub labels: Vec<&'a str>,
    pub ip: IpAddr,
}

/// The facts of a member's act.
#[derive(Debug, Serialize)]
pub(super) struct ConsentFacts<'a> {
    pub impersonated: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access: Option<Access>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lasts: Option<Span>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub organization: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub purpose: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub own: Option<bool>,
}

/// The facts of an engineer's work around access.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WorkFacts {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access: Option<Access>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lasts: Option<Span>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ticket: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<MemberFacts>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub declared_by: Option<EngineerFacts>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason_code: Option<String>,
    pub unreviewed: bool,
}

impl From<&Work<'_>> for WorkFacts {
    fn from(work: &Work<'_>) -> Self {
        Self {
            access: work.access,
            lasts: work.lasts,
            reason: work.reason.map(ToOwned::to_owned),
            ticket: work.ticket.map(ToOwned::to_owned),
            subject: work.subject.map(Into::into),
            declared_by: work.declared_by.map(Into::into),
            reason_code: work.reason_code.map(ToOwned::to_owned),
            unreviewed: work.unreviewed,
        }
    }
}

/// The facts of a session's beginning.
#[derive(Debug, Serialize)]
pub(super) struct StartFacts<'a> {
    pub chained: bool,
    pub reason: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ticket: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<MemberFacts>,
    #[serde(flatten)]
    pub basis: Option<BasisFacts>,
}
