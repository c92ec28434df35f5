//! Does the app answer, and can others ask it past the gate?
use http::Uri;
use http::header::DATE;

use crate::cli::client::{Answer, Call, Place, Trust, ask};
use crate::config::{Config, HostMatch, Route};
use crate::domain::time::{Span, Timestamp};
use crate::telemetry::logs::chain;

use super::finding::Finding;

/// The times of tokens may be off by so much.
const LEEWAY: Span = Span::from_seconds(30);

/// What is asked of the app behind one route.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked<'a> {
    /// The whole configuration.
    pub(super) config: &'a Config,
    /// The route's place in it.
    pub(super) route: usize,
    /// The route.
    pub(super) settings: &'a Route,
    /// Whose certificates are believed.
    pub(super) trust: &'a Trust,
    /// The path.
    pub(super) path: &'a str,
}

/// Asks each address of the app; gives the first that answers, too.
pub(super) async fn check(asked: &Asked<'_>, now: Timestamp) -> (Vec<Finding>, Option<Place>) {
    let (mut findings, mut answering) = (Vec::new(), None);
    for upstream in &asked.settings.upstream {
        let check = format!("route {}, app", asked.route);
        let place = match Place::of(upstream) {
            Ok(place) => place.asked_as(&host(asked)),
            Err(error) => {
                findings.push(Finding::fail(check, error.to_string(), "correct `upstream`"));
                continue;
            }
        };
        match ask(&place, asked.trust, Call::get(asked.path)).await {
            Ok(answer) => {
                findings.push(answered(&check, upstream, asked.path, &answer));
                findings.extend(skew(upstream, &answer, now));
                findings.extend(exposure(&check, &place));
                answering = answering.or(Some(place));
            }
            Err(error) => {
                findings.push(Finding::fail(check, chain(&error), "start the app, or correct the route's `upstream`"));
            }
        }
    }
    (findings, answering)
}

/// The host that the gate would tell the app.
fn host(asked: &Asked<'_>) -> String {
    match &asked.settings.host {
        HostMatch::Exact(host) => host.clone(),
        HostMatch::Any => {
            let url = &asked.config.server.public_url;
            url.split_once("://").map_or(url.as_str(), |(_, host)| host).to_owned()
        }
    }
}

fn answered(check: &str, upstream: &Uri, path: &str, answer: &Answer) -> Finding {
    let said = format!("`{}` answers {} on `{path}`", shown(upstream), answer.status.as_u16());
    if answer.status.is_server_error() {
        Finding::warn(check, said, "look into the app's own log")
    } else {
        Finding::ok(check, said)
    }
}

/// Whether only this machine can reach the app; it is not known who else can.
fn exposure(check: &str, place: &Place) -> Option<Finding> {
    if !place.is_elsewhere() {
        return None;
    }
    Some(Finding::warn(
        check,
        format!("`{}` answers whoever reaches it, past the gate; whether others can was not checked", place.address),
        "let its firewall take connections from the gate alone",
    ))
}

/// How far our clock and theirs are apart, if that matters.
pub(super) fn skew(who: &Uri, answer: &Answer, now: Timestamp) -> Option<Finding> {
    let date = answer.headers.get(DATE)?.to_str().ok()?;
    let theirs = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(date).ok()?;
    let apart = now.since(Timestamp::from_millis(theirs.as_millisecond()));
    if apart.as_millis().abs() <= LEEWAY.as_millis() {
        return None;
    }
    let seconds = apart.as_millis().abs().checked_div(1000).unwrap_or(0);
    let which = if apart > Span::ZERO { "ahead of" } else { "behind" };
    Some(Finding::warn(
        "clock",
        format!("{seconds} s {which} that of `{}`: tokens may be refused as too old or too new", shown(who)),
        "keep both in time, for example with chrony",
    ))
}

fn shown(upstream: &Uri) -> String {
    upstream.to_string().trim_end_matches('/').to_owned()
}
