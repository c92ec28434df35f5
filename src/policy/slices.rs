//! For each action the policies that can say anything about it. Cedar evaluates every policy of a set, also those whose
//! scope excludes the action, and half of ours are about other actions than the one at hand.
use std::collections::HashMap;

use cedar_policy::{ActionConstraint, Entities, EntityTypeName, EntityUid, Policy, PolicySet, PrincipalConstraint};

use crate::domain::effect::Effect;

use super::vocabulary::Vocabulary;

/// One policy set, sliced by action.
#[derive(Debug, Clone)]
pub(super) struct Slices {
    whole: PolicySet,
    by_action: HashMap<EntityUid, PolicySet>,
}

impl Slices {
    /// Slices `whole` by the actions of the schema.
    pub(super) fn new(whole: PolicySet) -> Self {
        let by_action = Vocabulary::get().ok().and_then(|words| {
            let actions = words.schema.action_entities().ok()?;
            let slice = |action: &EntityUid| {
                let asked = Asked { action, principals: words.schema.principals_for_action(action)?.collect() };
                let concerned = whole.policies().filter(|policy| asked.concerns(policy, &actions));
                Some((action.clone(), PolicySet::from_policies(concerned.cloned()).ok()?))
            };
            words.schema.actions().map(slice).collect()
        });
        Self { by_action: by_action.unwrap_or_default(), whole }
    }

    /// Every policy.
    #[cfg(test)]
    pub(super) fn whole(&self) -> &PolicySet {
        &self.whole
    }

    /// The policies that may be satisfied for some request of a session; those for several effects come several times.
    pub(super) fn about_requests(&self) -> impl Iterator<Item = &Policy> {
        let words = Vocabulary::get().ok();
        let about = move |effect: Effect| self.about(words.map(|words| words.action(effect.action())).as_ref());
        Effect::ALL.into_iter().flat_map(move |effect| about(effect).policies())
    }

    /// The policies that may be satisfied for `action`; for one that the schema does not know, all.
    pub(super) fn about(&self, action: Option<&EntityUid>) -> &PolicySet {
        action.and_then(|action| self.by_action.get(action)).unwrap_or(&self.whole)
    }
}

/// What is asked for, as far as a policy's scope can tell it apart beforehand.
struct Asked<'a> {
    action: &'a EntityUid,
    /// The kinds of principals that the schema has for it.
    principals: Vec<&'a EntityTypeName>,
}

impl Asked<'_> {
    /// Whether the scope of `policy` leaves open that it is satisfied. The scope comes first, so that a policy beside it
    /// can neither be satisfied nor fail.
    fn concerns(&self, policy: &Policy, actions: &Entities) -> bool {
        let action = match policy.action_constraint() {
            ActionConstraint::Any => true,
            ActionConstraint::Eq(one) => one == *self.action,
            ActionConstraint::In(groups) => {
                groups.iter().any(|group| group == self.action || actions.is_ancestor_of(group, self.action))
            }
        };
        let principal = match policy.principal_constraint() {
            PrincipalConstraint::Is(kind) | PrincipalConstraint::IsIn(kind, _) => self.principals.contains(&&kind),
            PrincipalConstraint::Any | PrincipalConstraint::In(_) | PrincipalConstraint::Eq(_) => true,
        };
        action && principal
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::Bundle;

    #[test]
    fn a_slice_has_what_is_about_its_action_and_nothing_else() {
        let (bundle, words) = (Bundle::builtin().unwrap(), Vocabulary::get().unwrap());
        let has = |action: &str, policy: &str| {
            let about = bundle.policies.about(Some(&words.action(action)));
            about.policies().any(|found| found.id().to_string() == policy)
        };
        for (policy, actions) in [
            ("forced-sso", &["Read", "Write", "Delete", "LoginAs", "StartSession"][..]),
            ("grant-ended", &["Read", "Write", "Delete", "StartSession"]),
            ("read-only", &["Write", "Delete"]),
            ("start-subject", &["StartSession"]),
            ("owners", &["CreateGrant", "ExtendGrant", "ReadTrail"]),
            ("seven-days", &["CreateGrant", "ExtendGrant"]),
        ] {
            for action in
                ["Read", "Write", "Delete", "LoginAs", "StartSession", "CreateGrant", "ExtendGrant", "ReadTrail"]
            {
                assert_eq!(has(action, policy), actions.contains(&action), "`{policy}` about `{action}`");
            }
        }
    }

    #[test]
    fn an_action_that_the_schema_does_not_know_meets_every_policy() {
        let (bundle, words) = (Bundle::builtin().unwrap(), Vocabulary::get().unwrap());
        for action in [Some(&words.action("Dance")), None] {
            assert_eq!(bundle.policies.about(action), bundle.policies.whole());
        }
    }
}
