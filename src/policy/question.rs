//! What is asked, in typed facts: never JSON on the way in.
use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;

use crate::domain::action::ControlAction;
use crate::domain::effect::Effect;
use crate::domain::engineer::Engineer;
use crate::domain::grant::{Access, Grant};
use crate::domain::id::MemberId;
use crate::domain::member::Member;
use crate::domain::session::BasisRef;
use crate::domain::time::{Span, Timestamp};
use crate::domain::workspace::Workspace;

/// The facts of one request: the changing part.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// Read once per request.
    pub now: Timestamp,
    /// The session's last request before this one.
    pub last_seen_at: Timestamp,
    /// What is asked for.
    pub http: Http<'a>,
    /// Whether the grant's scope covers the path; true for a grant without a scope and for emergencies.
    pub covers_path: bool,
    /// Whether the engineer already acts as somebody else behind another gate.
    pub chained: bool,
}

/// What is asked for, as policies see it.
#[derive(Debug, Clone, Copy)]
pub struct Http<'a> {
    /// The method.
    pub method: &'a str,
    /// The host, in lower case, without a port.
    pub host: &'a str,
    /// The canonical path, decoded.
    pub path: &'a str,
    /// What it does.
    pub effect: Effect,
    /// The names of the path.
    pub labels: &'a BTreeSet<Arc<str>>,
    /// The client's address.
    pub ip: IpAddr,
}

/// Who asks in the control plane.
#[derive(Debug, Clone, Copy)]
pub enum Principal<'a> {
    /// A customer's user.
    Member(&'a Member),
    /// Support staff.
    Engineer(&'a Engineer),
}

/// The facts beside principal and workspace.
#[derive(Debug, Clone, Copy)]
pub enum ControlFacts<'a> {
    /// A member's action: `context: Consent` in the schema.
    Consent {
        /// Whether the caller is somebody else in that member's login.
        impersonated: bool,
        /// What the consent gives, and whose it is.
        terms: Terms<'a>,
    },
    /// An engineer begins a session.
    Start(SessionStart<'a>),
    /// An engineer's work around access.
    Work(Work<'a>),
}

/// The facts of an engineer's work around access: `context: Work` in the schema.
#[derive(Debug, Clone, Copy, Default)]
pub struct Work<'a> {
    /// The access that is asked for.
    pub access: Option<Access>,
    /// How long it would last.
    pub lasts: Option<Span>,
    /// Why, in the engineer's words.
    pub reason: Option<&'a str>,
    /// The case it is for.
    pub ticket: Option<&'a str>,
    /// The member whose login it is about.
    pub subject: Option<&'a Member>,
    /// The engineer who declared the emergency.
    pub declared_by: Option<&'a Engineer>,
    /// Which kind of emergency it is: one of the configured codes.
    pub reason_code: Option<&'a str>,
    /// Whether the engineer's last emergency awaits its review.
    pub unreviewed: bool,
}

/// What a consent gives, and whose it is; nothing for an act that gives none and is about nobody in particular.
#[derive(Debug, Clone, Copy, Default)]
pub struct Terms<'a> {
    /// The access that it gives, if it gives any.
    pub access: Option<Access>,
    /// How long it lasts in all; none: until revoked.
    pub lasts: Option<Span>,
    /// The organization that it names.
    pub organization: Option<&'a str>,
    /// What it is for.
    pub purpose: Option<&'a str>,
    /// The member of the workspace whose login it is about.
    pub subject: Option<&'a MemberId>,
}

impl<'a> Terms<'a> {
    /// Those of a grant.
    #[must_use]
    pub fn of(grant: &'a Grant) -> Self {
        Self {
            access: Some(grant.access),
            lasts: grant.expires_at.map(|end| end.since(grant.starts_at)),
            organization: grant.organization.as_deref(),
            purpose: grant.purpose.as_deref(),
            subject: Some(&grant.subject),
        }
    }

    /// Those of an act about that member's login, which gives nothing.
    #[must_use]
    pub fn about(subject: &'a MemberId) -> Self {
        Self { subject: Some(subject), ..Self::default() }
    }
}

/// The facts of a session's beginning.
#[derive(Debug, Clone, Copy)]
pub struct SessionStart<'a> {
    /// What it would stand on, and whose login that lends; none: the customer granted nothing.
    pub basis: Option<(BasisRef<'a>, &'a Member)>,
    /// Whether the engineer's own token says that they act for somebody else.
    pub chained: bool,
    /// Why, in the engineer's words.
    pub reason: &'a str,
    /// The case it is for.
    pub ticket: Option<&'a str>,
}

/// One control-plane question.
#[derive(Debug, Clone, Copy)]
pub struct ControlQuestion<'a> {
    /// Who asks.
    pub principal: Principal<'a>,
    /// What they want.
    pub action: ControlAction,
    /// Where.
    pub workspace: &'a Workspace,
    /// Read once per call.
    pub now: Timestamp,
    /// The facts beside.
    pub facts: ControlFacts<'a>,
}

/// What was decided and on which facts: enough to decide it again (promise 10).
#[derive(Debug, Clone)]
pub struct DecisionRecord {
    /// Whether it was permitted.
    pub allow: bool,
    /// The leading code of a refusal.
    pub code: Option<String>,
    /// The ids of the policies that decided, sorted.
    pub policies: Arc<[Arc<str>]>,
    /// The bundle's digest.
    pub bundle: Arc<str>,
    /// The facts, as one JSON object.
    pub facts: String,
}
