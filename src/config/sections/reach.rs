//! A route's keys that say how its app is reached.
use std::time::Duration;

use http::Uri;
use http::uri::{PathAndQuery, Scheme};
use rustls_pki_types::ServerName;

use crate::config::reach::{Check, Health, Reach, Timeouts, UpstreamHost, UpstreamTls};
use crate::config::reading::Complaint;
use crate::config::section::{Item, Section};
use crate::config::values::{self, quoted};
use crate::domain::time::Span;

/// How often an origin is asked unless the file says it.
const INTERVAL: Duration = Duration::from_secs(5);

/// How the app is reached that has these origins.
pub(super) fn reach(s: &mut Section<'_>, origins: &[Uri]) -> Option<Reach> {
    let usual = Reach::default();
    let hosts = [("preserve", UpstreamHost::Preserve), ("rewrite", UpstreamHost::Rewrite)];
    let host = s.parsed_or("upstream_host", usual.host, |word| values::one_of(word, &hosts));
    let connections = number(s, "upstream_connections", usual.connections, u16::MAX);
    let timeouts = s.table_or_default("timeouts", timeouts);
    let health = s.table_or_default("health", health);
    let tls = s.table_or_default("upstream_tls", |s| Some(tls(s)));
    if s.has("upstream_tls") && origins.iter().all(|origin| origin.scheme() != Some(&Scheme::HTTPS)) {
        let complaint = Complaint::new("none of the route's upstreams is reached by TLS");
        s.complain("upstream_tls", complaint.hint("write them as `https://…`, or remove this"));
    }
    Some(Reach { host: host?, connections: connections?, timeouts: timeouts?, health: health?, tls: tls? })
}

fn timeouts(s: &mut Section<'_>) -> Option<Timeouts> {
    let usual = Timeouts::default();
    let connect = time(s, "connect", usual.connect, (Span::from_millis(10), Span::from_seconds(60)));
    let head = time(s, "head", usual.head, (Span::from_millis(100), Span::from_seconds(3600)));
    let idle = time(s, "idle", usual.idle, (Span::from_millis(100), Span::from_seconds(3600)));
    Some(Timeouts { connect: connect?, head: head?, idle: idle? })
}

fn health(s: &mut Section<'_>) -> Option<Health> {
    let usual = Health::default();
    let failures = number(s, "failures", usual.failures, 100);
    let eject = time(s, "eject", usual.eject, (Span::from_millis(100), Span::from_seconds(60)));
    let path = s.parsed("path", path);
    let interval = time(s, "interval", INTERVAL, (Span::from_millis(100), Span::from_seconds(3600)));
    if s.has("interval") && !s.has("path") {
        let complaint = Complaint::new("nothing is asked for in this interval");
        s.complain("interval", complaint.hint("name what is asked for in `path`, like `/healthz`"));
    }
    let interval = interval?;
    Some(Health { failures: failures?, eject: eject?, check: path.map(|path| Check { path, interval }) })
}

fn tls(s: &mut Section<'_>) -> UpstreamTls {
    let ca = s.item("ca").and_then(Item::file);
    let (cert, key) = (s.item("cert").and_then(Item::file), s.item("key").and_then(Item::file));
    for (given, missing) in [("cert", "key"), ("key", "cert")] {
        if s.has(given) && !s.has(missing) {
            let complaint = Complaint::new(format!("a certificate needs its private key: `{missing}` is not given"));
            s.complain(given, complaint.hint("give the PEM files of both"));
        }
    }
    let server_name = s.parsed("server_name", server_name);
    UpstreamTls { ca, identity: cert.zip(key), server_name }
}

fn path(given: &str) -> Result<String, Complaint> {
    match PathAndQuery::try_from(given) {
        Ok(path) if given.starts_with('/') => Ok(path.to_string()),
        Ok(_) | Err(_) => {
            Err(Complaint::new(format!("{} is not a path", quoted(given))).hint("write it like `/healthz`"))
        }
    }
}

fn server_name(given: &str) -> Result<String, Complaint> {
    ServerName::try_from(given).map(|_| given.to_owned()).map_err(|_| {
        Complaint::new(format!("{} is not a name that a certificate could be for", quoted(given)))
            .hint("write it like `app.example.com`, without a port")
    })
}

/// A duration between two others.
fn time(s: &mut Section<'_>, key: &'static str, usual: Duration, (least, most): (Span, Span)) -> Option<Duration> {
    let parse = |given: &str| match values::duration(given)? {
        span if (least..=most).contains(&span) => Ok(span.to_std()),
        _ => Err(Complaint::new(format!("{} is not between {least} and {most}", quoted(given)))),
    };
    s.parsed_or(key, usual, parse)
}

/// A whole number from 1 to `most`.
fn number(s: &mut Section<'_>, key: &'static str, usual: u16, most: u16) -> Option<u16> {
    let Some(item) = s.item(key) else { return Some(usual) };
    let given = item.integer()?;
    let fit = u16::try_from(given).ok().filter(|number| (1..=most).contains(number));
    if fit.is_none() {
        s.complain(key, Complaint::new(format!("`{given}` is not between 1 and {most}")));
    }
    fit
}
