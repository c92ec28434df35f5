//! The policy set that decides.
use serde_json::json;

use crate::audit::{Event, Kind};
use crate::policy::Bundle;

use super::{Access, AccessError, record};

/// Decides by `bundle` from now on, unless the current set says the same; returns whether it is another one. Nobody
/// acts here: whoever can write the folders of the policies has done it.
///
/// Whoever calls this has everything that is open decided again.
///
/// # Errors
/// When the change cannot be recorded: then the current set stays.
pub async fn replace(access: &Access, bundle: Bundle) -> Result<bool, AccessError> {
    let old = access.engine.current();
    if old.id() == bundle.id() {
        return Ok(false);
    }
    let tx = access.store.write().await?;
    let facts = json!({ "by": "files", "old": old.id(), "new": bundle.id(), "policies": bundle.policy_ids().len() });
    let mut decision = record::by_rule(access, &facts)?;
    decision.bundle = bundle.id().clone();
    tx.commit(&Event { decision: Some(decision), ..Event::new(access.clock.now(), Kind::PolicyReloaded) }).await?;
    access.engine.replace(bundle);
    Ok(true)
}
