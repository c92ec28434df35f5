//! Decisions as events keep them.
use serde_json::value::to_raw_value;
use serde_json::{Value, json};

use crate::audit::Decision;
use crate::domain::grant::Grant;
use crate::policy::DecisionRecord;
use crate::store::StoreError;

use super::{Access, AccessError};

/// A decision of the policies.
pub(super) fn decided(record: &DecisionRecord) -> Result<Decision, AccessError> {
    let facts: Value = serde_json::from_str(&record.facts).map_err(|error| unrecordable(&error))?;
    with_facts(record, &facts)
}

/// A decision of the policies about a grant: its facts say in full what was consented to.
pub(super) fn decided_on(record: &DecisionRecord, grant: &Grant) -> Result<Decision, AccessError> {
    decided_with(record, json!({ "grant": grant_facts(grant) }))
}

/// A decision of the policies whose facts say more than the policies were told: the members of the object `more`.
pub(super) fn decided_with(record: &DecisionRecord, more: Value) -> Result<Decision, AccessError> {
    let mut facts: Value = serde_json::from_str(&record.facts).map_err(|error| unrecordable(&error))?;
    if let (Some(facts), Value::Object(more)) = (facts.as_object_mut(), more) {
        facts.extend(more);
    }
    with_facts(record, &facts)
}

/// What no policy was asked about, for a rule of ours settles it: a key's scope, a genuine token, the clock.
pub(super) fn by_rule(access: &Access, facts: &Value) -> Result<Decision, AccessError> {
    let record = DecisionRecord {
        allow: true,
        code: None,
        policies: [].into(),
        bundle: access.engine.current().id().clone(),
        facts: String::new(),
    };
    with_facts(&record, facts)
}

fn with_facts(record: &DecisionRecord, facts: &Value) -> Result<Decision, AccessError> {
    Ok(Decision {
        allow: record.allow,
        code: record.code.clone(),
        policies: record.policies.clone(),
        bundle: record.bundle.clone(),
        facts: to_raw_value(facts).map_err(|error| unrecordable(&error))?,
    })
}

/// What cannot be recorded does not happen.
fn unrecordable(error: &serde_json::Error) -> AccessError {
    StoreError::Corrupt { table: "events", problem: format!("the facts of a decision are not JSON: {error}") }.into()
}

/// A grant in full.
pub(super) fn grant_facts(grant: &Grant) -> Value {
    json!({
        "id": grant.id,
        "subject": grant.subject,
        "access": grant.access,
        "origin": grant.origin,
        "starts_at": grant.starts_at,
        "expires_at": grant.expires_at,
        "engineers": grant.engineers,
        "groups": grant.groups,
        "organization": grant.organization,
        "ticket": grant.ticket,
        "purpose": grant.purpose,
        "scope": grant.scope,
    })
}
