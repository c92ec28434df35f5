//! Engineers: the directory's word on support staff.
use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::audit::{Event, Kind};
use crate::config;
use crate::domain::engineer::Engineer;
use crate::domain::id::EngineerId;
use crate::domain::refusal::{Code, Refusal};
use crate::domain::time::Timestamp;
use crate::store::emergencies::Of as Emergencies;
use crate::store::{Change, Write, engineers, sessions, sign_ins};

use super::access_requests::unasked;
use super::actor::Scope;
use super::ending::{Ending, end_all};
use super::permission::scoped;
use super::{Access, AccessError, Actor, emergencies, record};

/// Switches an engineer off or on; switching off ends their sessions, which answer from then on as a new one would be
/// refused: `policy-denied`. Works before their first sign-in too. Returns whether it is new. Directory keys only.
///
/// # Errors
/// As every function of this room.
pub async fn put(access: &Access, actor: &Actor, id: &EngineerId, disabled: bool) -> Result<bool, AccessError> {
    let by = format!("directory:{}", scoped(actor, &[Scope::Directory])?.name);
    let mut tx = access.store.write().await?;
    let now = access.clock.now();
    let known = engineers::find(&mut tx, id).await?;
    let new = known.is_none();
    let engineer = Engineer { disabled, ..known.map_or_else(|| unseen(id), Ok)? };
    engineers::put(&mut tx, &engineer).await?;
    tx.change(&Change::Engineer(id.clone())).await?;
    if disabled {
        shut_out(access, &mut tx, id, &by, now).await?;
    }
    let event = changed(access, id, &json!({ "by": by, "disabled": disabled }), now)?;
    let sequence = tx.commit(&event).await?;
    access.feed.announce(sequence).await;
    Ok(new)
}

/// Reads one. Directory and operator keys.
///
/// # Errors
/// `not-found`.
pub async fn get(access: &Access, actor: &Actor, id: &EngineerId) -> Result<Engineer, AccessError> {
    scoped(actor, &[Scope::Directory, Scope::Operator])?;
    let found = engineers::find(&mut *access.store.read().await?, id).await?;
    found.ok_or(Code::NotFound.into())
}

/// Forgets one: their sessions end. A later sign-in makes them known again. Directory keys only.
///
/// # Errors
/// `not-found`.
pub async fn delete(access: &Access, actor: &Actor, id: &EngineerId) -> Result<(), AccessError> {
    let by = format!("directory:{}", scoped(actor, &[Scope::Directory])?.name);
    let mut tx = access.store.write().await?;
    let now = access.clock.now();
    engineers::find(&mut tx, id).await?.ok_or(Code::NotFound)?;
    engineers::delete(&mut tx, id, now).await?;
    tx.change(&Change::Engineer(id.clone())).await?;
    shut_out(access, &mut tx, id, &by, now).await?;
    let event = changed(access, id, &json!({ "by": by, "deleted": true }), now)?;
    let sequence = tx.commit(&event).await?;
    access.feed.announce(sequence).await;
    Ok(())
}

/// Ends whatever an engineer has open, their sign-ins and their requests for access too; the event of the change is the caller's to commit.
pub(super) async fn shut_out(
    access: &Access,
    tx: &mut Write,
    id: &EngineerId,
    by: &str,
    now: Timestamp,
) -> Result<(), AccessError> {
    let ending = Ending { cause: &Code::PolicyDenied, by, at: now };
    end_all(access, tx, sessions::Of::Engineer(id), ending).await?;
    unasked(access, tx, id, by, now).await?;
    emergencies::end_all(access, tx, Emergencies::Engineer(id), ending).await?;
    Ok(sign_ins::end_all(tx, id, now).await?)
}

/// Whether an engineer is in a group and an organization that do support here, by the word of who speaks for that one.
///
/// # Errors
/// `policy-denied`.
pub(super) fn may_do_support(engineer: &Engineer, staff: &config::Staff) -> Result<(), Refusal> {
    if !staff.allowed_groups.is_empty() && staff.allowed_groups.is_disjoint(&engineer.groups) {
        let allowed = staff.allowed_groups.iter().map(|group| format!("`{group}`")).collect::<Vec<_>>().join(", ");
        let reason = format!("you are in no group that does support: {allowed}");
        let next = "ask for your group at the staff identity provider, then sign in again";
        return Err(Refusal::because(Code::PolicyDenied, reason).next(next));
    }
    if !staff.organizations.is_empty() && !staff.organizations.contains_key(&engineer.organization) {
        let reason = "your organization is not one that does support here";
        let next = "ask the vendor to add your organization to `staff.organizations`";
        return Err(Refusal::because(Code::PolicyDenied, reason).next(next));
    }
    let partner = Some(engineer.organization.as_str()).filter(|id| staff.partners.contains_key(*id));
    if partner != staff.partner_of(&engineer.id) {
        let reason = "whoever vouches for you does not speak for your organization";
        let next = "sign in at the identity provider of your organization";
        return Err(Refusal::because(Code::PolicyDenied, reason).next(next));
    }
    Ok(())
}

/// An engineer who has never signed in: the id stands for what only the identity provider knows.
fn unseen(id: &EngineerId) -> Result<Engineer, AccessError> {
    let bad = |_| Refusal::because(Code::BadRequest, "this is no engineer's id");
    Ok(Engineer {
        id: id.clone(),
        email: id.as_str().parse().map_err(bad)?,
        name: id.to_string(),
        groups: BTreeSet::new(),
        organization: String::new(),
        disabled: false,
    })
}

fn changed(access: &Access, id: &EngineerId, facts: &Value, now: Timestamp) -> Result<Event, AccessError> {
    let decision = Some(record::by_rule(access, facts)?);
    Ok(Event { engineer: Some(id.clone()), decision, ..Event::new(now, Kind::EngineerChanged) })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn ada(groups: &[&str], organization: &str) -> Engineer {
        Engineer {
            groups: groups.iter().map(ToString::to_string).collect(),
            organization: organization.to_owned(),
            ..unseen(&"ada@vendor.example".parse().unwrap()).unwrap()
        }
    }

    fn staff(groups: &[&str], organizations: &[&str]) -> config::Staff {
        let organizations = organizations.iter().map(|id| ((*id).to_owned(), "Support".to_owned()));
        config::Staff {
            allowed_groups: groups.iter().map(ToString::to_string).collect(),
            organizations: organizations.collect::<BTreeMap<_, _>>(),
            ..crate::access::tests::vendor()
        }
    }

    #[test]
    fn only_the_allowed_groups_do_support() {
        let allowed = staff(&["support"], &[]);
        assert!(may_do_support(&ada(&["sales", "support"], ""), &allowed).is_ok());
        let refusal = may_do_support(&ada(&["sales"], ""), &allowed).unwrap_err();
        assert_eq!(refusal.code, Code::PolicyDenied);
        assert!(format!("{refusal:?}").contains("`support`"), "{refusal:?}");
        assert!(may_do_support(&ada(&["sales"], ""), &staff(&[], &[])).is_ok());
    }

    #[test]
    fn only_known_organizations_do_support_where_they_are_listed() {
        let listed = staff(&[], &["vendor"]);
        assert!(may_do_support(&ada(&[], "vendor"), &listed).is_ok());
        for other in ["partner", ""] {
            assert_eq!(may_do_support(&ada(&[], other), &listed).unwrap_err().code, Code::PolicyDenied);
        }
        assert!(may_do_support(&ada(&[], "partner"), &staff(&[], &[])).is_ok());
    }
}
