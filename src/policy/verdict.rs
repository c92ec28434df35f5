//! From Cedar's answer to permitted or refused: codes, reasons, and that an evaluation error denies.
use std::sync::Arc;

use cedar_policy::{AuthorizationError, Decision, Entities, PolicyId, Request, Response};

use crate::domain::refusal::{Code, Refusal};

use super::bundle::Bundle;

/// What came of asking.
#[derive(Debug)]
pub(super) struct Verdict {
    /// Why not; none: it is permitted.
    pub refusal: Option<Refusal>,
    /// The ids of the policies that decided, sorted.
    pub policies: Arc<[Arc<str>]>,
    /// What could not be evaluated, for the log and the trail.
    pub errors: Vec<String>,
}

/// One reason to refuse.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Cause {
    code: Code,
    policy: Option<Arc<str>>,
    reason: String,
    next: Option<String>,
}

impl Cause {
    fn bare(code: Code, policy: Option<Arc<str>>) -> Self {
        Self { code, policy, reason: String::new(), next: None }
    }
}

impl Verdict {
    /// Asks Cedar.
    pub(super) fn of(bundle: &Bundle, request: &Request, entities: &Entities) -> Self {
        let response = bundle.ask(request, entities);
        let diagnostics = response.diagnostics();
        let erring = diagnostics.errors().map(|error| bundle.name(policy_of(error)));
        let mut policies: Vec<_> = diagnostics.reason().map(|id| bundle.name(id)).chain(erring).collect();
        policies.sort();
        let errors = diagnostics.errors().map(ToString::to_string).collect();
        Self { refusal: lead(causes(bundle, &response)), policies: policies.into(), errors }
    }

    /// What `policies` permitted before.
    pub(super) fn permitted(policies: Arc<[Arc<str>]>) -> Self {
        Self { refusal: None, policies, errors: Vec::new() }
    }

    /// The question could not even be put.
    pub(super) fn unanswerable(error: String) -> Self {
        let causes = vec![Cause::bare(Code::PolicyError, None)];
        Self { refusal: lead(causes), policies: [].into(), errors: vec![error] }
    }
}

fn policy_of(error: &AuthorizationError) -> &PolicyId {
    match error {
        AuthorizationError::PolicyEvaluationError(error) => error.policy_id(),
    }
}

/// Everything that stands against it. Cedar skips a policy that fails, so a failing forbid would forbid nothing:
/// here every failure is a cause of its own.
fn causes(bundle: &Bundle, response: &Response) -> Vec<Cause> {
    let errors = response.diagnostics().errors();
    let mut causes: Vec<_> =
        errors.map(|error| Cause::bare(Code::PolicyError, Some(bundle.name(policy_of(error))))).collect();
    match response.decision() {
        Decision::Allow => {}
        Decision::Deny => causes.extend(response.diagnostics().reason().map(|id| forbidden(bundle, id))),
    }
    if causes.is_empty() && response.decision() == Decision::Deny {
        causes.push(Cause::bare(Code::PolicyDenied, None));
    }
    causes
}

fn forbidden(bundle: &Bundle, id: &PolicyId) -> Cause {
    let Some(rule) = bundle.rule(id) else {
        return Cause::bare(Code::PolicyDenied, None);
    };
    Cause {
        code: rule.code.clone(),
        policy: Some(rule.id.clone()),
        reason: rule.reason.clone(),
        next: rule.next.clone(),
    }
}

/// The first cause in the order of the codes leads, the others stand beside.
fn lead(mut causes: Vec<Cause>) -> Option<Refusal> {
    causes.sort();
    let mut causes = causes.into_iter();
    let first = causes.next()?;
    let mut also: Vec<Code> = causes.map(|cause| cause.code).filter(|code| *code != first.code).collect();
    also.dedup();
    let policy = first.policy.as_deref().map(ToOwned::to_owned);
    Some(Refusal { code: first.code, reason: first.reason, next: first.next, policy, also })
}
