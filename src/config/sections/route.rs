//! `[[route]]`: where requests go, what they do, and what they carry.
use std::collections::BTreeSet;

use http::Method;
use secrecy::ExposeSecret;

use crate::config::reading::Complaint;
use crate::config::secret::secret;
use crate::config::section::Section;
use crate::config::templates;
use crate::config::types::{
    Assertion, AssertionKey, Binding, EffectRule, HostMatch, LabelRule, Mode, Route, WorkspaceFrom,
};
use crate::config::values::{self, quoted};
use crate::domain::effect::Effect;

use super::headers;
use super::reach::reach;

/// What every route takes.
const USUAL_METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
/// Octets whose encoded form is refused in paths unless a route allows it. `%00` is never allowed.
const ENCODED: [&str; 4] = ["%2F", "%5C", "%2E", "%25"];
/// RFC 7518, section 3.2: a key is at least as long as the hash.
const HS256_BYTES: usize = 32;
const EFFECTS: [(&str, Effect); 5] = [
    (Effect::Read.as_str(), Effect::Read),
    (Effect::Write.as_str(), Effect::Write),
    (Effect::Delete.as_str(), Effect::Delete),
    (Effect::LoginAs.as_str(), Effect::LoginAs),
    (Effect::Consent.as_str(), Effect::Consent),
];

/// All routes, at least one, each of which can be reached.
pub(super) fn routes(root: &mut Section<'_>, public_url: &str) -> Option<Vec<Route>> {
    let items = root.required("route")?.items("[[route]]")?;
    if items.is_empty() {
        root.complain("route", Complaint::new("there is no route").hint("add a `[[route]]` with an `upstream`"));
    }
    let mut hosts = Vec::new();
    Some(items.into_iter().filter_map(|item| item.table(|s| route(s, public_url, &mut hosts))).collect())
}

fn route(s: &mut Section<'_>, public_url: &str, hosts: &mut Vec<HostMatch>) -> Option<Route> {
    let host = host(s, hosts);
    let modes = [("support", Mode::Support), ("inline", Mode::Inline)];
    let mode = s.parsed("mode", |word| values::one_of(word, &modes)).unwrap_or(Mode::Support);
    let upstream = s.required("upstream").and_then(|item| item.items("[\"http://127.0.0.1:3000\"]"));
    if upstream.as_ref().is_some_and(Vec::is_empty) {
        s.complain("upstream", Complaint::new("a route needs at least one upstream"));
    }
    let upstream: Vec<_> = upstream?.into_iter().filter_map(|item| item.parsed(values::upstream)).collect();
    let reach = reach(s, &upstream);
    let methods: BTreeSet<_> = s.list("methods", method).unwrap_or_default().into_iter().collect();
    let pass_authorization = s.flag("pass_authorization").unwrap_or(false);
    let mapping = match mode {
        Mode::Support if !pass_authorization => headers::Authorization::Free,
        Mode::Support => headers::Authorization::Passes("`pass_authorization` lets the client's own pass"),
        Mode::Inline => headers::Authorization::Passes("a customer's own passes in `inline` mode"),
    };
    Some(Route {
        host,
        mode,
        upstream,
        reach: reach?,
        workspace: s.table("workspace", workspace),
        headers: s.table("headers", |s| Some(headers::headers(s, mapping))).unwrap_or_default(),
        effects: s.tables("effects", |s| effect(s, &methods)).unwrap_or_default(),
        labels: s.tables("labels", label).unwrap_or_default(),
        assertion: s.table_or_default("assertion", |s| assertion(s, public_url))?,
        expose_cookies: s.list("expose_cookies", cookie).unwrap_or_default().into_iter().collect(),
        allow_encoded: s.list("allow_encoded", encoded).unwrap_or_default().into_iter().collect(),
        methods,
        pass_authorization,
        banner: s.flag("banner").unwrap_or(true),
        watermark: s.flag("watermark").unwrap_or(false),
    })
}

/// Which host the route serves, of those that no route in `before` serves already.
fn host(s: &mut Section<'_>, before: &mut Vec<HostMatch>) -> HostMatch {
    let Some(host) = s.parsed_or("host", HostMatch::Any, host_match) else { return HostMatch::Any };
    if before.contains(&HostMatch::Any) {
        let complaint = Complaint::new("no request reaches this route: one before it takes every host");
        s.complain("host", complaint.hint("put the route for `*` last"));
    } else if before.contains(&host) {
        let complaint = Complaint::new("no request reaches this route: one before it has the same host");
        s.complain("host", complaint.hint("make one route of the two"));
    }
    before.push(host.clone());
    host
}

fn host_match(given: &str) -> Result<HostMatch, Complaint> {
    match given {
        "*" => Ok(HostMatch::Any),
        pattern if pattern.contains('*') => Err(Complaint::new(format!("{} is not a host", quoted(pattern)))
            .hint("write one host, or `*` for all; `workspace = { host = \"{workspace}.…\" }` tells workspaces apart")),
        exact => values::host(exact).map(HostMatch::Exact),
    }
}

fn method(given: &str) -> Result<String, Complaint> {
    let problem = match given {
        "CONNECT" | "TRACE" => "never passes",
        lower if lower != lower.to_ascii_uppercase() => "is not in upper case",
        token if Method::from_bytes(token.as_bytes()).is_err() => "is not a method",
        _ => return Ok(given.to_owned()),
    };
    Err(Complaint::new(format!("{} {problem}", quoted(given))).hint("name methods like `PROPFIND`"))
}

fn workspace(s: &mut Section<'_>) -> Option<WorkspaceFrom> {
    let (path, host) = (s.item("path"), s.item("host"));
    match (path, host) {
        (Some(path), None) => path.parsed(templates::workspace_path),
        (None, Some(host)) => host.parsed(templates::workspace_host),
        (Some(_), Some(_)) | (None, None) => {
            s.complain_here(Complaint::new("this takes either `path` or `host`").hint("give one of the two"));
            None
        }
    }
}

fn effect(s: &mut Section<'_>, extra: &BTreeSet<String>) -> Option<EffectRule> {
    let method = s.parsed("method", |given| {
        if USUAL_METHODS.contains(&given) || extra.contains(given) {
            return Method::from_bytes(given.as_bytes()).map_err(|error| Complaint::new(error.to_string()));
        }
        Err(Complaint::new(format!("{} is not a method of this route", quoted(given)))
            .hint("methods beside the usual seven are named in the route's `methods`"))
    });
    let path = s.required("path").and_then(|item| item.parsed(values::pattern));
    let effect = s.required("effect").and_then(|item| item.parsed(|word| values::one_of(word, &EFFECTS)));
    Some(EffectRule { method, path: path?, effect: effect? })
}

fn label(s: &mut Section<'_>) -> Option<LabelRule> {
    let path = s.required("path").and_then(|item| item.parsed(values::pattern));
    let label = s.required("label").and_then(|item| item.parsed(values::name));
    Some(LabelRule { path: path?, label: label? })
}

fn assertion(s: &mut Section<'_>, public_url: &str) -> Option<Assertion> {
    let bindings = [("session", Binding::Session), ("request", Binding::Request)];
    let bind = s.parsed("bind", |word| values::one_of(word, &bindings)).unwrap_or(Binding::Session);
    let audience = s.parsed("audience", values::words).unwrap_or_else(|| public_url.to_owned());
    Some(Assertion { bind, key: assertion_key(s)?, audience })
}

fn assertion_key(s: &mut Section<'_>) -> Option<AssertionKey> {
    let shared = secret(s, "key", "key_file");
    let given = ["key_file", "key"].into_iter().find(|key| s.has(key));
    let hs256 = s.parsed_or("alg", false, |word| values::one_of(word, &[("EdDSA", false), ("HS256", true)]))?;
    let (at, complaint) = match (hs256, given, shared) {
        (false, None, _) => return Some(AssertionKey::EdDsa),
        (false, Some(key), _) => {
            let complaint = Complaint::new("only HS256 takes a key; EdDSA signs with chaperone's own");
            (key, complaint.hint("remove the key, or set `alg = \"HS256\"`"))
        }
        (true, None, _) => {
            let complaint = Complaint::new("HS256 needs a secret that the app shares");
            ("alg", complaint.hint("name its file in `key_file`, or use `EdDSA`, which needs none"))
        }
        // What is wrong with the secret has been noted.
        (true, Some(_), None) => return None,
        (true, Some(_), Some(key)) if key.expose_secret().len() >= HS256_BYTES => {
            return Some(AssertionKey::Hs256(key));
        }
        (true, Some(key), Some(_)) => {
            let complaint = Complaint::new(format!("a key for HS256 has at least {HS256_BYTES} bytes"));
            (key, complaint.hint("make one with `openssl rand -hex 32`"))
        }
    };
    s.complain(at, complaint);
    None
}

fn cookie(given: &str) -> Result<String, Complaint> {
    let token =
        !given.is_empty() && given.bytes().all(|b| b.is_ascii_graphic() && !b"()<>@,;:\\\"/[]?={}".contains(&b));
    if !token {
        return Err(Complaint::new(format!("{} is not a cookie's name", quoted(given))));
    }
    if given.to_ascii_lowercase().starts_with("__host-chaperone") {
        return Err(Complaint::new(format!("{} is a cookie of chaperone's own", quoted(given))));
    }
    Ok(given.to_owned())
}

fn encoded(given: &str) -> Result<String, Complaint> {
    let upper = given.to_ascii_uppercase();
    if ENCODED.contains(&upper.as_str()) {
        return Ok(upper);
    }
    Err(Complaint::new(format!("{} cannot be allowed", quoted(given)))
        .hint(format!("what can be is `{}`", ENCODED.join("`, `"))))
}
