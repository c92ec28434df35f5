//! Each `forbid` removed in turn: an invariant is broken then, or nothing has changed. Whatever is neither, no invariant
//! speaks of.
use std::sync::Arc;

use cedar_policy::{Authorizer, EntityUid, Policy, PolicySet};
use cedar_policy_symcc::Env;

use super::invariants::Bound;
use super::proof::{Finding, Kind, Outcome};
use super::query::{Query, collect, everything};
use super::scopes::{Scopes, is};
use super::{Prover, Rule, broken};

impl Prover<'_> {
    /// Every `forbid` of the set.
    pub(super) async fn removals(&mut self) -> Vec<Finding> {
        let mut findings = Vec::new();
        for id in self.bundle.policy_ids() {
            if self.bundle.rule_named(&id).is_some_and(|rule| !rule.permits) {
                let outcome = self.removal(&id).await.unwrap_or_else(|why| Outcome::NotProved { why });
                let says = "without it an invariant would be broken, or nothing would change".to_owned();
                findings.push(Finding { kind: Kind::Needed, id: id.to_string(), says, outcome });
            }
        }
        findings
    }

    async fn removal(&mut self, id: &Arc<str>) -> Result<Outcome, String> {
        let whole = self.bundle.policies.whole();
        let rest: Vec<_> = whole.policies().filter(|policy| !is(policy, id)).cloned().collect();
        let reduced = Scopes::new(collect(rest.iter().cloned())?);
        if let Some(by) = self.breaks(id, &reduced).await? {
            return Ok(proved(format!("without it `{by}` is refuted")));
        }
        let before = Arc::clone(&self.policies);
        let changes = |action: &EntityUid| {
            let (by, but_not_by) = (reduced.about(action).clone(), before.about(action).clone());
            before.named(id, action).is_some().then_some(Ok(Query::Permitted { by, but_not_by }))
        };
        let search = self.search(changes).await;
        if search.first.is_some() {
            return Ok(Outcome::Refuted { actions: search.actions, counterexample: None });
        }
        if let Some(why) = search.unknown {
            return Err(why);
        }
        let open = Scopes::new(collect(rest.into_iter().chain([everything()?]))?);
        Ok(proved(match self.breaks(id, &open).await? {
            Some(by) => format!("without it nothing changes, but `{by}` would be refuted as soon as more is permitted"),
            None => "without it nothing changes".to_owned(),
        }))
    }

    /// The first invariant that `set`, which lacks `id`, breaks on a question that `id` speaks of.
    async fn breaks(&mut self, id: &Arc<str>, set: &Scopes) -> Result<Option<Arc<str>>, String> {
        let (policies, invariants) = (Arc::clone(&self.policies), self.invariants);
        let query = |action: &EntityUid| {
            let never = invariants.bounding(Bound::Never, action);
            policies.named(id, action).is_some().then(|| broken(set, never, Bound::Never, action)).flatten()
        };
        let search = self.first(query).await;
        let Some((_, kind, env)) = search.first else {
            return search.unknown.map_or(Ok(None), Err);
        };
        let never = invariants.bounding(Bound::Never, kind.action());
        let named = |rule: &&Rule| never.iter().any(|policy| is(policy, &rule.id) && forbids(policy, &env));
        Ok(invariants.rules().into_iter().find(named).map(|rule| rule.id.clone()))
    }
}

/// Whether `policy` applies to the example.
fn forbids(policy: &Policy, env: &Env) -> bool {
    let alone = PolicySet::from_policies([policy.clone()]);
    let answer = |set| Authorizer::new().is_authorized(&env.request, &set, &env.entities);
    alone.is_ok_and(|set| answer(set).diagnostics().reason().next().is_some())
}

fn proved(note: String) -> Outcome {
    Outcome::Proved { note: Some(note) }
}
