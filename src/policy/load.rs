//! From Cedar files to a checked [`Bundle`]: every mistake is told, and a set with one mistake is no set.
use std::collections::HashMap;
use std::fmt::Write;
use std::sync::Arc;

use aws_lc_rs::digest;
use cedar_policy::{Authorizer, Policy, PolicyId, PolicySet, Template, ValidationMode, Validator};
use miette::Diagnostic;

use crate::config;

use super::annotations;
use super::bundle::{Bundle, Rule};
use super::errors::PolicyError;
pub use super::errors::PolicyErrors;
use super::files::{self, Source};
use super::looks::Looks;
use super::slices::Slices;
use super::vocabulary::Vocabulary;

/// The schema: what policies may speak of.
pub const SCHEMA: &str = include_str!("../../policies/schema.cedarschema");

/// The guardrails, the built-in profile that decides, if one does, and the policies of the folders.
pub(super) fn load(policy: &config::Policy) -> Result<Bundle, Box<PolicyErrors>> {
    let (mut sources, mut errors) = (files::base(), Vec::new());
    sources.extend(policy.built_in().map(files::profile));
    for dir in &policy.dirs {
        match files::read_dir(dir) {
            Ok(found) if policy.built_in().is_none() && found.iter().all(is_blank) => errors.push(PolicyError::plain(
                format!("no policy in `{}`", dir.display()),
                "put `*.cedar` files there: with the guardrails alone nothing is ever permitted",
            )),
            Ok(found) => sources.extend(found),
            Err(error) => errors.push(*error),
        }
    }
    if errors.is_empty() { check(&sources) } else { Err(Box::new(PolicyErrors(errors))) }
}

/// Whether a file holds no policy. One that does not parse is told of later.
fn is_blank(source: &Source) -> bool {
    source.text.parse::<PolicySet>().is_ok_and(|set| set.is_empty())
}

/// Parses and checks everything.
pub(super) fn check(sources: &[Source]) -> Result<Bundle, Box<PolicyErrors>> {
    let mut draft = Draft::default();
    for (index, source) in sources.iter().enumerate() {
        draft.read(index, source);
    }
    draft.validate(sources);
    if !draft.errors.is_empty() {
        return Err(Box::new(PolicyErrors(draft.errors)));
    }
    let rules = draft.rules.into_iter().map(|(id, (rule, _))| (id, rule)).collect();
    let policies = Slices::new(draft.policies);
    let looks = Looks::of(policies.about_requests());
    Ok(Bundle { policies, rules, id: digest_of(sources), authorizer: Authorizer::new(), looks })
}

/// A set in the making.
#[derive(Default)]
struct Draft {
    policies: PolicySet,
    /// What each policy says of itself, and the index of its file.
    rules: HashMap<PolicyId, (Rule, usize)>,
    errors: Vec<PolicyError>,
}

impl Draft {
    fn read(&mut self, index: usize, source: &Source) {
        let set: PolicySet = match source.text.parse() {
            Ok(set) => set,
            Err(parse) => return self.errors.extend(parse.iter().map(|error| PolicyError::cedar(source, error))),
        };
        self.errors.extend(set.templates().map(|template| refuse_template(source, template)));
        // Each is sought after the one before: so many policies would else take as long as all of them squared.
        let mut end = 0;
        let placed = |policy| {
            let place = place(source, policy, end);
            end = place.0;
            (place, policy)
        };
        let mut policies: Vec<_> = set.policies().map(placed).collect();
        policies.sort_by_key(|(place, _)| *place);
        for (place, policy) in policies {
            match annotations::rule(source, place, policy) {
                Ok(rule) => self.add(index, source, place, policy, rule),
                Err(errors) => self.errors.extend(errors),
            }
        }
    }

    fn add(&mut self, index: usize, source: &Source, place: (usize, usize), policy: &Policy, rule: Rule) {
        let id = PolicyId::new(&rule.id);
        if self.policies.add(policy.new_id(id.clone())).is_err() {
            self.errors.push(PolicyError::at(
                source,
                place,
                format!("a second policy `{}`", rule.id),
                "ids are unique over all folders, guardrails included: choose another `@id`",
            ));
        } else {
            self.rules.insert(id, (rule, index));
        }
    }

    /// Strict validation. Warnings count: a policy that can never apply guards nothing.
    fn validate(&mut self, sources: &[Source]) {
        let schema = match Vocabulary::get() {
            Ok(words) => words.schema.clone(),
            Err(error) => return self.errors.push(PolicyError::plain(error.to_string(), "this build is broken")),
        };
        let found = Validator::new(schema).validate(&self.policies, ValidationMode::Strict);
        let errors = found.validation_errors().map(|error| (error.policy_id(), error as &dyn Diagnostic));
        let warnings = found.validation_warnings().map(|warning| (warning.policy_id(), warning as &dyn Diagnostic));
        for (id, diagnostic) in errors.chain(warnings) {
            let source = self.rules.get(id).and_then(|(_, index)| sources.get(*index));
            self.errors.push(match source {
                Some(source) => PolicyError::cedar(source, diagnostic),
                None => PolicyError::plain(diagnostic.to_string(), "see `chaperone policy schema`"),
            });
        }
    }
}

/// Where `policy` stands in its file, sought from the offset `from` on first: offset and length in bytes.
fn place(source: &Source, policy: &Policy, from: usize) -> (usize, usize) {
    find(source, policy.to_cedar().unwrap_or_default().trim(), from)
}

fn find(source: &Source, text: &str, from: usize) -> (usize, usize) {
    let later = source.text.get(from..).and_then(|rest| rest.find(text)).map(|at| from + at);
    let offset = later.or_else(|| source.text.find(text)).unwrap_or(0);
    let first_line = text.lines().next().unwrap_or_default();
    (offset, first_line.len())
}

fn refuse_template(source: &Source, template: &Template) -> PolicyError {
    PolicyError::at(
        source,
        find(source, template.to_cedar().trim(), 0),
        "a policy with a slot (`?principal` or `?resource`) is a template, and templates are not taken",
        "name the principal and the resource; grants are facts in `context`, not linked policies",
    )
}

/// Names the set by everything in it.
fn digest_of(sources: &[Source]) -> Arc<str> {
    let mut hash = digest::Context::new(&digest::SHA256);
    let schema = [("schema", SCHEMA)];
    let files = sources.iter().map(|source| (source.name.as_str(), source.text.as_str()));
    for part in schema.into_iter().chain(files).flat_map(|(name, text)| [name, text]) {
        hash.update(&(part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    let mut id = String::from("sha256:");
    for byte in hash.finish().as_ref().iter().take(16) {
        let _ = write!(id, "{byte:02x}"); // a String takes everything
    }
    id.into()
}

#[cfg(test)]
mod tests;
