//! `policy prove`: what a set of policies never permits and always permits, shown for every question that can be asked.
//!
//! * `invariants`: what is to be shown, in Cedar. `query`: the question to the solver that each comes to.
//! * `solver`: the process that is asked. Whatever it answers late, oddly or not at all is *not proved*; what it says
//!   refutes counts when Cedar itself decides it so.
//! * `ordinary`, `facts`, `names`, `counterexample`: from the solver's example to one that a person understands.
//! * `scopes`: what a set has about an action.
//! * `removal`: each `forbid` removed in turn, so that none of them stands there unproved.
//! * `proof`: what came of it, as it is printed.
mod counterexample;
mod facts;
mod invariants;
mod names;
mod ordinary;
mod proof;
mod query;
mod removal;
mod scopes;
mod solver;

use std::sync::Arc;

use cedar_policy::{EntityUid, Policy, RequestEnv};
use cedar_policy_symcc::Env;

use super::bundle::{Bundle, Rule};
use super::vocabulary::Vocabulary;

use counterexample::Shows;
pub use counterexample::{Counterexample, Told};
use invariants::Bound;
pub use invariants::Invariants;
use ordinary::Ordinary;
pub use proof::{Conclusion, Finding, Kind, Outcome, Proof};
use query::Query;
use scopes::Scopes;
pub use solver::Solver;
use solver::{Asker, Found};

/// Proves that `bundle` keeps to `invariants` and that nothing in either can fail; with `removals` also that it needs each
/// of its `forbid`s.
///
/// # Errors
/// Never in a build that passed its tests.
pub async fn prove(bundle: &Bundle, invariants: &Invariants, solver: &Solver, removals: bool) -> Result<Proof, String> {
    let mut prover = Prover::new(bundle, invariants, solver)?;
    if let Some(kind) = prover.kinds.first() {
        prover.asker.try_out(kind).await?;
    }
    let mut findings = prover.bounds().await;
    findings.extend(prover.evaluation().await);
    if removals {
        findings.extend(prover.removals().await);
    }
    prover.asker.stop().await;
    Ok(Proof { bundle: bundle.id().to_string(), policies: bundle.rules.len(), findings })
}

/// A proof in the making.
struct Prover<'a> {
    bundle: &'a Bundle,
    policies: Arc<Scopes>,
    invariants: &'a Invariants,
    ordinary: Ordinary,
    /// Every kind of question: who, which action, on what.
    kinds: Vec<RequestEnv>,
    asker: Asker,
}

/// What came of looking for examples of one kind of thing.
#[derive(Default)]
struct Search {
    /// For which actions there are some.
    actions: Vec<String>,
    /// The first.
    first: Option<(Query, RequestEnv, Box<Env>)>,
    /// Why nothing is known of others.
    unknown: Option<String>,
}

impl<'a> Prover<'a> {
    fn new(bundle: &'a Bundle, invariants: &'a Invariants, solver: &Solver) -> Result<Self, String> {
        let schema = &Vocabulary::get().map_err(|error| error.to_string())?.schema;
        let mut kinds: Vec<_> = schema.request_envs().collect();
        kinds.sort_by_key(|kind| kind.action().to_string());
        let policies = Arc::new(Scopes::new(bundle.policies.whole().clone()));
        let (ordinary, asker) = (Ordinary::load()?, Asker::new(solver, schema));
        Ok(Self { bundle, policies, invariants, ordinary, kinds, asker })
    }

    /// Every invariant.
    async fn bounds(&mut self) -> Vec<Finding> {
        let (policies, invariants) = (Arc::clone(&self.policies), self.invariants);
        let mut findings = Vec::new();
        for bound in [Bound::Never, Bound::Always] {
            let (kind, shows) = match bound {
                Bound::Never => (Kind::Never, Shows::Permitted),
                Bound::Always => (Kind::Always, Shows::Refused),
            };
            // All together first: which of them is broken is asked only where one of them is.
            let suspect = self.search(|action| broken(&policies, invariants.bounding(bound, action), bound, action));
            let suspect = suspect.await;
            for rule in invariants.rules().into_iter().filter(|rule| Bound::from(rule.permits) == bound) {
                let one = |action: &EntityUid| {
                    let named = invariants.named(&rule.id, action).filter(|_| suspect.concerns(action));
                    broken(&policies, named.into_iter().cloned().collect(), bound, action)
                };
                let search = self.search(one).await;
                let outcome = self.outcome(search, shows, &rule.reason).await;
                findings.push(Finding { kind, id: rule.id.to_string(), says: rule.reason.clone(), outcome });
            }
        }
        findings
    }

    /// Every policy and every invariant, on every kind of question that it speaks of.
    async fn evaluation(&mut self) -> Vec<Finding> {
        let mut ids: Vec<_> = self.bundle.policy_ids();
        ids.extend(self.invariants.rules().into_iter().map(|rule| rule.id.clone()));
        let mut findings = Vec::new();
        for (index, id) in ids.iter().enumerate() {
            let own = index < self.bundle.rules.len();
            let (policies, invariants) = (Arc::clone(&self.policies), self.invariants);
            let policy = |action: &EntityUid| {
                if own { policies.named(id, action) } else { invariants.named(id, action) }.cloned()
            };
            let search = self.search(|action| policy(action).map(|policy| Ok(Query::Failing(policy)))).await;
            let says = "it can be evaluated, whatever is asked";
            let outcome = self.outcome(search, Shows::Failing, &format!("`{id}` cannot be evaluated")).await;
            findings.push(Finding { kind: Kind::Evaluates, id: id.to_string(), says: says.to_owned(), outcome });
        }
        findings
    }

    /// Looks for examples of what `query` asks about each action, if it asks anything.
    async fn search(&mut self, query: impl Fn(&EntityUid) -> Option<Result<Query, String>>) -> Search {
        self.look(query, false).await
    }

    /// Looks for one example of what `query` asks about some action.
    async fn first(&mut self, query: impl Fn(&EntityUid) -> Option<Result<Query, String>>) -> Search {
        self.look(query, true).await
    }

    async fn look(&mut self, query: impl Fn(&EntityUid) -> Option<Result<Query, String>>, one: bool) -> Search {
        let mut search = Search::default();
        for kind in &self.kinds {
            let query = match query(kind.action()) {
                None => continue,
                Some(Ok(query)) => query,
                Some(Err(why)) => {
                    search.unknown.get_or_insert(why);
                    continue;
                }
            };
            match self.asker.find(&query, kind).await {
                Found::Nothing => {}
                Found::Unknown(why) => {
                    search.unknown.get_or_insert(why);
                }
                Found::Example(env) => {
                    search.actions.push(kind.action().id().unescaped().to_owned());
                    search.first.get_or_insert((query, kind.clone(), env));
                    if one {
                        break;
                    }
                }
            }
        }
        search
    }

    async fn outcome(&mut self, search: Search, shows: Shows, sentence: &str) -> Outcome {
        match search {
            Search { first: Some((query, kind, env)), actions, .. } => {
                let env = self.ordinary.plainest(&mut self.asker, &query, &kind, env).await;
                let counterexample = Counterexample::of(self.bundle, &env, shows, sentence);
                Outcome::Refuted { actions, counterexample: Some(counterexample) }
            }
            Search { unknown: Some(why), .. } => Outcome::NotProved { why },
            Search { .. } => Outcome::Proved { note: None },
        }
    }
}

impl Search {
    /// Whether there is an example about `action`, or nothing is known of some action.
    fn concerns(&self, action: &EntityUid) -> bool {
        self.unknown.is_some() || self.actions.iter().any(|found| found == action.id().unescaped())
    }
}

/// The question whether what `set` has about `action` breaks one of these invariants, if there are any.
fn broken(set: &Scopes, invariants: Vec<Policy>, bound: Bound, action: &EntityUid) -> Option<Result<Query, String>> {
    (!invariants.is_empty()).then(|| Query::breach(set.about(action), bound, invariants))
}

#[cfg(test)]
mod tests;
