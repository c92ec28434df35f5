//! What is asked, in typed facts: never JSON on the way in.
use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;

use crate::domain::action::ControlAction;
use crate::domain::effect::Effect;
use crate::domain::engineer::Engineer;
use crate::domain::grant::{Access, Grant};
use crate::domain::member::Member;
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
        /// The access that the consent gives, if it gives any.
        access: Option<Access>,
        /// How long it lasts in all; none: until revoked.
        lasts: Option<Span>,
    },
    /// An engineer begins a session.
    Start(SessionStart<'a>),
}

/// The facts of a session's beginning.
#[derive(Debug, Clone, Copy)]
pub struct SessionStart<'a> {
    /// The grant it would stand on; none: the customer granted nothing.
    pub grant: Option<(&'a Grant, &'a Member)>,
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
