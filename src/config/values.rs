//! Values that several sections take: addresses, origins, durations, patterns, names.
use std::fs::File;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use http::Uri;
use http::uri::Authority;
use ipnet::IpNet;

use crate::domain::host::is_loopback;
use crate::domain::path_pattern::PathPattern;
use crate::domain::time::Span;

use super::reading::Complaint;

type Parsed<T> = Result<T, Complaint>;

/// Whether `given` looks like an address with a user, and so perhaps a password, in it.
pub(super) fn has_credentials(given: &str) -> bool {
    given.trim_start_matches("mailto:").split_once('@').is_some_and(|(user, _)| user.contains(':'))
}

/// The value as messages repeat it: not longer than a line, and without credentials.
pub(super) fn quoted(given: &str) -> String {
    if has_credentials(given) {
        return "an address with a user in it".to_owned();
    }
    let mut shown: String = given.chars().take(80).collect();
    if shown.len() < given.len() {
        shown.push('…');
    }
    format!("`{}`", shown.escape_debug())
}

/// Any text but none and control characters.
pub(super) fn words(given: &str) -> Parsed<String> {
    if given.trim().is_empty() {
        return Err(Complaint::new("this is empty"));
    }
    if given.chars().any(char::is_control) {
        return Err(Complaint::new("this has a line break or another control character"));
    }
    Ok(given.to_owned())
}

/// A short name: letters, digits, `.`, `_`, `-`.
pub(super) fn name(given: &str) -> Parsed<String> {
    let plain = given.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'));
    if plain && (1..=64).contains(&given.len()) {
        return Ok(given.to_owned());
    }
    Err(Complaint::new(format!("{} is not a name of 1 to 64 letters, digits, `.`, `_` or `-`", quoted(given))))
}

/// One of a few words.
pub(super) fn one_of<T: Copy>(given: &str, words: &[(&str, T)]) -> Parsed<T> {
    words.iter().find(|(word, _)| *word == given).map(|(_, value)| *value).ok_or_else(|| {
        let known: Vec<_> = words.iter().map(|(word, _)| format!("`{word}`")).collect();
        Complaint::new(format!("{} is not one of {}", quoted(given), known.join(", ")))
    })
}

/// An IP address and a port.
pub(super) fn socket(given: &str) -> Parsed<SocketAddr> {
    given.parse().map_err(|_| {
        Complaint::new(format!("{} is not an IP address with a port", quoted(given)))
            .hint("write it like `127.0.0.1:8443` or `[::1]:8443`; `0.0.0.0` listens on every address")
    })
}

/// A network such as `10.0.0.0/8`, or one address.
pub(super) fn network(given: &str) -> Parsed<IpNet> {
    given.parse().or_else(|_| given.parse::<IpAddr>().map(IpNet::from)).map_err(|_| {
        Complaint::new(format!("{} is neither a network nor an address", quoted(given)))
            .hint("write it like `10.0.0.0/8` or `192.0.2.7`")
    })
}

/// A positive duration.
pub(super) fn duration(given: &str) -> Parsed<Span> {
    match given.parse::<Span>() {
        Ok(span) if span > Span::ZERO => Ok(span),
        Ok(_) => Err(Complaint::new(format!("{} is no time at all", quoted(given)))),
        Err(error) => Err(Complaint::new(error.to_string())),
    }
}

/// A size, in bytes.
pub(super) fn size(given: &str) -> Parsed<u64> {
    let units = [("KiB", 10), ("MiB", 20), ("GiB", 30)];
    let parsed = units.iter().find_map(|(unit, shift)| {
        let number: u64 = given.strip_suffix(unit)?.trim_end().parse().ok()?;
        number.checked_mul(1 << shift)
    });
    parsed.ok_or_else(|| {
        Complaint::new(format!("{} is not a size", quoted(given))).hint("write it like `256MiB`: KiB, MiB or GiB")
    })
}

/// A pattern over paths.
pub(super) fn pattern(given: &str) -> Parsed<PathPattern> {
    given.parse().map_err(|error| {
        Complaint::new(format!("{} is not a path pattern: {error}", quoted(given)))
            .hint("write it like `/billing/**` or `/w/*/notes`")
    })
}

/// A file that can be read.
pub(super) fn readable(path: PathBuf) -> Parsed<PathBuf> {
    let opened = File::open(&path).and_then(|file| file.metadata());
    let wrong = match opened {
        Ok(about) if about.is_dir() => "it is a folder".to_owned(),
        Ok(_) => return Ok(path),
        Err(error) => error.to_string(),
    };
    Err(Complaint::new(format!("cannot read `{}`: {wrong}", path.display()))
        .hint("name a file that chaperone may read; a relative path counts from the configuration file"))
}

/// A folder that exists.
pub(super) fn folder(path: PathBuf) -> Parsed<PathBuf> {
    if path.is_dir() {
        return Ok(path);
    }
    Err(Complaint::new(format!("`{}` is not a folder", path.display()))
        .hint("a relative path counts from the configuration file"))
}

/// A host, perhaps with a port, in lower case.
pub(super) fn host(given: &str) -> Parsed<String> {
    let host = given.to_ascii_lowercase();
    let authority: Option<Authority> = host.parse().ok();
    let plain = |host: &str| {
        host.starts_with('[') || host.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-'))
    };
    match authority {
        Some(a) if plain(a.host()) && !a.host().is_empty() && !host.contains('@') && !host.ends_with(':') => Ok(host),
        _ => Err(Complaint::new(format!("{} is not a host", quoted(given)))
            .hint("write it like `support.example.com`, with a port only if clients name one")),
    }
}

/// An origin: scheme and host, perhaps a port, nothing else; in the spelling that browsers send.
pub(super) fn origin(given: &str) -> Parsed<String> {
    let complaint = || Complaint::new(format!("{} is not an origin", quoted(given)));
    let example = "write scheme and host, without a path or a slash at the end, like `https://support.example.com`";
    let url = web(given).map_err(|_| complaint().hint(example))?;
    let (Some(scheme), Some(authority)) = (url.scheme_str(), url.authority()) else {
        return Err(complaint().hint(example));
    };
    let default_port = if scheme == "https" { 443 } else { 80 };
    let port = authority.port_u16().filter(|port| *port != default_port).map(|port| format!(":{port}"));
    let canonical = format!("{scheme}://{}{}", authority.host().to_ascii_lowercase(), port.unwrap_or_default());
    if given == canonical { Ok(canonical) } else { Err(complaint().hint(format!("write it as `{canonical}`"))) }
}

/// The origin of an app: `http://`, `https://`, or `h2c://` for HTTP/2 in plaintext.
pub(super) fn upstream(given: &str) -> Parsed<Uri> {
    let canonical = match given.strip_prefix("h2c://") {
        Some(authority) => origin(&format!("http://{authority}"))?.replacen("http", "h2c", 1),
        None => origin(given)?,
    };
    canonical.parse().map_err(|_| Complaint::new(format!("{} is not an origin", quoted(given))))
}

/// An address on the web: `http` or `https`, a host, no user, no fragment.
pub(super) fn web(given: &str) -> Parsed<Uri> {
    let url: Option<Uri> = given.parse().ok();
    let fit = url.filter(|url| {
        matches!(url.scheme_str(), Some("http" | "https"))
            && url.authority().is_some_and(|a| host(a.as_str()).is_ok())
            && !given.contains('#')
    });
    fit.ok_or_else(|| {
        Complaint::new(format!("{} is not an address on the web", quoted(given)))
            .hint("write it in full, like `https://app.example.com/help`")
    })
}

/// An address that a person is sent to: on the web, or an e-mail address as `mailto:…`.
pub(super) fn link(given: &str) -> Parsed<String> {
    match given.strip_prefix("mailto:") {
        Some(address) if address.contains('@') => words(given),
        Some(_) | None => web(given).map(|_| given.to_owned()),
    }
}

/// An address that keys or the like are fetched from: nobody on the way may change them.
pub(super) fn fetched(given: &str) -> Parsed<Uri> {
    let url = web(given)?;
    if url.scheme_str() == Some("https") || url.host().is_some_and(is_loopback) {
        return Ok(url);
    }
    Err(Complaint::new(format!("{} is fetched without TLS", quoted(given)))
        .hint("use `https`; plain `http` is for loopback only"))
}
