//! `[server]`, `[ops]` and `[vendor]`.
use std::iter;
use std::net::{Ipv4Addr, SocketAddr};

use crate::config::listener::{Certificate, ProxyProtocol, Tls, TrustedHeaders};
use crate::config::reading::Complaint;
use crate::config::section::{Item, Section};
use crate::config::templates;
use crate::config::types::{Ops, Server, Traces, Vendor};
use crate::config::values;

/// The public listener.
pub(super) fn server(s: &mut Section<'_>) -> Option<Server> {
    let listen = s.required("listen").and_then(|item| item.parsed(values::socket));
    let public_url = s.required("public_url").and_then(|item| item.parsed(values::origin));
    let tls = s.table("tls", tls);
    let behind_tls_proxy = s.flag("behind_tls_proxy").unwrap_or(false);
    let trusted_proxies = s.list("trusted_proxies", values::network).unwrap_or_default();
    let headers = [("x-forwarded", TrustedHeaders::XForwarded), ("forwarded", TrustedHeaders::Forwarded)];
    let trusted_headers =
        s.parsed("trusted_headers", |word| values::one_of(word, &headers)).unwrap_or(TrustedHeaders::XForwarded);
    let proxy_protocol = s.parsed("proxy_protocol", proxy_protocol).unwrap_or(ProxyProtocol::Off);
    if proxy_protocol == ProxyProtocol::Required && trusted_proxies.is_empty() {
        let complaint = Complaint::new("nobody is trusted to send a header of the PROXY protocol");
        s.complain("proxy_protocol", complaint.hint("list the proxies in front in `trusted_proxies`"));
    }
    let session_host = s.parsed("session_host", templates::session_host);
    let listen = listen?;
    if !listen.ip().is_loopback() && !s.has("tls") && !behind_tls_proxy {
        let complaint = Complaint::new(format!(
            "`{listen}` is not loopback, and without `tls` everybody on the way can read along"
        ));
        s.complain("listen", complaint.hint("set `tls`, or `behind_tls_proxy = true` if another proxy ends TLS"));
    }
    let public_url = public_url?;
    Some(Server {
        listen,
        public_url,
        tls,
        behind_tls_proxy,
        trusted_proxies,
        trusted_headers,
        proxy_protocol,
        session_host,
    })
}

fn proxy_protocol(word: &str) -> Result<ProxyProtocol, Complaint> {
    values::one_of(word, &[("off", ProxyProtocol::Off), ("required", ProxyProtocol::Required)])
}

/// The one certificate stands in the table itself, others in a list beside it.
fn tls(s: &mut Section<'_>) -> Option<Tls> {
    let first = certificate(s);
    let client_ca = s.item("client_ca").and_then(Item::file);
    let more = s.tables("certificates", certificate).unwrap_or_default();
    Some(Tls { certificates: iter::once(first?).chain(more).collect(), client_ca })
}

fn certificate(s: &mut Section<'_>) -> Option<Certificate> {
    let cert = s.required("cert").and_then(Item::file);
    let key = s.required("key").and_then(Item::file);
    Some(Certificate { cert: cert?, key: key? })
}

/// The operators' listener; `public` is where the public one listens.
pub(super) fn ops(s: &mut Section<'_>, public: Option<SocketAddr>) -> Option<Ops> {
    let listen = s.parsed("listen", values::socket).unwrap_or((Ipv4Addr::LOCALHOST, 9090).into());
    if public == Some(listen) && listen.port() != 0 {
        let complaint = Complaint::new(format!("`{listen}` is the public listener's address"));
        s.complain(
            "listen",
            complaint.hint("metrics and health are never on the public listener: choose another port"),
        );
        return None;
    }
    let traces = s.table("traces", traces);
    Some(Ops { listen, traces })
}

/// A collector of traces.
fn traces(s: &mut Section<'_>) -> Option<Traces> {
    let url = s.required("url").and_then(|item| item.parsed(values::fetched));
    let percent = s.item("percent").and_then(|item| {
        let number = item.integer()?;
        let fit = u64::try_from(number).ok().filter(|n| (1..=100).contains(n));
        if fit.is_none() {
            let complaint = Complaint::new(format!("`{number}` is not a share in percent"));
            s.complain("percent", complaint.hint("a whole number from 1 to 100; leave `traces` out to send none"));
        }
        fit
    });
    Some(Traces { url: url?, percent: percent.unwrap_or(100) })
}

/// What pages and mails say; without a name they say the host of `public_url`.
pub(super) fn vendor(s: &mut Section<'_>, public_url: &str) -> Vendor {
    let host = public_url.split_once("://").map_or(public_url, |(_, host)| host);
    Vendor {
        name: s.parsed("name", values::words).unwrap_or_else(|| host.to_owned()),
        support_url: s.parsed("support_url", values::link),
        report_url: s.parsed("report_url", values::link),
        security_url: s.parsed("security_url", values::link),
        password_url: s.parsed("password_url", values::link),
    }
}
