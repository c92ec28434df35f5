//! The route, and every reading of the request under it.
//!
//! A request is permitted only if each of its readings is. The canonical one comes first. Others are there only where
//! some backend may see something else: the path folded, divided at an encoded separator, ended at an encoded `?` or
//! `#`, or the second path of a `Destination`.
use std::collections::BTreeSet;
use std::sync::Arc;

use http::HeaderName;

use crate::config::{self, HostMatch, SessionHost, WorkspaceFrom};
use crate::domain::effect::Effect;
use crate::domain::id::WorkspaceId;
use crate::domain::path_pattern::PathPattern;
use crate::domain::refusal::{Code, Refusal};
use crate::domain::session::Basis;

use super::fold::{fold, fold_path, is_plain};
use super::headers::squash;
use super::normalize::Normalized;
use super::path::CanonicalPath;
use super::rules::Rules;
use super::target::split_port;

/// Our own prefix on the public listener, never forwarded.
const RESERVED: &str = ".chaperone";

/// One route, ready for matching.
#[derive(Debug)]
pub struct Route {
    /// Its place in the configuration, from 0: its name in metrics.
    pub index: usize,
    /// What the configuration says.
    pub config: config::Route,
    /// The names of the headers that it adds, in their plain spelling.
    mapped: Vec<String>,
}

impl Route {
    /// Whether the route adds a header of this name, by any spelling: a client's own (a trailer too) never passes.
    #[must_use]
    pub fn maps(&self, name: &HeaderName) -> bool {
        !self.mapped.is_empty() && self.mapped.iter().any(|mapped| *mapped == squash(name.as_str()))
    }

    fn new(index: usize, config: &config::Route) -> Self {
        let mapped = config.headers.values().map(|(name, _)| squash(name.as_str()).into_owned()).collect();
        Self { index, config: config.clone(), mapped }
    }

    fn serves(&self, host: &str, authority: &str) -> bool {
        match &self.config.host {
            HostMatch::Any => true,
            HostMatch::Exact(served) if split_port(served).1.is_some() => served == authority,
            HostMatch::Exact(served) => served == host,
        }
    }

    /// Refuses what this route does not open: methods, and encoded octets in a path.
    fn check(&self, request: &Normalized) -> Result<(), Refusal> {
        let method = request.method.as_str();
        let usual = matches!(method, "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE" | "OPTIONS");
        if !usual && !self.config.methods.contains(method) {
            return Err(Refusal::because(Code::BadRequest, format!("the method `{method}` is not served here"))
                .next("if the app needs it, add it to `methods` of its route"));
        }
        let mut encoded = paths(request).flat_map(|path| &path.encoded);
        match encoded.find(|octet| !self.config.allow_encoded.contains(**octet)) {
            Some(octet) => Err(ambiguous(format!("the path holds `{octet}`, which backends read in different ways"))
                .next("if the app needs it, add it to `allow_encoded` of its route")),
            None => Ok(()),
        }
    }
}

/// All routes.
#[derive(Debug)]
pub struct Routes {
    routes: Vec<Prepared>,
    /// The hosts of sessions, and the authority that they stand for.
    sessions: Option<(SessionHost, String)>,
}

/// A route with its rules, for paths as they are and for folded ones.
#[derive(Debug)]
struct Prepared {
    route: Arc<Route>,
    exact: Rules,
    folded: Rules,
    /// Whether the folded rules say anything else than the exact ones.
    folds: bool,
}

impl Routes {
    /// Prepares the routes of a configuration, with the paths where the app mints customer tokens
    /// (`customers.token_paths`): always effect consent.
    #[must_use]
    pub fn new(routes: &[config::Route], token_paths: &[PathPattern]) -> Self {
        let prepare = |(index, config): (usize, &config::Route)| {
            let exact = Rules::new(config, token_paths);
            let folded = exact.folded();
            let folds = exact != folded;
            Prepared { route: Arc::new(Route::new(index, config)), exact, folded, folds }
        };
        Self { routes: routes.iter().enumerate().map(prepare).collect(), sessions: None }
    }

    /// The same, where the hosts of sessions are served as the host of `public_url` is.
    #[must_use]
    pub fn with_sessions_at(self, server: &config::Server) -> Self {
        let public = server.public_url.split_once("://").map_or("", |(_, authority)| authority).to_owned();
        Self { sessions: server.session_host.clone().map(|hosts| (hosts, public)), ..self }
    }

    /// The first route that serves the request's host.
    fn serving(&self, request: &Normalized) -> Option<&Prepared> {
        let of_session = self.sessions.as_ref().filter(|(hosts, _)| hosts.session(&request.host).is_some());
        let (host, authority) = match of_session {
            Some((_, public)) => (split_port(public).0, public.as_str()),
            None => (request.host.as_str(), request.authority.as_str()),
        };
        self.routes.iter().find(|prepared| prepared.route.serves(host, authority))
    }
}

/// One plausible reading of a request: every one of them must be permitted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// The path, decoded.
    pub path: String,
    /// What the request does, read so.
    pub effect: Effect,
    /// The path's names, read so.
    pub labels: BTreeSet<Arc<str>>,
    /// Whether this is a folded reading: patterns are folded before they are compared with it.
    pub folded: bool,
}

impl Reading {
    /// Whether some pattern of `scope` covers this reading.
    #[must_use]
    pub fn within(&self, scope: &[PathPattern]) -> bool {
        scope.iter().any(|p| if self.folded { p.map(fold).matches(&self.path) } else { p.matches(&self.path) })
    }

    /// Whether what a session stands on opens this reading: a grant by its scope, an emergency everything.
    #[must_use]
    pub fn covered_by(&self, basis: &Basis) -> bool {
        match basis {
            Basis::Grant(grant) => grant.scope.as_ref().is_none_or(|scope| self.within(scope)),
            Basis::Emergency(_) => true,
        }
    }

    /// Whether `self` asks for nothing that `other` does not ask for. Folded patterns match whatever exact ones match,
    /// so a folded reading asks for no more than an exact one of the same text; the reverse does not hold.
    fn repeats(&self, other: &Self) -> bool {
        let as_strict = self.folded || !other.folded;
        as_strict && self.path == other.path && self.effect == other.effect && self.labels == other.labels
    }
}

/// A request with its route.
#[derive(Debug, Clone)]
pub struct Routed {
    /// The request.
    pub request: Normalized,
    /// Its route.
    pub route: Arc<Route>,
    /// The workspace that it names, if the route says where.
    pub workspace: Option<String>,
    /// The canonical reading.
    pub reading: Reading,
    /// The other readings, only where they differ. A `Destination` adds its own.
    pub others: Vec<Reading>,
}

impl Routed {
    /// Every reading, the canonical one first.
    pub fn readings(&self) -> impl Iterator<Item = &Reading> {
        std::iter::once(&self.reading).chain(&self.others)
    }

    /// Whether the request stays in the workspace `own` of its session.
    ///
    /// # Errors
    /// `wrong-workspace` when it names another one.
    pub fn stays_in(&self, own: &WorkspaceId) -> Result<(), Refusal> {
        match self.workspace.as_deref() {
            Some(named) if named != own.as_str() => {
                let reason = format!("this session is in `{own}`, the request names `{named}`");
                Err(Refusal::because(Code::WrongWorkspace, reason))
            }
            Some(_) | None => Ok(()),
        }
    }
}

/// Finds the route and says what the request does.
///
/// # Errors
/// `not-found` without a route for the host, and for our own prefix in any reading; `bad-request` for a method that
/// the route does not know; `ambiguous-path` for an encoded octet that the route does not allow, and for a path that
/// names a workspace in one reading and not in another; `wrong-workspace` for a `Destination` in another workspace.
/// Forged mapped headers are dropped and counted.
pub fn route(mut request: Normalized, routes: &Routes) -> Result<Routed, Refusal> {
    let Prepared { route, exact, folded, folds } = routes
        .serving(&request)
        .ok_or_else(|| Refusal::because(Code::NotFound, format!("no route serves the host `{}`", request.host)))?;
    route.check(&request)?;
    let workspace = workspace(&request, route.config.workspace.as_ref())?;
    let mut readings: Vec<Reading> = Vec::new();
    for (path, least) in paths(&request).zip([Effect::Read, Effect::Write]) {
        // Folding changes neither the path nor what the rules say of it: there is one reading.
        let one = path.is_plain() && !folds;
        for Text { path, folded: is_folded } in texts(path).take(if one { 1 } else { usize::MAX }) {
            if first_segment(&path) == RESERVED {
                return Err(Refusal::because(Code::NotFound, format!("`/{RESERVED}` is never forwarded")));
            }
            let rules = if is_folded { folded } else { exact };
            let effect = rules.effect(&request.method, request.upgrade.is_some(), &path).max(least);
            let reading = Reading { effect, labels: rules.labels(&path), path, folded: is_folded };
            if !readings.iter().any(|known| reading.repeats(known)) {
                readings.push(reading);
            }
        }
    }
    drop_mapped(&mut request, route);
    let mut readings = readings.into_iter();
    let reading = readings.next().ok_or(Code::AmbiguousPath)?;
    Ok(Routed { request, route: Arc::clone(route), workspace, reading, others: readings.collect() })
}

/// The paths of a request: its own, and the `Destination`'s.
fn paths(request: &Normalized) -> impl Iterator<Item = &CanonicalPath> {
    std::iter::once(&request.path).chain(&request.destination)
}

/// What some backend may take for a path.
struct Text {
    path: String,
    folded: bool,
}

/// Every text that some backend may take for `path`, the canonical one first.
fn texts(path: &CanonicalPath) -> impl Iterator<Item = Text> {
    path.texts().into_iter().flat_map(|text| {
        let folded = Text { path: fold_path(&text), folded: true };
        [Text { path: text, folded: false }, folded]
    })
}

fn first_segment(path: &str) -> &str {
    path.split('/').nth(1).unwrap_or_default()
}

fn drop_mapped(request: &mut Normalized, route: &Route) {
    let forged = &mut request.forged;
    request.headers.retain(|(name, _)| {
        let mapped = route.maps(name);
        if mapped {
            forged.count();
        }
        !mapped
    });
}

/// The workspace that the request names: the same in every reading of every path, or a refusal.
fn workspace(request: &Normalized, from: Option<&WorkspaceFrom>) -> Result<Option<String>, Refusal> {
    match from {
        None => Ok(None),
        Some(WorkspaceFrom::Host { before, after }) => {
            let inner = request.host.strip_prefix(before.as_str()).and_then(|rest| rest.strip_suffix(after.as_str()));
            Ok(inner.filter(|name| !name.is_empty()).map(str::to_owned))
        }
        Some(WorkspaceFrom::Path { before }) => {
            let named = in_path(&request.path, before)?;
            let destination = request.destination.as_ref().map_or(Ok(None), |path| in_path(path, before))?;
            match (named, destination) {
                (Some(one), Some(other)) if one != other => {
                    Err(Refusal::because(Code::WrongWorkspace, "`Destination` is in another workspace than the path"))
                }
                (one, other) => Ok(one.or(other)),
            }
        }
    }
}

fn in_path(path: &CanonicalPath, before: &[String]) -> Result<Option<String>, Refusal> {
    let named = segment_after(&path.decoded, before);
    if path.is_plain() && before.iter().all(|segment| is_plain(segment)) {
        return Ok(named.map(str::to_owned));
    }
    let folded_before: Vec<String> = before.iter().map(|segment| fold(segment)).collect();
    for text in texts(path) {
        let agrees = if text.folded {
            segment_after(&text.path, &folded_before) == named.map(fold).as_deref()
        } else {
            segment_after(&text.path, before) == named
        };
        if !agrees {
            return Err(ambiguous("some backends read another workspace in this path"));
        }
    }
    Ok(named.map(str::to_owned))
}

/// The segment after the fixed ones, if the path begins with these and goes on.
fn segment_after<'a>(path: &'a str, before: &[String]) -> Option<&'a str> {
    let mut segments = path.split('/').skip(1);
    let begins = before.iter().all(|fixed| segments.next() == Some(fixed.as_str()));
    segments.next().filter(|segment| begins && !segment.is_empty())
}

fn ambiguous(reason: impl Into<String>) -> Refusal {
    Refusal::because(Code::AmbiguousPath, reason)
}
