//! For each question the policies that can say anything about it. Cedar evaluates every policy of a set, also those whose
//! scope excludes the question: half of ours are about other actions, and of ten thousand that name a workspace each, all
//! but one are about another.
use std::collections::HashMap;
use std::iter;

use cedar_policy::{
    ActionConstraint, Authorizer, Decision, Entities, EntityTypeName, EntityUid, Policy, PolicySet,
    PrincipalConstraint, Request, ResourceConstraint, Response,
};

use crate::domain::effect::Effect;

use super::vocabulary::Vocabulary;

/// One policy set, sliced by what the scopes of its policies name.
#[derive(Debug, Clone)]
pub(super) struct Slices {
    whole: PolicySet,
    by: Sorted,
}

impl Slices {
    /// Slices `whole` by the actions of the schema, and by the resources and principals that it names.
    pub(super) fn new(whole: PolicySet) -> Self {
        let sorted = Vocabulary::get().ok().and_then(|words| Sorted::new(&whole, words));
        Self { by: sorted.unwrap_or_default(), whole }
    }

    /// Every policy.
    pub(super) fn whole(&self) -> &PolicySet {
        &self.whole
    }

    /// The policies that may be satisfied for some request of a session.
    pub(super) fn about_requests(&self) -> impl Iterator<Item = &Policy> {
        let known = Vocabulary::get().ok().and_then(|words| Some((words, words.schema.action_entities().ok()?)));
        self.whole.policies().filter(move |policy| {
            known.as_ref().is_none_or(|(words, actions)| {
                let about =
                    |effect: Effect| Asked::new(&words.action(effect.action()), words).concerns(policy, actions);
                Effect::ALL.into_iter().any(about)
            })
        })
    }

    /// Asks those policies that may be satisfied; the answer is that of the whole set. About an action that the schema does
    /// not know, all are asked.
    pub(super) fn ask(&self, authorizer: &Authorizer, request: &Request, entities: &Entities) -> Response {
        let about = request.action().and_then(|action| self.by.action.get(action));
        let (Some(about), Some(principal), Some(resource)) = (about, request.principal(), request.resource()) else {
            return authorizer.is_authorized(request, &self.whole, entities);
        };
        let naming =
            naming(&self.by.resource, resource, entities).chain(naming(&self.by.principal, principal, entities));
        let first = authorizer.is_authorized(request, about, entities);
        naming.fold(first, |answer, set| join(answer, authorizer.is_authorized(request, set, entities)))
    }
}

/// The sets under `uid`, and under everything that it is in.
fn naming<'a>(
    sets: &'a HashMap<EntityUid, PolicySet>,
    uid: &'a EntityUid,
    entities: &'a Entities,
) -> impl Iterator<Item = &'a PolicySet> {
    let groups = entities.ancestors(uid).filter(|_| !sets.is_empty()).into_iter().flatten();
    iter::once(uid).chain(groups).filter_map(|uid| sets.get(uid))
}

/// What two sets without a common policy would answer together: a forbid of either forbids, else a permit of either
/// permits.
fn join(one: Response, other: Response) -> Response {
    let stronger = |answer: &Response| match answer.decision() {
        Decision::Deny if answer.diagnostics().reason().next().is_some() => 2,
        Decision::Allow => 1,
        Decision::Deny => 0,
    };
    let strongest = stronger(&one).max(stronger(&other));
    let both = [one, other];
    let decision = if strongest == 1 { Decision::Allow } else { Decision::Deny };
    let deciding = both.iter().filter(|answer| stronger(answer) == strongest);
    let reason = deciding.flat_map(|answer| answer.diagnostics().reason().cloned()).collect();
    let errors = both.iter().flat_map(|answer| answer.diagnostics().errors().cloned()).collect();
    Response::new(decision, reason, errors)
}

/// The policies of a set by what their scopes name. The scope comes first, so that a policy beside it can neither be
/// satisfied nor fail.
#[derive(Debug, Clone, Default)]
struct Sorted {
    /// By action, those whose scope names no resource and no principal.
    action: HashMap<EntityUid, PolicySet>,
    /// Those whose scope names this resource, or something that it is in.
    resource: HashMap<EntityUid, PolicySet>,
    /// Those whose scope names no resource, but this principal, or a group that it is in.
    principal: HashMap<EntityUid, PolicySet>,
}

impl Sorted {
    /// None: the schema of this build is broken, so that its actions are not known.
    fn new(whole: &PolicySet, words: &Vocabulary) -> Option<Self> {
        let (mut resources, mut principals, mut unnamed) = (HashMap::new(), HashMap::new(), Vec::new());
        for policy in whole.policies() {
            let (sets, uid): (&mut HashMap<_, Vec<Policy>>, _) = match (named_resource(policy), named_principal(policy))
            {
                (Some(resource), _) => (&mut resources, resource),
                (None, Some(principal)) => (&mut principals, principal),
                (None, None) => {
                    unnamed.push(policy);
                    continue;
                }
            };
            sets.entry(uid).or_default().push(policy.clone());
        }
        Some(Self { action: by_action(&unnamed, words)?, resource: sets(resources)?, principal: sets(principals)? })
    }
}

fn sets(sorted: HashMap<EntityUid, Vec<Policy>>) -> Option<HashMap<EntityUid, PolicySet>> {
    sorted.into_iter().map(|(uid, policies)| Some((uid, PolicySet::from_policies(policies).ok()?))).collect()
}

/// The policies by action.
pub(super) fn by_action(policies: &[&Policy], words: &Vocabulary) -> Option<HashMap<EntityUid, PolicySet>> {
    let actions = words.schema.action_entities().ok()?;
    let slice = |action: &EntityUid| {
        let asked = Asked::new(action, words);
        let concerned = policies.iter().filter(|policy| asked.concerns(policy, &actions));
        Some((action.clone(), PolicySet::from_policies(concerned.copied().cloned()).ok()?))
    };
    words.schema.actions().map(slice).collect()
}

/// The resource that must be asked about, or be around what is asked about.
fn named_resource(policy: &Policy) -> Option<EntityUid> {
    match policy.resource_constraint() {
        ResourceConstraint::Eq(uid) | ResourceConstraint::In(uid) | ResourceConstraint::IsIn(_, uid) => Some(uid),
        ResourceConstraint::Any | ResourceConstraint::Is(_) => None,
    }
}

/// The principal that must ask, or be around whoever asks.
fn named_principal(policy: &Policy) -> Option<EntityUid> {
    match policy.principal_constraint() {
        PrincipalConstraint::Eq(uid) | PrincipalConstraint::In(uid) | PrincipalConstraint::IsIn(_, uid) => Some(uid),
        PrincipalConstraint::Any | PrincipalConstraint::Is(_) => None,
    }
}

/// What is asked for, as far as a policy's scope can tell it apart beforehand.
struct Asked<'a> {
    action: &'a EntityUid,
    /// The kinds of principals that the schema has for it.
    principals: Vec<&'a EntityTypeName>,
}

impl<'a> Asked<'a> {
    fn new(action: &'a EntityUid, words: &'a Vocabulary) -> Self {
        Self { action, principals: words.schema.principals_for_action(action).into_iter().flatten().collect() }
    }

    /// Whether the scope of a policy that names nobody leaves open that it is satisfied.
    fn concerns(&self, policy: &Policy, actions: &Entities) -> bool {
        let action = match policy.action_constraint() {
            ActionConstraint::Any => true,
            ActionConstraint::Eq(one) => one == *self.action,
            ActionConstraint::In(groups) => {
                groups.iter().any(|group| group == self.action || actions.is_ancestor_of(group, self.action))
            }
        };
        let principal = match policy.principal_constraint() {
            PrincipalConstraint::Is(kind) => self.principals.contains(&&kind),
            PrincipalConstraint::Any
            | PrincipalConstraint::In(_)
            | PrincipalConstraint::Eq(_)
            | PrincipalConstraint::IsIn(_, _) => true,
        };
        action && principal
    }
}

#[cfg(test)]
mod tests;
