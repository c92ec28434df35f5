//! What is to be proved: invariants in Cedar. A `forbid` says what is never permitted, a `permit` what always is.
use std::fs;
use std::path::{Path, PathBuf};

use cedar_policy::{Effect, EntityUid, Policy};

use super::scopes::Scopes;
use crate::config::{self, Profile};
use crate::policy::bundle::{Bundle, Rule};
use crate::policy::errors::{PolicyError, PolicyErrors};
use crate::policy::files::{self, Source};
use crate::policy::load;

/// What holds in every profile.
const GUARDRAILS: (&str, &str) =
    ("invariants/guardrails.cedar", include_str!("../../../policies/invariants/guardrails.cedar"));

/// What a built-in profile keeps to besides: a file with its name.
macro_rules! of_profile {
    ($name:literal) => {
        (
            concat!("invariants/", $name, ".cedar"),
            include_str!(concat!("../../../policies/invariants/", $name, ".cedar")),
        )
    };
}

fn of(profile: Profile) -> (&'static str, &'static str) {
    match profile {
        Profile::Lambdatest => of_profile!("lambdatest"),
        Profile::Segment => of_profile!("segment"),
        Profile::Salesforce => of_profile!("salesforce"),
        Profile::Bizible => of_profile!("bizible"),
        Profile::Tsa => of_profile!("tsa"),
    }
}

/// Checked invariants, each with an id and a sentence.
#[derive(Debug)]
pub struct Invariants {
    bundle: Bundle,
    scopes: Scopes,
}

/// What an invariant says about the set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bound {
    /// The set permits nothing that the invariant describes.
    Never,
    /// The set permits everything that the invariant describes.
    Always,
}

impl Invariants {
    /// Those of the guardrails, those of the built-in profile where one decides, and the vendor's own.
    ///
    /// # Errors
    /// Every mistake in the files, with its place.
    pub fn load(policy: &config::Policy) -> Result<Self, Box<PolicyErrors>> {
        let shipped = [GUARDRAILS].into_iter().chain(policy.built_in().map(of));
        let mut sources: Vec<_> = shipped.map(|(name, text)| Source::new(name, text)).collect();
        let mut errors = Vec::new();
        for path in &policy.invariants {
            match own(path) {
                Ok(found) => sources.extend(found),
                Err(error) => errors.push(*error),
            }
        }
        if !errors.is_empty() {
            return Err(Box::new(PolicyErrors(errors)));
        }
        let bundle = load::check(&sources)?;
        Ok(Self { scopes: Scopes::new(bundle.policies.whole().clone()), bundle })
    }

    /// The digest over their texts.
    #[must_use]
    pub fn id(&self) -> &str {
        self.bundle.id()
    }

    /// What they say of themselves, sorted by id.
    pub(super) fn rules(&self) -> Vec<&Rule> {
        let mut rules: Vec<_> = self.bundle.rules.values().collect();
        rules.sort_by(|a, b| (a.permits, &a.id).cmp(&(b.permits, &b.id)));
        rules
    }

    /// Those of one bound that speak of `action`.
    pub(super) fn bounding(&self, bound: Bound, action: &EntityUid) -> Vec<Policy> {
        let about = self.scopes.about(action).policies();
        about.filter(|invariant| Bound::of(invariant) == bound).cloned().collect()
    }

    /// The one named `id`, if it speaks of `action`.
    pub(super) fn named(&self, id: &str, action: &EntityUid) -> Option<&Policy> {
        self.scopes.named(id, action)
    }
}

impl Bound {
    fn of(policy: &Policy) -> Self {
        match policy.effect() {
            Effect::Forbid => Self::Never,
            Effect::Permit => Self::Always,
        }
    }
}

impl From<bool> for Bound {
    /// What an invariant that permits, or else forbids, says.
    fn from(permits: bool) -> Self {
        if permits { Self::Always } else { Self::Never }
    }
}

/// The invariants in a file, or in every `*.cedar` of a folder.
fn own(path: &Path) -> Result<Vec<Source>, Box<PolicyError>> {
    if path.is_dir() {
        return files::read_dir(path);
    }
    let text = fs::read_to_string(path).map_err(|error| files::unreadable(path, &error))?;
    let place = path.display().to_string();
    let name = path.file_name().map_or_else(|| place.clone(), |name| PathBuf::from(name).display().to_string());
    Ok(vec![Source { name, place, text }])
}
