//! A question to the solver: is there a situation in which …?
use cedar_policy::{Policy, PolicyId, PolicySet};
use serde_json::Value;

use super::invariants::Bound;

/// What is looked for.
#[derive(Debug, Clone)]
#[expect(clippy::large_enum_variant, reason = "few exist at a time, and none is moved often")]
pub(super) enum Query {
    /// Something that one set permits and the other does not.
    Permitted { by: PolicySet, but_not_by: PolicySet },
    /// Something on which this policy cannot be evaluated.
    Failing(Policy),
}

/// Permits everything.
const EVERYTHING: &str = "permit (principal, action, resource);";

/// The name of [`everything`] in a set.
const EVERYTHING_ID: &str = "permit everything";

/// A policy that permits everything.
pub(super) fn everything() -> Result<Policy, String> {
    Policy::parse(Some(PolicyId::new(EVERYTHING_ID)), EVERYTHING).map_err(|error| error.to_string())
}

impl Query {
    /// Something that `set` permits although one of `invariants` forbids it, or refuses although one of them permits it:
    /// as their bound says.
    pub(super) fn breach(
        set: &PolicySet,
        bound: Bound,
        invariants: impl IntoIterator<Item = Policy>,
    ) -> Result<Self, String> {
        match bound {
            Bound::Never => {
                let but_not_by = collect(invariants.into_iter().chain([everything()?]))?;
                Ok(Self::Permitted { by: set.clone(), but_not_by })
            }
            Bound::Always => Ok(Self::Permitted { by: collect(invariants)?, but_not_by: set.clone() }),
        }
    }

    /// The same, where besides none of these `forbid`s says no.
    pub(super) fn narrowed<'a>(&self, by_these: impl IntoIterator<Item = &'a Policy>) -> Result<Self, String> {
        match self {
            Self::Permitted { by, but_not_by } => {
                let mut by = by.clone();
                for (index, forbid) in by_these.into_iter().enumerate() {
                    let forbid = forbid.new_id(PolicyId::new(format!("ordinary {index}")));
                    by.add(forbid).map_err(|error| error.to_string())?;
                }
                Ok(Self::Permitted { by, but_not_by: but_not_by.clone() })
            }
            Self::Failing(policy) => failing_within(policy, by_these).map(Self::Failing),
        }
    }
}

/// A set of these.
pub(super) fn collect(policies: impl IntoIterator<Item = Policy>) -> Result<PolicySet, String> {
    PolicySet::from_policies(policies).map_err(|error| error.to_string())
}

/// `policy` behind the conditions under which each of the `forbid`s (all of the form `unless`) is silent: conditions are
/// evaluated in order, so that it fails only where they are met.
fn failing_within<'a>(policy: &Policy, forbids: impl IntoIterator<Item = &'a Policy>) -> Result<Policy, String> {
    let conditions =
        |document: &Value| document.get("conditions").and_then(Value::as_array).cloned().unwrap_or_default();
    let mut document = policy.to_json().map_err(|error| error.to_string())?;
    let mut all = Vec::new();
    for forbid in forbids {
        for mut condition in conditions(&forbid.to_json().map_err(|error| error.to_string())?) {
            if let Some(kind) = condition.get_mut("kind") {
                *kind = "when".into();
            }
            all.push(condition);
        }
    }
    all.extend(conditions(&document));
    if let Some(fields) = document.as_object_mut() {
        fields.insert("conditions".to_owned(), all.into());
    }
    Policy::from_json(Some(policy.id().clone()), document).map_err(|error| error.to_string())
}
