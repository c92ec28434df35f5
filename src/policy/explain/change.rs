//! What might be otherwise: one change of the facts each, in plain words. Whether it would help is for the policies to say.
use crate::domain::action::JudgedBy;
use crate::domain::effect::Effect;
use crate::domain::grant::Access;
use crate::domain::member::Role;
use crate::domain::time::{Span, Timestamp};
use crate::domain::workspace::{EmergencyAccess, Plan};
use crate::policy::facts::{GrantFacts, MemberFacts};
use crate::policy::scenario::{Action, BasisKind};

use super::situation::Situation;

/// Changes the facts and says how; none when there is nothing to change.
pub(super) type Change = fn(&mut Situation) -> Option<String>;

/// Everything that is tried, the likeliest first.
pub(super) const CHANGES: [Change; 22] = [
    grant,
    another_grant,
    wait,
    extend,
    full_access,
    name_the_engineer,
    cover_the_path,
    only_read,
    lift_forced_sso,
    leave_the_other_login,
    restore_the_subject,
    second_factor,
    avoid_labels,
    become_owner,
    act_for_oneself,
    shorter,
    plan,
    emergencies_allowed,
    later_emergency,
    another_approver,
    another_judge,
    reviewed,
];

/// How long an invented window lasts: short enough for every sensible limit.
const HOUR: Span = Span::from_seconds(3600);

fn grant(on: &mut Situation) -> Option<String> {
    let asks_of_engineer = matches!(on.case.action, Action::Data(_)) || is_start(on);
    if on.case.basis != BasisKind::None || !asks_of_engineer {
        return None;
    }
    let workspace = on.case.workspace.id.clone();
    let who = if on.has_subject {
        format!("`{}`", on.case.subject.id)
    } else {
        let email = on.case.engineer.email.clone();
        let id = on.case.session.subject.clone();
        on.case.subject = MemberFacts { workspace: workspace.clone(), id, email, role: Role::Owner };
        format!("an owner of `{workspace}`")
    };
    let case = &mut on.case;
    let (access, words) = match case.action {
        Action::Data(Effect::Write | Effect::Delete) => (Access::Full, "full"),
        Action::Data(Effect::Read | Effect::LoginAs | Effect::Consent) | Action::Control(_) => {
            (Access::ReadOnly, "at least read-only")
        }
    };
    case.basis = BasisKind::Grant;
    case.covers_path = true;
    case.session.workspace = workspace.clone();
    case.session.subject = case.subject.id.clone();
    case.grant = GrantFacts {
        id: case.grant.id.clone(),
        workspace,
        subject: case.subject.id.clone(),
        access,
        starts_at: case.at,
        expires_at: Some(case.at.plus(HOUR)),
        revoked: false,
        engineers: None,
        groups: None,
        organization: None,
        ticket: None,
    };
    Some(format!("{who} grants access, {words}, for a time that includes {}", case.at))
}

fn another_grant(on: &mut Situation) -> Option<String> {
    let at = on.case.at;
    let grant = based_on_grant(on)?;
    grant.revoked = false;
    grant.starts_at = at;
    grant.expires_at = Some(at.plus(HOUR));
    Some(format!("`{}` grants access anew, for a time that includes {at}", grant.subject))
}

fn wait(on: &mut Situation) -> Option<String> {
    let at = on.case.at;
    let start = based_on_grant(on).map(|grant| grant.starts_at).filter(|start| at < *start)?;
    on.case.at = start;
    Some(format!("the request is made after {start}, when the grant begins"))
}

fn extend(on: &mut Situation) -> Option<String> {
    let at = on.case.at;
    let grant = based_on_grant(on).filter(|grant| grant.expires_at.is_some_and(|end| end <= at))?;
    grant.expires_at = Some(after(at));
    Some(format!("the grant `{}` is extended beyond {at}", grant.id))
}

fn full_access(on: &mut Situation) -> Option<String> {
    let grant = based_on_grant(on).filter(|grant| grant.access == Access::ReadOnly)?;
    grant.access = Access::Full;
    Some(format!("the grant of `{}` gives full access in place of read-only access", grant.subject))
}

fn name_the_engineer(on: &mut Situation) -> Option<String> {
    let engineer = on.case.engineer.id.clone();
    let grant = based_on_grant(on)?;
    let names = grant.engineers.is_some() || grant.groups.is_some() || grant.organization.is_some();
    if !names {
        return None;
    }
    grant.engineers = Some(vec![engineer.clone()]);
    grant.groups = None;
    grant.organization = None;
    Some(format!("the grant names `{engineer}`"))
}

fn cover_the_path(on: &mut Situation) -> Option<String> {
    let covered = on.case.covers_path;
    based_on_grant(on).filter(|_| !covered)?;
    on.case.covers_path = true;
    Some(format!("the grant's scope covers `{}`", on.case.http.path))
}

fn only_read(on: &mut Situation) -> Option<String> {
    match on.case.action {
        Action::Data(Effect::Write | Effect::Delete) => {
            on.case.action = Action::Data(Effect::Read);
            "GET".clone_into(&mut on.case.http.method);
            Some("the request only reads, such as GET".to_owned())
        }
        Action::Data(Effect::Read | Effect::LoginAs | Effect::Consent) | Action::Control(_) => None,
    }
}

fn lift_forced_sso(on: &mut Situation) -> Option<String> {
    let workspace = &mut on.case.workspace;
    std::mem::take(&mut workspace.forced_sso).then(|| format!("`{}` does not force single sign-on", workspace.id))
}

fn leave_the_other_login(on: &mut Situation) -> Option<String> {
    std::mem::take(&mut on.case.chained)
        .then(|| "the engineer is not inside another login that they came from".to_owned())
}

fn restore_the_subject(on: &mut Situation) -> Option<String> {
    based_on_grant(on)?;
    let subject = &mut on.case.subject;
    if subject.role == Role::Owner {
        return None;
    }
    subject.role = Role::Owner;
    Some(format!("`{}` is an owner of `{}`", subject.id, subject.workspace))
}

fn second_factor(on: &mut Situation) -> Option<String> {
    let Action::Data(_) = on.case.action else { return None };
    let now = Some(on.case.at);
    (on.case.session.mfa_at != now).then(|| {
        on.case.session.mfa_at = now;
        "the engineer proved a second factor just before".to_owned()
    })
}

fn avoid_labels(on: &mut Situation) -> Option<String> {
    let Action::Data(_) = on.case.action else { return None };
    let labels = std::mem::take(&mut on.case.http.labels);
    let words: Vec<String> = labels.iter().map(|label| format!("`{label}`")).collect();
    (!words.is_empty()).then(|| format!("the path is another one, without the label {}", words.join(", ")))
}

fn become_owner(on: &mut Situation) -> Option<String> {
    let member = acting_member(on).filter(|member| member.role != Role::Owner)?;
    member.role = Role::Owner;
    Some(format!("`{}` is an owner of `{}`", member.id, member.workspace))
}

fn act_for_oneself(on: &mut Situation) -> Option<String> {
    acting_member(on)?;
    std::mem::take(&mut on.case.impersonated).then(|| "the member acts for themselves".to_owned())
}

fn shorter(on: &mut Situation) -> Option<String> {
    acting_member(on)?;
    let day = Some(Span::from_seconds(86_400));
    (on.case.lasts != day).then(|| {
        on.case.lasts = day;
        "the consent lasts for a day".to_owned()
    })
}

fn plan(on: &mut Situation) -> Option<String> {
    let workspace = &mut on.case.workspace;
    (workspace.plan != Plan::Business).then(|| {
        workspace.plan = Plan::Business;
        format!("`{}` is on the Business plan", workspace.id)
    })
}

fn emergencies_allowed(on: &mut Situation) -> Option<String> {
    let needed = on.case.basis == BasisKind::Emergency || is_work(on);
    let barred = needed && on.case.workspace.emergency_access == EmergencyAccess::Never;
    barred.then(|| {
        on.case.workspace.emergency_access = EmergencyAccess::Allowed;
        format!("the contract of `{}` allows emergencies", on.case.workspace.id)
    })
}

fn later_emergency(on: &mut Situation) -> Option<String> {
    let at = on.case.at;
    let over = on.case.basis == BasisKind::Emergency && on.case.emergency.expires_at <= at;
    over.then(|| {
        on.case.emergency.expires_at = after(at);
        format!("a new emergency is declared and approved, and still runs at {at}")
    })
}

fn another_approver(on: &mut Situation) -> Option<String> {
    let emergency = &mut on.case.emergency;
    let own = on.case.basis == BasisKind::Emergency && emergency.approved_by == emergency.declared_by;
    let colleague = format!("not-{}", emergency.declared_by).parse().ok().filter(|_| own)?;
    emergency.approved_by = colleague;
    Some("a colleague approves the emergency".to_owned())
}

fn another_judge(on: &mut Situation) -> Option<String> {
    let own = on.case.work.declared_by.as_ref().is_some_and(|declarer| declarer.id == on.case.engineer.id);
    let colleague = format!("not-{}", on.case.engineer.id).parse().ok().filter(|_| own && is_work(on))?;
    on.case.engineer.id = colleague;
    Some("a colleague of the declarer does it".to_owned())
}

fn reviewed(on: &mut Situation) -> Option<String> {
    (is_work(on) && std::mem::take(&mut on.case.work.unreviewed))
        .then(|| format!("a colleague reviews the last emergency of `{}`", on.case.engineer.id))
}

/// The grant that the question stands on.
fn based_on_grant(on: &mut Situation) -> Option<&mut GrantFacts> {
    (on.case.basis == BasisKind::Grant && (matches!(on.case.action, Action::Data(_)) || is_start(on)))
        .then_some(&mut on.case.grant)
}

/// The member who acts, where a member does.
fn acting_member(on: &mut Situation) -> Option<&mut MemberFacts> {
    (judged_by(on) == Some(JudgedBy::Consent)).then_some(&mut on.case.member)
}

fn is_start(on: &Situation) -> bool {
    judged_by(on) == Some(JudgedBy::Start)
}

fn is_work(on: &Situation) -> bool {
    judged_by(on) == Some(JudgedBy::Work)
}

/// What an act is judged by; none: it is a request.
fn judged_by(on: &Situation) -> Option<JudgedBy> {
    match on.case.action {
        Action::Control(action) => Some(action.judged_by()),
        Action::Data(_) => None,
    }
}

fn after(at: Timestamp) -> Timestamp {
    at.plus(HOUR)
}
