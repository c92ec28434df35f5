//! The effect and the labels of one reading of a request.
use std::collections::BTreeSet;
use std::sync::Arc;

use http::Method;

use crate::config;
use crate::domain::effect::Effect;
use crate::domain::path_pattern::PathPattern;

use super::fold::fold;

/// What a route says of paths.
#[derive(Debug, PartialEq)]
pub(super) struct Rules {
    effects: Vec<config::EffectRule>,
    labels: Vec<(PathPattern, Arc<str>)>,
}

impl Rules {
    /// The rules of a route, and the paths where the app mints customer tokens.
    pub(super) fn new(route: &config::Route, token_paths: &[PathPattern]) -> Self {
        let minting = token_paths.iter().map(|path| config::EffectRule {
            method: None,
            path: path.clone(),
            effect: Effect::Consent,
        });
        let effects = route.effects.iter().cloned().chain(minting).collect();
        let labels = route.labels.iter().map(|rule| (rule.path.clone(), Arc::from(rule.label.as_str()))).collect();
        Self { effects, labels }
    }

    /// The same rules for folded paths.
    pub(super) fn folded(&self) -> Self {
        let fold_rule = |rule: &config::EffectRule| config::EffectRule { path: rule.path.map(fold), ..rule.clone() };
        Self {
            effects: self.effects.iter().map(fold_rule).collect(),
            labels: self.labels.iter().map(|(path, label)| (path.map(fold), label.clone())).collect(),
        }
    }

    /// What a request does: any match of consent or login-as wins, then the first match, then what the method says.
    pub(super) fn effect(&self, method: &Method, upgrades: bool, path: &str) -> Effect {
        let fits = |rule: &&config::EffectRule| {
            rule.method.as_ref().is_none_or(|of| covers(of, method)) && rule.path.matches(path)
        };
        let matching: Vec<Effect> = self.effects.iter().filter(fits).map(|rule| rule.effect).collect();
        let strongest = matching.iter().copied().max().filter(|effect| *effect >= Effect::LoginAs);
        strongest.or_else(|| matching.first().copied()).unwrap_or_else(|| by_method(method, upgrades))
    }

    /// The names of a path.
    pub(super) fn labels(&self, path: &str) -> BTreeSet<Arc<str>> {
        self.labels.iter().filter(|(pattern, _)| pattern.matches(path)).map(|(_, label)| label.clone()).collect()
    }
}

/// Whether a rule for the method `of` speaks of `method`: apps answer HEAD by their handler of GET.
fn covers(of: &Method, method: &Method) -> bool {
    of == method || (*of == Method::GET && *method == Method::HEAD)
}

fn by_method(method: &Method, upgrades: bool) -> Effect {
    match method.as_str() {
        "DELETE" => Effect::Delete,
        "GET" | "HEAD" | "OPTIONS" if !upgrades => Effect::Read,
        _any_other => Effect::Write,
    }
}
