//! TLS towards clients: does the certificate fit its key, the public URL and the calendar.
use std::iter;

use http::Uri;
use rustls::client::verify_server_name;
use rustls::server::ParsedCertificate;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, ServerName};

use crate::config::{Certificate, Config, Tls as Files};
use crate::domain::host::is_loopback;
use crate::domain::time::{Clock, Span, Timestamp};
use crate::proxy::Tls;
use crate::telemetry::logs::chain;

use super::der::{Validity, validity};
use super::finding::Finding;

/// A certificate that ends sooner is to be renewed now.
const SOON: Span = Span::from_seconds(21 * 24 * 60 * 60);

/// Looks at the public listener's certificate, and at the scheme that browsers see.
pub(super) fn check(config: &Config, now: Timestamp) -> Vec<Finding> {
    let server = &config.server;
    let mut findings = vec![scheme(&server.public_url)];
    match &server.tls {
        Some(files) => findings.extend(certificate(files, &server.public_url, now)),
        None => findings.push(Finding::not_checked("certificate", "not checked: TLS does not end here")),
    }
    findings
}

fn scheme(public_url: &str) -> Finding {
    if public_url.starts_with("https://") {
        return Finding::ok("public_url", format!("`{public_url}` is https"));
    }
    if public_url.parse::<Uri>().is_ok_and(|url| url.host().is_some_and(is_loopback)) {
        return Finding::ok("public_url", format!("`{public_url}` is on this machine alone"));
    }
    let said = format!("`{public_url}` is not https: browsers keep our cookies on https, or on localhost, alone");
    Finding::warn("public_url", said, "set `server.public_url` to the https address that people use")
}

fn certificate(files: &Files, public_url: &str, now: Timestamp) -> Vec<Finding> {
    let name = "certificate";
    if let Err(error) = Tls::new(files, &Clock::system()) {
        return vec![Finding::fail(name, chain(&error), "give the chain, its own key, both in PEM")];
    }
    let mut leaves = Vec::new();
    for Certificate { cert, .. } in &files.certificates {
        let Some(leaf) = CertificateDer::pem_file_iter(cert).ok().and_then(|mut chain| chain.next()?.ok()) else {
            let said = format!("`{}` holds no certificate", cert.display());
            return vec![Finding::fail(name, said, "give the chain in PEM")];
        };
        leaves.push(leaf);
    }
    let calendars = leaves.iter().map(|leaf| calendar(validity(leaf), now));
    iter::once(covers(&leaves, public_url)).chain(calendars).collect()
}

/// Whether one of the certificates is for the public host.
fn covers(leaves: &[CertificateDer<'_>], public_url: &str) -> Finding {
    let host = public_url.split_once("://").map_or(public_url, |(_, host)| host);
    let host = host.rsplit_once(':').filter(|(_, port)| port.parse::<u16>().is_ok()).map_or(host, |(host, _)| host);
    let mut parsed = leaves.iter().filter_map(|leaf| ParsedCertificate::try_from(leaf).ok());
    if ServerName::try_from(host).is_ok_and(|host| parsed.any(|leaf| verify_server_name(&leaf, &host).is_ok())) {
        return Finding::ok("certificate", format!("is for `{host}`"));
    }
    let said = format!("is not for `{host}`, the host of `server.public_url`: browsers refuse it");
    Finding::fail("certificate", said, "get one whose subject alternative names have it")
}

fn calendar(validity: Option<Validity>, now: Timestamp) -> Finding {
    let name = "certificate";
    let Some(Validity { from, until }) = validity else {
        return Finding::not_checked(name, "not checked: from when until when it counts cannot be read");
    };
    if now < from {
        return Finding::fail(name, format!("counts only from {from} on"), "wait, or set the clock");
    }
    if now > until {
        return Finding::fail(name, format!("has expired at {until}"), "renew it");
    }
    if until.since(now) < SOON {
        return Finding::warn(
            name,
            format!("expires at {until}"),
            "renew it, and find out why that did not happen by itself",
        );
    }
    Finding::ok(name, format!("counts until {until}"))
}

#[cfg(test)]
mod tests {
    use std::slice;

    use super::super::finding::Level;
    use super::*;

    fn leaf(names: &[&str]) -> CertificateDer<'static> {
        let names = names.iter().map(ToString::to_string).collect::<Vec<_>>();
        rcgen::generate_simple_self_signed(names).unwrap().cert.der().clone()
    }

    #[test]
    fn a_certificate_is_for_the_public_host_or_for_none_of_ours() {
        let leaf = leaf(&["support.example.com", "*.example.org"]);
        let level = |url| covers(slice::from_ref(&leaf), url).level;
        assert_eq!(level("https://support.example.com"), Level::Ok);
        assert_eq!(level("https://support.example.com:8443"), Level::Ok);
        assert_eq!(level("https://a.example.org"), Level::Ok);
        assert_eq!(level("https://example.com"), Level::Fail);
    }

    #[test]
    fn a_certificate_counts_between_two_days() {
        let day = |day: i64| Timestamp::from_millis(1_795_000_000_000).plus(Span::from_seconds(day * 24 * 60 * 60));
        let level = |today| calendar(Some(Validity { from: day(0), until: day(90) }), day(today)).level;
        assert_eq!([-1, 0, 68, 70, 91].map(level), [Level::Fail, Level::Ok, Level::Ok, Level::Warn, Level::Fail]);
    }
}
