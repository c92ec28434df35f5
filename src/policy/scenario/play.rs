//! From a case to a question, and from the answer to an outcome.
use std::sync::Arc;

use crate::domain::action::{ControlAction, JudgedBy};
use crate::domain::effect::Effect;
use crate::domain::emergency::Emergency;
use crate::domain::engineer::Engineer;
use crate::domain::grant::{Grant, Origin};
use crate::domain::id::MemberId;
use crate::domain::member::Member;
use crate::domain::session::{Basis, BasisId, BasisRef, Session};
use crate::domain::workspace::Workspace;
use crate::policy::facts::{EmergencyFacts, EngineerFacts, GrantFacts, MemberFacts, WorkFacts, WorkspaceFacts};
use crate::policy::{
    Asked, Bundle, ControlFacts, ControlQuestion, DecisionRecord, Http, Nouns, Prepared, Principal, Refused,
    SessionStart, Terms, Work, decide_access, decide_control,
};

use super::case::{Action, BasisKind, Case, Decision, Outcome};

/// What was decided: a permission, or a refusal.
pub(in crate::policy) type Decided = Result<DecisionRecord, Box<Refused>>;

/// Decides the case.
pub(super) fn play(bundle: &Bundle, case: &Case) -> Result<Outcome, String> {
    Ok(match decide(bundle, case)? {
        Ok(decision) => allowed(&decision),
        Err(refused) => denied(&refused),
    })
}

/// Puts the case to the policies, through the doors that everything goes through.
pub(in crate::policy) fn decide(bundle: &Bundle, case: &Case) -> Result<Decided, String> {
    match case.action {
        Action::Data(effect) => {
            let answer = decide_access(bundle, &prepare(case)?, &asked(case, effect));
            Ok(answer.map(|permit| permit.decision().clone()))
        }
        Action::Control(action) => with_question(case, action, |question| {
            decide_control(bundle, &question).map(|given| given.decision().clone())
        }),
    }
}

/// The facts that stay the same in the case's session.
pub(super) fn prepare(case: &Case) -> Result<Prepared, String> {
    let engineer = engineer(&case.engineer);
    let basis = match case.basis {
        BasisKind::Grant => Basis::Grant(Arc::new(grant(case))),
        BasisKind::Emergency => Basis::Emergency(Arc::new(emergency(&case.emergency))),
        BasisKind::None => return Err("a session always has a basis: use `StartSession` without one".to_owned()),
    };
    let nouns = Nouns {
        session: Arc::new(session(case, &engineer)),
        engineer: Arc::new(engineer),
        workspace: Arc::new(workspace(&case.workspace)),
        subject: Arc::new(member(&case.subject)),
        basis,
    };
    Prepared::new(nouns).map_err(|error| error.to_string())
}

/// The facts of the case's request.
pub(super) fn asked(case: &Case, effect: Effect) -> Asked<'_> {
    let http = &case.http;
    Asked {
        now: case.at,
        last_seen_at: case.last_seen_at,
        http: Http {
            method: &http.method,
            host: &http.host,
            path: &http.path,
            effect,
            labels: &http.labels,
            ip: http.ip,
        },
        covers_path: case.covers_path,
        chained: case.chained,
    }
}

/// Puts the case's question to `ask`.
pub(super) fn with_question<T>(
    case: &Case,
    action: ControlAction,
    ask: impl FnOnce(ControlQuestion<'_>) -> T,
) -> Result<T, String> {
    let (engineer, member, subject) = (engineer(&case.engineer), member(&case.member), member(&case.subject));
    let (workspace, grant, emergency) = (workspace(&case.workspace), grant(case), emergency(&case.emergency));
    let other = somebody_else(&member.id)?;
    let (asked_of, declarer) =
        (case.work.subject.as_ref().map(self::member), case.work.declared_by.as_ref().map(self::engineer));
    let (principal, facts) = match action.judged_by() {
        JudgedBy::Start => {
            let basis = match case.basis {
                BasisKind::Grant => Some(BasisRef::Grant(&grant)),
                BasisKind::Emergency => Some(BasisRef::Emergency(&emergency)),
                BasisKind::None => None,
            };
            let basis = basis.map(|basis| (basis, &subject));
            let (reason, ticket) = (&case.session.reason, case.session.ticket.as_deref());
            let start = SessionStart { basis, chained: case.chained, reason, ticket };
            (Principal::Engineer(&engineer), ControlFacts::Start(start))
        }
        JudgedBy::Consent => {
            let (organization, purpose) = (case.organization.as_deref(), case.purpose.as_deref());
            let subject = case.own.map(|own| if own { &member.id } else { &other });
            let terms = Terms { access: case.access, lasts: case.lasts, organization, purpose, subject };
            (Principal::Member(&member), ControlFacts::Consent { impersonated: case.impersonated, terms })
        }
        JudgedBy::Work => {
            let work = work(&case.work, asked_of.as_ref(), declarer.as_ref());
            (Principal::Engineer(&engineer), ControlFacts::Work(work))
        }
    };
    Ok(ask(ControlQuestion { principal, action, workspace: &workspace, now: case.at, facts }))
}

/// The id of a member who is not this one: no policy can tell which.
fn somebody_else(member: &MemberId) -> Result<MemberId, String> {
    let id = if member.as_str() == "nobody" { "somebody" } else { "nobody" };
    id.parse().map_err(|_| format!("`{id}` is no id of a member"))
}

fn allowed(decision: &DecisionRecord) -> Outcome {
    let policies = decision.policies.iter().map(ToString::to_string).collect();
    Outcome { decision: Decision::Allow, code: None, policies, also: Vec::new() }
}

fn denied(refused: &Refused) -> Outcome {
    let refusal = &refused.refusal;
    Outcome {
        decision: Decision::Deny,
        code: Some(refusal.code.to_string()),
        policies: refusal.policy.iter().cloned().collect(),
        also: refusal.also.iter().map(ToString::to_string).collect(),
    }
}

pub(super) fn engineer(facts: &EngineerFacts) -> Engineer {
    Engineer {
        id: facts.id.clone(),
        email: facts.email.clone(),
        name: facts.id.to_string(),
        groups: facts.groups.clone(),
        organization: facts.organization.clone(),
        disabled: false,
    }
}

fn workspace(facts: &WorkspaceFacts) -> Workspace {
    Workspace {
        id: facts.id.clone(),
        name: facts.id.to_string(),
        plan: facts.plan,
        forced_sso: facts.forced_sso,
        region: facts.region.clone(),
        emergency_access: facts.emergency_access,
        labels: facts.labels.clone(),
    }
}

fn member(facts: &MemberFacts) -> Member {
    Member { workspace: facts.workspace.clone(), id: facts.id.clone(), email: facts.email.clone(), role: facts.role }
}

fn session(case: &Case, engineer: &Engineer) -> Session {
    let facts = &case.session;
    Session {
        id: facts.id.clone(),
        workspace: facts.workspace.clone(),
        subject: facts.subject.clone(),
        engineer: engineer.id.clone(),
        basis: basis_id(case),
        reason: facts.reason.clone(),
        ticket: facts.ticket.clone(),
        started_at: facts.started_at,
        expires_at: case.at,
        last_seen_at: case.last_seen_at,
        mfa_at: facts.mfa_at,
        signed_by: None,
        ended: None,
    }
}

fn basis_id(case: &Case) -> BasisId {
    match case.basis {
        BasisKind::Grant | BasisKind::None => BasisId::Grant(case.grant.id.clone()),
        BasisKind::Emergency => BasisId::Emergency(case.emergency.id.clone()),
    }
}

fn grant(case: &Case) -> Grant {
    let facts: &GrantFacts = &case.grant;
    Grant {
        id: facts.id.clone(),
        workspace: facts.workspace.clone(),
        subject: facts.subject.clone(),
        access: facts.access,
        origin: Origin::Direct,
        starts_at: facts.starts_at,
        expires_at: facts.expires_at,
        engineers: facts.engineers.clone(),
        groups: facts.groups.clone(),
        organization: facts.organization.clone(),
        ticket: facts.ticket.clone(),
        purpose: None,
        scope: None,
        created_at: facts.starts_at,
        revoked_at: facts.revoked.then_some(case.at),
        revoked_by: None,
        revision: 0,
    }
}

fn work<'a>(facts: &'a WorkFacts, subject: Option<&'a Member>, declared_by: Option<&'a Engineer>) -> Work<'a> {
    Work {
        access: facts.access,
        lasts: facts.lasts,
        reason: facts.reason.as_deref(),
        ticket: facts.ticket.as_deref(),
        subject,
        declared_by,
        reason_code: facts.reason_code.as_deref(),
        unreviewed: facts.unreviewed,
    }
}

fn emergency(facts: &EmergencyFacts) -> Emergency {
    Emergency {
        id: facts.id.clone(),
        workspace: facts.workspace.clone(),
        subject: facts.subject.clone(),
        incident: facts.incident.clone(),
        reason_code: facts.reason_code.clone(),
        declared_by: facts.declared_by.clone(),
        approved_by: facts.approved_by.clone(),
        expires_at: facts.expires_at,
    }
}
