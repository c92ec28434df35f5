//! What the tests of this room share: requests as hyper hands them over, and a route to lead them through.
use std::collections::{BTreeMap, BTreeSet};

use http::request::Parts;
use http::{Method, Request, Version};

use crate::config::{self, AssertionKey, Binding, EffectRule, HostMatch, LabelRule, Mode};
use crate::domain::effect::Effect;
use crate::domain::refusal::Refusal;

use super::{Arrived, Normalized, Routed, Routes, normalize, route};

pub(super) const HOST: &str = "support.example.com";

/// A request of HTTP/1.1 to [`HOST`].
pub(super) fn h1(method: &str, target: &str, fields: &[(&str, &str)]) -> Parts {
    let mut all = vec![("host", HOST)];
    all.extend_from_slice(fields);
    head(Version::HTTP_11, method, target, &all).unwrap()
}

/// Any head that the `http` crate takes.
pub(super) fn head(
    version: Version,
    method: &str,
    target: &str,
    fields: &[(&str, &str)],
) -> Result<Parts, http::Error> {
    let mut request = Request::builder().version(version).method(method).uri(target);
    for (name, value) in fields {
        request = request.header(*name, *value);
    }
    Ok(request.body(())?.into_parts().0)
}

pub(super) fn read(head: &Parts) -> Result<Normalized, Refusal> {
    normalize(Arrived { head, secure: true, peer: "192.0.2.7".parse().unwrap() })
}

pub(super) fn routed(head: &Parts, config: config::Route) -> Result<Routed, Refusal> {
    route(read(head)?, &Routes::new(&[config], &["/auth/token".parse().unwrap()]))
}

pub(super) fn effect(method: Option<Method>, path: &str, effect: Effect) -> EffectRule {
    EffectRule { method, path: path.parse().unwrap(), effect }
}

pub(super) fn label(path: &str, label: &str) -> LabelRule {
    LabelRule { path: path.parse().unwrap(), label: label.to_owned() }
}

/// A route for every host, with `/admin` and `/billing` labelled.
pub(super) fn any_route() -> config::Route {
    config::Route {
        host: HostMatch::Any,
        mode: Mode::Support,
        upstream: vec!["http://127.0.0.1:3000".parse().unwrap()],
        reach: config::Reach::default(),
        methods: BTreeSet::new(),
        workspace: None,
        headers: BTreeMap::new(),
        effects: Vec::new(),
        labels: vec![label("/admin/**", "admin"), label("/billing/**", "billing")],
        assertion: config::Assertion { bind: Binding::Session, key: AssertionKey::EdDsa, audience: "app".to_owned() },
        expose_cookies: BTreeSet::new(),
        allow_encoded: BTreeSet::new(),
        banner: true,
        watermark: false,
        pass_authorization: false,
    }
}
