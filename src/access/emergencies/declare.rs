//! An engineer declares an emergency.
use crate::audit::{Event, Kind};
use crate::domain::action::ControlAction;
use crate::domain::emergency::{Declaration, Standing};
use crate::domain::engineer::Engineer;
use crate::domain::id::{EmergencyId, MemberKey};
use crate::domain::refusal::{Code, Refusal};
use crate::domain::time::Timestamp;
use crate::policy::Work;
use crate::store::{Write, emergencies, members, workspaces};

use super::{NewEmergency, about, facts, work_allowed};
use crate::access::permission::{engineer, refused, vouched_engineer};
use crate::access::{Access, AccessError, Actor, Idempotency, reason, record, repeat};

/// How many declarations of one engineer may wait for approval: a slip can be declared anew, a flood cannot.
const WAITING: usize = 5;

/// Declares one. Nobody enters before others have approved it and the customer has been told. Engineers only.
///
/// # Errors
/// `bad-request` for a reason or a reason code that is none; `not-found` without such a workspace or member; by policy:
/// `emergency-unreviewed`, `emergency-never`, `forced-sso`; `conflict` when too many wait already.
pub async fn declare(
    access: &Access,
    actor: &Actor,
    new: NewEmergency,
    idempotency: Option<Idempotency>,
) -> Result<Declaration, AccessError> {
    let who = engineer(actor)?;
    reason::check(&access.requests, new.reason.as_str())?;
    known_code(access, &new.reason_code)?;
    let mut tx = access.store.write().await?;
    let now = access.clock.now();
    let declarer = vouched_engineer(access, &mut tx, who).await?;
    let caller = format!("engineer:{}", declarer.id);
    if let Some(made) = repeat::made(&mut tx, &caller, idempotency.as_ref()).await? {
        return earlier(&mut tx, &made).await;
    }

    let workspace = workspaces::find(&mut tx, &new.workspace).await?.ok_or(Code::NotFound)?;
    let key = MemberKey { workspace: workspace.id.clone(), id: new.subject.clone() };
    let subject = members::find(&mut tx, &key).await?.ok_or_else(|| nobody(&key))?;
    let declaration = drawn_up(access, &declarer, new, now);
    let work = Work {
        lasts: Some(access.emergency.max),
        reason: Some(&declaration.reason),
        ticket: Some(&declaration.incident),
        subject: Some(&subject),
        declared_by: Some(&declarer),
        reason_code: Some(&declaration.reason_code),
        unreviewed: emergencies::owes_review(&mut tx, &declarer.id).await?,
        ..Work::default()
    };
    let allowed = work_allowed(access, &declarer, ControlAction::StartEmergency, &workspace, work, now);
    let allowed = allowed.map_err(refused)?;
    not_too_many(&mut tx, &declarer, now).await?;

    emergencies::insert(&mut tx, &declaration).await?;
    repeat::remember(&mut tx, &caller, idempotency, declaration.id.as_str(), now).await?;
    let by = declarer.email.to_string();
    let decision = Some(record::decided_with(allowed.decision(), facts(&declaration, &by))?);
    tx.commit(&Event { decision, ..about(&declaration, Kind::EmergencyDeclared, now) }).await?;
    Ok(declaration)
}

/// What a repeated call made the first time.
async fn earlier(tx: &mut Write, made: &str) -> Result<Declaration, AccessError> {
    let id: EmergencyId = made.parse().map_err(|_| Code::NotFound)?;
    emergencies::find(tx, &id).await?.ok_or(Code::NotFound.into())
}

fn known_code(access: &Access, code: &str) -> Result<(), Refusal> {
    let known = &access.emergency.reason_codes;
    if known.contains(code) {
        return Ok(());
    }
    let known: Vec<_> = known.iter().map(|code| format!("`{code}`")).collect();
    let reason = "reason_code: this is none of the vendor's reasons for an emergency";
    Err(Refusal::because(Code::BadRequest, reason).next(format!("choose one of {}", known.join(", "))))
}

fn nobody(key: &MemberKey) -> Refusal {
    Refusal::because(Code::NotFound, format!("subject: there is no member `{}` in this workspace", key.id))
        .next("name the member whose login is needed")
}

async fn not_too_many(tx: &mut Write, declarer: &Engineer, now: Timestamp) -> Result<(), AccessError> {
    let open = emergencies::open(tx, emergencies::Of::Engineer(&declarer.id), now).await?;
    let waiting = open.iter().filter(|it| it.standing(now) == Standing::Declared).count();
    if waiting < WAITING {
        return Ok(());
    }
    let reason = format!("{WAITING} emergencies of yours wait for approval already");
    Err(Refusal::because(Code::Conflict, reason).next("have one of them approved").into())
}

fn drawn_up(access: &Access, declarer: &Engineer, new: NewEmergency, now: Timestamp) -> Declaration {
    Declaration {
        id: EmergencyId::mint(now),
        workspace: new.workspace,
        subject: new.subject,
        incident: new.incident.into(),
        reason_code: new.reason_code,
        reason: new.reason.into(),
        declared_by: declarer.id.clone(),
        declared_at: now,
        // What nobody approves for so long was no emergency, or is none any more.
        lapses_at: now.plus(access.emergency.max),
        approvals: Vec::new(),
        opening: None,
        ended_at: None,
        review: None,
    }
}
