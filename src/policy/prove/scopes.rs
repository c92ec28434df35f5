//! For each action what a set has about it: half of the policies are about other actions, and need not be asked about.
use std::collections::HashMap;

use cedar_policy::{EntityUid, Policy, PolicySet};

use crate::policy::slices;
use crate::policy::vocabulary::Vocabulary;

/// A set, by action.
#[derive(Debug)]
pub(super) struct Scopes {
    whole: PolicySet,
    by_action: HashMap<EntityUid, PolicySet>,
}

impl Scopes {
    pub(super) fn new(whole: PolicySet) -> Self {
        let policies: Vec<&Policy> = whole.policies().collect();
        let by_action = Vocabulary::get().ok().and_then(|words| slices::by_action(&policies, words));
        Self { by_action: by_action.unwrap_or_default(), whole }
    }

    /// The policies that may be satisfied, or fail, when it is about `action`.
    pub(super) fn about(&self, action: &EntityUid) -> &PolicySet {
        self.by_action.get(action).unwrap_or(&self.whole)
    }

    /// The policy `id`, if it may be satisfied, or fail, when it is about `action`.
    pub(super) fn named(&self, id: &str, action: &EntityUid) -> Option<&Policy> {
        self.about(action).policies().find(|policy| is(policy, id))
    }
}

/// Whether that is the policy's id.
pub(super) fn is(policy: &Policy, id: &str) -> bool {
    AsRef::<str>::as_ref(policy.id()) == id
}
