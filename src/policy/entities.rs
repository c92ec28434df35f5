//! The nouns as Cedar entities and records, built from typed values, never from JSON.
use std::collections::{HashMap, HashSet};
use std::net::IpAddr;

use cedar_policy::{Entity, EntityUid, RestrictedExpression};

use crate::domain::emergency::Emergency;
use crate::domain::engineer::Engineer;
use crate::domain::grant::Grant;
use crate::domain::id::{MemberId, MemberKey, WorkspaceId};
use crate::domain::member::Member;
use crate::domain::time::{Span, Timestamp};
use crate::domain::workspace::Workspace;

use super::vocabulary::{PreparedError, Vocabulary};

/// One attribute of an entity, a record or the context.
pub(super) type Fact = (String, RestrictedExpression);

/// The fact `name` as a text.
pub(super) fn text(name: &str, value: &str) -> Fact {
    (name.to_owned(), RestrictedExpression::new_string(value.to_owned()))
}

/// The fact `name` as yes or no.
pub(super) fn flag(name: &str, value: bool) -> Fact {
    (name.to_owned(), RestrictedExpression::new_bool(value))
}

/// The fact `name` as a moment.
pub(super) fn moment(name: &str, at: Timestamp) -> Fact {
    (name.to_owned(), datetime(at))
}

/// A moment.
pub(super) fn datetime(at: Timestamp) -> RestrictedExpression {
    RestrictedExpression::new_datetime(at.to_string())
}

/// An address. Cedar takes no IPv4 address in IPv6 clothes.
pub(super) fn address(ip: IpAddr) -> RestrictedExpression {
    RestrictedExpression::new_ip(ip.to_canonical().to_string())
}

/// The fact `name` as a length of time.
pub(super) fn length(name: &str, span: Span) -> Fact {
    (name.to_owned(), RestrictedExpression::new_duration(format!("{}ms", span.as_millis())))
}

/// The fact `name` as a reference.
pub(super) fn reference(name: &str, uid: EntityUid) -> Fact {
    (name.to_owned(), RestrictedExpression::new_entity_uid(uid))
}

/// The fact `name` as a set of texts.
pub(super) fn texts<'a>(name: &str, values: impl IntoIterator<Item = &'a str>) -> Fact {
    let values = values.into_iter().map(|value| RestrictedExpression::new_string(value.to_owned()));
    (name.to_owned(), RestrictedExpression::new_set(values))
}

/// The fact `name` as a set of references.
fn references(name: &str, uids: impl IntoIterator<Item = EntityUid>) -> Fact {
    (name.to_owned(), RestrictedExpression::new_set(uids.into_iter().map(RestrictedExpression::new_entity_uid)))
}

/// The fact `name` as a record.
pub(super) fn record(name: &str, facts: impl IntoIterator<Item = Fact>) -> Result<Fact, PreparedError> {
    Ok((name.to_owned(), RestrictedExpression::new_record(facts).map_err(PreparedError::facts)?))
}

/// An engineer, in their groups.
pub(super) fn engineer(words: &Vocabulary, engineer: &Engineer) -> Result<Entity, PreparedError> {
    let facts = [text("email", engineer.email.as_str()), text("organization", &engineer.organization)];
    let groups = engineer.groups.iter().map(|group| words.team(group)).collect();
    entity(words.engineer(engineer.id.as_str()), facts, groups)
}

/// A workspace.
pub(super) fn workspace(words: &Vocabulary, workspace: &Workspace) -> Result<Entity, PreparedError> {
    let facts = [
        text("plan", workspace.plan.as_str()),
        flag("forced_sso", workspace.forced_sso),
        text("region", &workspace.region),
        text("emergency_access", workspace.emergency_access.as_str()),
        texts("labels", workspace.labels.iter().map(String::as_str)),
    ];
    entity(words.workspace(workspace.id.as_str()), facts, HashSet::new())
}

/// A member of their own workspace.
pub(super) fn member(words: &Vocabulary, member: &Member) -> Result<Entity, PreparedError> {
    let facts = [
        reference("workspace", words.workspace(member.workspace.as_str())),
        text("role", member.role.as_str()),
        text("email", member.email.as_str()),
    ];
    entity(words.member(&member.key()), facts, HashSet::new())
}

fn entity<const N: usize>(
    uid: EntityUid,
    facts: [Fact; N],
    parents: HashSet<EntityUid>,
) -> Result<Entity, PreparedError> {
    Entity::new(uid, HashMap::from(facts), parents).map_err(PreparedError::facts)
}

/// The facts of a grant, all but `covers_path`.
pub(super) fn grant(words: &Vocabulary, grant: &Grant) -> Vec<Fact> {
    let mut facts = vec![
        text("id", grant.id.as_str()),
        reference("workspace", words.workspace(grant.workspace.as_str())),
        reference("subject", subject(words, &grant.workspace, &grant.subject)),
        text("access", grant.access.as_str()),
        moment("starts_at", grant.starts_at),
        flag("revoked", grant.revoked_at.is_some()),
    ];
    facts.extend(grant.expires_at.map(|at| moment("expires_at", at)));
    let engineers = grant.engineers.as_ref();
    facts.extend(engineers.map(|ids| references("engineers", ids.iter().map(|id| words.engineer(id.as_str())))));
    let groups = grant.groups.as_ref();
    facts.extend(groups.map(|names| references("groups", names.iter().map(|name| words.team(name)))));
    facts.extend(grant.organization.as_ref().map(|name| text("organization", name)));
    facts.extend(grant.ticket.as_ref().map(|ticket| text("ticket", ticket)));
    facts
}

/// The facts of an emergency.
pub(super) fn emergency(words: &Vocabulary, emergency: &Emergency) -> Vec<Fact> {
    vec![
        text("incident", &emergency.incident),
        text("reason_code", &emergency.reason_code),
        reference("workspace", words.workspace(emergency.workspace.as_str())),
        reference("subject", subject(words, &emergency.workspace, &emergency.subject)),
        reference("declared_by", words.engineer(emergency.declared_by.as_str())),
        reference("approved_by", words.engineer(emergency.approved_by.as_str())),
        moment("expires_at", emergency.expires_at),
    ]
}

/// The member `id` of `workspace`.
pub(super) fn subject(words: &Vocabulary, workspace: &WorkspaceId, id: &MemberId) -> EntityUid {
    words.member(&MemberKey { workspace: workspace.clone(), id: id.clone() })
}
