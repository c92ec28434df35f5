//! Tells whoever was turned away what is wrong, why, and what to do next: as a problem document, or as a page.
use askama::Template;
use http::header::{
    ACCEPT, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, COOKIE, REFERRER_POLICY, RETRY_AFTER, SET_COOKIE,
};
use http::header::{VARY, X_CONTENT_TYPE_OPTIONS};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, Response};

use crate::audit::Draft;
use crate::domain::refusal::{Code, Refusal};
use crate::identity::{clear_cookie, clear_site_data};
use crate::problem::Problem;
use crate::request::{COOKIE_MEMBER, COOKIE_SESSION, COOKIE_STAFF};
use crate::telemetry::traces::Over;

use super::body::{Body, full};
use super::exchange::Arrival;
use super::gate::Gate;
use super::vouched::way_back;

const PAGE_POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// A request that does not pass.
pub(super) struct TurnedAway {
    refusal: Refusal,
    /// What the trail says of it, when the session is known.
    draft: Option<Draft>,
    /// Whether it was let through, and failed later: then its end is counted and recorded as any other's.
    let_through: bool,
    /// The cookies of ours that the browser is told to forget.
    forget: &'static [&'static str],
}

impl TurnedAway {
    /// For this cause. Whoever has no session is told to forget its cookie.
    pub(super) fn new(refusal: Refusal) -> Self {
        let forget: &[_] = if refusal.code == Code::NoSession { &[COOKIE_SESSION] } else { &[] };
        Self { refusal, draft: None, let_through: false, forget }
    }

    /// The trail says this of it.
    pub(super) fn recorded(mut self, draft: Option<Draft>) -> Self {
        self.draft = draft;
        self
    }

    /// It had been let through.
    pub(super) fn let_through(mut self) -> Self {
        self.let_through = true;
        self
    }

    /// The session is over: the browser forgets its cookie.
    pub(super) fn over(self) -> Self {
        self.forget(&[COOKIE_SESSION])
    }

    /// The browser forgets these cookies of ours; the session's goes with all that is left of the session.
    pub(super) fn forget(mut self, names: &'static [&'static str]) -> Self {
        self.forget = names;
        self
    }
}

impl From<Refusal> for Box<TurnedAway> {
    fn from(refusal: Refusal) -> Self {
        Self::new(TurnedAway::new(refusal))
    }
}

impl From<Code> for Box<TurnedAway> {
    fn from(code: Code) -> Self {
        Refusal::from(code).into()
    }
}

/// The page of a refusal.
#[derive(Template)]
#[template(path = "refusal.html")]
struct Page<'a> {
    title: &'a str,
    detail: &'a str,
    next: &'a str,
    code: &'a str,
    status: u16,
    request_id: &'a str,
    vendor_name: &'a str,
    support_url: Option<&'a str>,
    also: &'a [String],
    policy: Option<&'a str>,
    /// Where to sign in again.
    sign_in: Option<&'a str>,
    /// Where engineers find out more, and what to do next.
    console: Option<(String, &'static str)>,
}

/// The answer to a request that does not pass.
pub(super) fn turn_away(gate: &Gate, arrival: &Arrival, head: &Parts, turned_away: TurnedAway) -> Response<Body> {
    let TurnedAway { refusal, draft, let_through, forget } = turned_away;
    gate.metrics.refusals_total.with_label_values(&[refusal.code.as_str()]).inc();
    let problem = Problem::new(&refusal, arrival.id.clone());
    let console = console(gate, &problem, &refusal.code, draft.is_some());
    match draft {
        Some(draft) => gate.journal.note(draft),
        // Those are counted: a flood of requests must not flood the log.
        None if let_through || refusal.code == Code::TooManyRequests => {}
        // The trail has no place for it, since no session is known; whoever is shown its id finds it here.
        None => tracing::info!(request = %arrival.id, code = problem.code, peer = %arrival.peer, "refused"),
    }
    if !let_through {
        count(gate, arrival, head, &problem);
    }
    let mut response = if wants_page(&head.headers) {
        page(gate, &problem, way_back(gate, &refusal.code, head).as_deref(), console)
    } else {
        document(&problem)
    };
    *response.status_mut() = problem.status();
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(VARY, HeaderValue::from_static("accept, cookie"));
    if let Some(seconds) = problem.retry_after() {
        headers.insert(RETRY_AFTER, seconds.into());
    }
    if forget.contains(&COOKIE_SESSION) && times(&head.headers, COOKIE_SESSION) > 0 && is_confidential(gate, arrival) {
        let (name, value) = clear_site_data();
        headers.insert(name, value);
    }
    for name in doubled(&head.headers).chain(forget.iter().copied()) {
        headers.append(SET_COOKIE, clear_cookie(name));
    }
    if head.method == Method::HEAD {
        *response.body_mut() = full("");
    }
    response
}

/// A request that was let through is counted, and has its span, when it is over; every other one here.
fn count(gate: &Gate, arrival: &Arrival, head: &Parts, problem: &Problem) {
    gate.count(None, "refused");
    let over = Over {
        began: arrival.now,
        took: gate.clock.uptime().since(arrival.began),
        request: &arrival.id,
        method: head.method.as_str(),
        route: None,
        status: problem.status,
        outcome: "refused",
        code: Some(&problem.code),
    };
    gate.traces.end(arrival.trace, &over);
}

/// Which cookies of ours come several times: none of them counts, so the browser is told to forget them.
fn doubled(headers: &HeaderMap) -> impl Iterator<Item = &'static str> {
    [COOKIE_SESSION, COOKIE_STAFF, COOKIE_MEMBER].into_iter().filter(move |ours| times(headers, ours) > 1)
}

/// How often a cookie of this name comes.
fn times(headers: &HeaderMap, cookie: &str) -> usize {
    let pairs = headers.get_all(COOKIE).iter().flat_map(|value| value.as_bytes().split(|octet| *octet == b';'));
    let names = pairs.filter_map(|pair| pair.split(|octet| *octet == b'=').next());
    names.filter(|name| name.trim_ascii() == cookie.as_bytes()).count()
}

/// Whether browsers take the connection for a secure one, perhaps by another proxy in front: on others they ignore
/// `Clear-Site-Data`, and complain.
fn is_confidential(gate: &Gate, arrival: &Arrival) -> bool {
    arrival.secure || gate.server.public_url.starts_with("https://") || arrival.peer.is_loopback()
}

/// Whether a person looks at the answer: the client names HTML.
fn wants_page(headers: &HeaderMap) -> bool {
    headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok()).any(|value| value.contains("text/html"))
}

fn document(problem: &Problem) -> Response<Body> {
    let mut response = Response::new(full(serde_json::to_vec(problem).unwrap_or_default()));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    response
}

/// Where in the console an engineer goes on, and what the link says: to the reasons of what the trail tells of, or to where
/// sessions begin.
fn console(gate: &Gate, problem: &Problem, code: &Code, recorded: bool) -> Option<(String, &'static str)> {
    let console = format!("{}/.chaperone/console/", gate.server.public_url);
    let outside = matches!(code, Code::NoSession | Code::SessionEnded | Code::SessionIdle);
    match (gate.signs_in, recorded, outside) {
        (false, ..) | (true, false, false) => None,
        (true, true, _) => Some((format!("{console}refusals/{}", problem.request_id), "Why, and what to do next")),
        (true, false, true) => Some((console, "Go to the support console")),
    }
}

fn page(
    gate: &Gate,
    problem: &Problem,
    way_back: Option<&str>,
    console: Option<(String, &'static str)>,
) -> Response<Body> {
    let page = Page {
        title: problem.title,
        detail: &problem.detail,
        next: problem.next.as_deref().unwrap_or_default(),
        code: &problem.code,
        status: problem.status,
        request_id: problem.request_id.as_str(),
        vendor_name: &gate.vendor.name,
        support_url: gate.vendor.support_url.as_deref(),
        also: &problem.also,
        policy: problem.policy.as_deref(),
        sign_in: way_back,
        console,
    };
    let Ok(html) = page.render() else { return document(problem) };
    let mut response = Response::new(full(html));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(PAGE_POLICY));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_doubled_cookie_of_ours_is_cleared() {
        let cleared = |fields: &[&'static str]| {
            let mut headers = HeaderMap::new();
            for field in fields {
                headers.append(COOKIE, HeaderValue::from_static(field));
            }
            doubled(&headers).collect::<Vec<_>>()
        };
        assert_eq!(cleared(&["__Host-chaperone=A; x=1; __Host-chaperone =B"]), [COOKIE_SESSION]);
        assert_eq!(cleared(&["__Host-chaperone-staff=A; x=1; x=2", "__Host-chaperone-staff=A"]), [COOKIE_STAFF]);
        assert!(cleared(&["__Host-chaperone=A; __Host-chaperone-staff=B", "x=__Host-chaperone"]).is_empty());
    }
}
