//! The one door: asks Cedar, and alone makes a [`Permit`].
use crate::domain::refusal::Refusal;

use super::bundle::Bundle;
use super::question::{Asked, ControlQuestion, DecisionRecord, Prepared};

/// The proof that the policies permit one data-plane request. Nothing is forwarded without it, and only
/// [`decide_access`] makes it.
#[derive(Debug)]
pub struct Permit {
    decision: DecisionRecord,
}

impl Permit {
    /// What was decided, for the trail.
    #[must_use]
    pub fn decision(&self) -> &DecisionRecord {
        &self.decision
    }
}

/// The proof that the policies permit one control-plane action.
#[derive(Debug)]
pub struct Allowed {
    decision: DecisionRecord,
}

impl Allowed {
    /// What was decided, for the trail.
    #[must_use]
    pub fn decision(&self) -> &DecisionRecord {
        &self.decision
    }
}

/// A refusal by policy.
#[derive(Debug)]
pub struct Refused {
    /// For the person.
    pub refusal: Refusal,
    /// For the trail.
    pub decision: DecisionRecord,
}

/// Decides one request of a support session.
///
/// # Errors
/// Refused when a policy forbids it, none permits it, or any policy could not be evaluated (`policy-error`).
pub fn decide_access(bundle: &Bundle, prepared: &Prepared, asked: &Asked<'_>) -> Result<Permit, Box<Refused>> {
    let _ = (bundle, prepared, asked);
    todo!()
}

/// Decides one action in the control plane.
///
/// # Errors
/// As [`decide_access`].
pub fn decide_control(bundle: &Bundle, question: &ControlQuestion<'_>) -> Result<Allowed, Box<Refused>> {
    let _ = (bundle, question);
    todo!()
}
