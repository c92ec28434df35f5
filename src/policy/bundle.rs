//! A checked policy set, and the engine that holds the current one.
use std::collections::HashMap;
use std::sync::Arc;

use arc_swap::ArcSwap;
use cedar_policy::{Authorizer, Entities, PolicyId, Request, Response};

use crate::config;
use crate::domain::refusal::Code;

use super::load::{self, PolicyErrors};
use super::looks::Looks;
use super::slices::Slices;

/// A policy set that passed strict validation.
#[derive(Debug, Clone)]
pub struct Bundle {
    pub(super) policies: Slices,
    pub(super) rules: HashMap<PolicyId, Rule>,
    pub(super) id: Arc<str>,
    pub(super) authorizer: Authorizer,
    /// What its policies about requests look at.
    pub(super) looks: Looks,
}

/// What a policy says about itself, in its annotations.
#[derive(Debug, Clone)]
pub(super) struct Rule {
    /// `@id`
    pub id: Arc<str>,
    /// `@code`
    pub code: Code,
    /// `@reason`; empty: the code's own.
    pub reason: String,
    /// `@next`; none: the code's own.
    pub next: Option<String>,
    /// Whether it is a `permit`; else a `forbid`.
    pub permits: bool,
    /// File and line.
    pub place: String,
}

impl Bundle {
    /// Loads the guardrails, and the profile and the folders that the configuration names.
    ///
    /// # Errors
    /// Every mistake in the files, with its place.
    pub fn load(policy: &config::Policy) -> Result<Self, Box<PolicyErrors>> {
        load::load(policy)
    }

    /// The policies inside the program: the guardrails and the segment profile.
    ///
    /// # Errors
    /// Never in a build that passed its tests.
    pub fn builtin() -> Result<Self, Box<PolicyErrors>> {
        load::load(&config::Policy::default())
    }

    /// The same policies, evaluated for each request: no permit is remembered.
    #[must_use]
    pub fn asked_each_time(self) -> Self {
        Self { looks: Looks::EVERYWHERE, ..self }
    }

    /// The digest over all policy texts and the schema: names the set in the trail.
    #[must_use]
    pub fn id(&self) -> &Arc<str> {
        &self.id
    }

    /// The ids of its policies, sorted.
    #[must_use]
    pub fn policy_ids(&self) -> Vec<Arc<str>> {
        let mut ids: Vec<_> = self.rules.values().map(|rule| rule.id.clone()).collect();
        ids.sort();
        ids
    }

    /// Asks Cedar.
    pub(super) fn ask(&self, request: &Request, entities: &Entities) -> Response {
        self.policies.ask(&self.authorizer, request, entities)
    }

    /// What the policy says about itself.
    pub(super) fn rule(&self, id: &PolicyId) -> Option<&Rule> {
        self.rules.get(id)
    }

    /// What the policy of this `@id` says about itself.
    pub(super) fn rule_named(&self, id: &str) -> Option<&Rule> {
        self.rule(&PolicyId::new(id))
    }

    /// The policy's `@id`.
    pub(super) fn name(&self, id: &PolicyId) -> Arc<str> {
        self.rule(id).map_or_else(|| id.to_string().into(), |rule| rule.id.clone())
    }
}

/// Holds the current [`Bundle`]; readers never wait.
#[derive(Debug)]
pub struct Engine {
    current: ArcSwap<Bundle>,
}

impl Engine {
    /// An engine that decides by `bundle`.
    #[must_use]
    pub fn new(bundle: Bundle) -> Self {
        Self { current: ArcSwap::from_pointee(bundle) }
    }

    /// The current bundle.
    #[must_use]
    pub fn current(&self) -> Arc<Bundle> {
        self.current.load_full()
    }

    /// Decides by `bundle` from now on.
    pub fn replace(&self, bundle: Bundle) {
        self.current.store(Arc::new(bundle));
    }
}
