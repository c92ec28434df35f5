//! What is ordinary, so that an example is out of the ordinary only where it must be. No proof rests on it.
use cedar_policy::{EntityUid, Policy, RequestEnv};
use cedar_policy_symcc::Env;

use super::query::Query;
use super::scopes::Scopes;
use super::solver::{Asker, Found};
use crate::policy::bundle::Bundle;
use crate::policy::files::Source;
use crate::policy::load;

/// Sentences about the world of `policy test`, in the order in which they matter.
const ORDINARY: &str = include_str!("../../../policies/tests/ordinary.cedar");

/// The ordinary world.
#[derive(Debug)]
pub(super) struct Ordinary {
    sentences: Bundle,
    scopes: Scopes,
}

impl Ordinary {
    pub(super) fn load() -> Result<Self, String> {
        let sentences = load::check(&[Source::new("tests/ordinary.cedar", ORDINARY)]);
        let sentences = sentences.map_err(|errors| errors.to_string())?;
        Ok(Self { scopes: Scopes::new(sentences.policies.whole().clone()), sentences })
    }

    /// The sentences about `action`, the most important first.
    fn about(&self, action: &EntityUid) -> Vec<&Policy> {
        let mut all: Vec<_> = self.scopes.about(action).policies().collect();
        all.sort_by_key(|policy| self.line(policy));
        all
    }

    fn line(&self, policy: &Policy) -> usize {
        let place = self.sentences.rule(policy.id()).map(|rule| rule.place.as_str());
        place.and_then(|place| place.rsplit_once(':')).and_then(|(_, line)| line.parse().ok()).unwrap_or(usize::MAX)
    }

    /// Another example of `query`, as ordinary as can be, in place of `found`.
    pub(super) async fn plainest(
        &self,
        asker: &mut Asker,
        query: &Query,
        kind: &RequestEnv,
        found: Box<Env>,
    ) -> Box<Env> {
        let (mut best, mut kept) = (found, Vec::new());
        // Halves of what cannot hold as a whole are tried one after the other.
        let mut open = vec![self.about(kind.action())];
        while let Some(mut group) = open.pop() {
            let all: Vec<&Policy> = kept.iter().chain(&group).copied().collect();
            let found = match query.narrowed(all) {
                Ok(narrowed) => asker.find(&narrowed, kind).await,
                Err(why) => Found::Unknown(why),
            };
            match found {
                Found::Example(env) => {
                    best = env;
                    kept.extend(group);
                }
                Found::Nothing | Found::Unknown(_) if group.len() > 1 => {
                    let second = group.split_off(group.len() / 2);
                    open.extend([second, group]);
                }
                Found::Nothing | Found::Unknown(_) => {}
            }
        }
        best
    }
}
