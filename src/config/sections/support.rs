//! `[support_requests]` and `[tickets]`.
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret as _, SecretSlice};

use crate::config::reading::Complaint;
use crate::config::secret::secret;
use crate::config::section::Section;
use crate::config::support::{SupportRequests, Tickets};
use crate::config::values::{self, quoted};
use crate::domain::time::Span;

/// How many files one request may have at most.
const MOST: i64 = 20;
/// Sizes of files.
const SIZES: (u64, u64) = (1 << 10, 1 << 30);
/// How many bytes a shared secret may have (Standard Webhooks).
const SECRET: std::ops::RangeInclusive<usize> = 24..=64;

/// Limits of support requests; `longest` is the longest grant of all, and `store` where state is kept.
pub(super) fn support_requests(s: &mut Section<'_>, longest: Span, store: &Path) -> SupportRequests {
    let up_to = |max: Span, key: &'static str| {
        move |given: &str| match values::duration(given)? {
            span if span <= max => Ok(span),
            _ => Err(Complaint::new(format!("{} is longer than `{key}`, {max}", quoted(given)))
                .hint(format!("shorten it, or raise `{key}`"))),
        }
    };
    let max = s.parsed("max", up_to(longest, "grants.max")).unwrap_or(longest);
    let day = Span::from_seconds(86_400);
    SupportRequests {
        default: s.parsed("default", up_to(max, "max")).unwrap_or(day.min(max)),
        max,
        attachments: attachments(s).unwrap_or(5),
        attachment_size: s.parsed("attachment_size", size).unwrap_or(20 << 20),
        folder: store.with_file_name("attachments"),
    }
}

fn attachments(s: &mut Section<'_>) -> Option<usize> {
    let number = s.item("attachments")?.integer()?;
    let fit = usize::try_from(number).ok().filter(|_| number <= MOST);
    if fit.is_none() {
        let complaint = Complaint::new(format!("`{number}` is out of range"));
        s.complain("attachments", complaint.hint(format!("a whole number from 0 to {MOST}; 0 takes no files")));
    }
    fit
}

fn size(given: &str) -> Result<u64, Complaint> {
    match values::size(given)? {
        size if (SIZES.0..=SIZES.1).contains(&size) => Ok(size),
        _ => Err(Complaint::new(format!("{} is out of range", quoted(given))).hint("from 1KiB to 1GiB")),
    }
}

/// The ticket system, if there is one.
pub(super) fn tickets(s: &mut Section<'_>) -> Option<Tickets> {
    let given = secret(s, "secret", "secret_file");
    let key = if s.has("secret") { "secret" } else { "secret_file" };
    let Some(given) = given else {
        if !s.has("secret") && !s.has("secret_file") {
            let complaint = Complaint::new("without a secret nobody can tell who says that a ticket was closed");
            s.complain("secret_file", complaint.hint("name the secret's file in `secret_file`"));
        }
        return None;
    };
    let encoded = given.expose_secret();
    let decoded = STANDARD.decode(encoded.strip_prefix("whsec_").unwrap_or(encoded)).ok();
    let fit = decoded.filter(|bytes| SECRET.contains(&bytes.len()));
    if fit.is_none() {
        let complaint = Complaint::new("this is no secret of a webhook: `whsec_` and 24 to 64 bytes in base64");
        s.complain(key, complaint.hint("make one with `echo whsec_$(openssl rand -base64 32)`"));
    }
    fit.map(|bytes| Tickets { secret: SecretSlice::from(bytes) })
}
