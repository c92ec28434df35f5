//! `[notify]`: checked, so that a file written for it is right, but without effect so far.
use crate::config::reading::Complaint;
use crate::config::secret::secret;
use crate::config::section::Section;
use crate::config::values::{self, quoted};

/// The sections without effect.
pub(super) fn sections(root: &mut Section<'_>) {
    root.table("notify", |s| {
        s.table("email", email);
        s.table("webhook", webhook);
        s.without_effect(&[("email", "nobody is told by e-mail"), ("webhook", "nobody is told by webhook")]);
        Some(())
    });
}

fn email(s: &mut Section<'_>) -> Option<()> {
    s.required("smtp").and_then(|item| item.parsed(smtp));
    s.required("from").and_then(|item| item.parsed(address))
}

fn smtp(given: &str) -> Result<(), Complaint> {
    let server = given.strip_prefix("smtp://").or_else(|| given.strip_prefix("smtps://"));
    if server.is_some_and(|server| !server.is_empty() && !server.contains(char::is_whitespace)) {
        return Ok(());
    }
    Err(Complaint::new(format!("{} is not the address of a mail server", quoted(given)))
        .hint("write it like `smtps://mail.example.com` or `smtp://127.0.0.1:1025`"))
}

fn address(given: &str) -> Result<(), Complaint> {
    let words = values::words(given)?;
    if words.split_once('@').is_some_and(|(local, domain)| !local.is_empty() && !domain.is_empty()) {
        return Ok(());
    }
    Err(Complaint::new(format!("{} is not an e-mail address", quoted(given))))
}

fn webhook(s: &mut Section<'_>) -> Option<()> {
    let url = s.required("url").and_then(|item| item.parsed(values::fetched));
    let shared = secret(s, "secret", "secret_file");
    if shared.is_none() && !s.has("secret") && !s.has("secret_file") {
        let complaint = Complaint::new("a webhook needs a secret, or its receiver cannot tell it from a forged one");
        s.complain("secret_file", complaint.hint("name the secret's file in `secret_file`"));
    }
    url.map(|_| ())
}
