//! What a policy says about itself: `@id`, `@code`, `@reason`, `@next`.
use cedar_policy::{Effect, Policy};

use crate::domain::refusal::Code;

use super::bundle::Rule;
use super::errors::PolicyError;
use super::files::Source;

/// Reads the annotations of `policy`, which stands at `place` in `source`.
pub(super) fn rule(source: &Source, place: (usize, usize), policy: &Policy) -> Result<Rule, Vec<PolicyError>> {
    let mut errors = Vec::new();
    let mut fault = |message: String, help: &str| errors.push(PolicyError::at(source, place, message, help));
    for (name, _) in policy.annotations() {
        if !matches!(name, "id" | "code" | "reason" | "next") {
            fault(format!("unknown annotation `@{name}`"), "known are `@id`, `@code`, `@reason` and `@next`");
        }
    }
    let id = policy.annotation("id").unwrap_or_default();
    if id.is_empty() {
        fault("a policy without an id".to_owned(), "put `@id(\"what-it-does\")` before it: the trail names it so");
    } else if !is_word(id) {
        fault(format!("`{id}` is no id"), "ids are lower-case letters, digits and `-`, at most 64");
    }
    let code = policy.annotation("code").map_or(Code::PolicyDenied, Code::from_word);
    if let Some(problem) = why_not(&code) {
        fault(format!("`{code}` cannot be the code of a policy"), problem);
    }
    let reason = policy.annotation("reason").unwrap_or_default().to_owned();
    let next = policy.annotation("next").map(ToOwned::to_owned);
    if !errors.is_empty() {
        return Err(errors);
    }
    let permits = match policy.effect() {
        Effect::Permit => true,
        Effect::Forbid => false,
    };
    Ok(Rule { id: id.into(), code, reason, next, permits, place: line(source, place) })
}

/// File and line of what stands at `place`.
fn line(source: &Source, (offset, _): (usize, usize)) -> String {
    let before = source.text.get(..offset).unwrap_or_default();
    format!("{}:{}", source.place, before.matches('\n').count() + 1)
}

/// Why policies may not refuse with `code`. Most codes are for other rooms: no policy makes a `no-session`.
fn why_not(code: &Code) -> Option<&'static str> {
    let refuses = (Code::WrongWorkspace..=Code::PolicyDenied).contains(code) || *code == Code::BadRequest;
    let own = matches!(code, Code::Vendor(_));
    if own && !is_word(code.as_str()) {
        Some("codes are lower-case letters, digits and `-`, at most 64")
    } else if own || refuses {
        None
    } else {
        Some("that code says something else than a refusal by policy: choose a word of your own")
    }
}

fn is_word(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}
