//! `[notify]`: who is told, and by which ways.
use lettre::message::Mailbox;

use crate::config::notify::{Credentials, Mail, Notify, Webhook};
use crate::config::reading::Complaint;
use crate::config::secret::secret;
use crate::config::section::Section;
use crate::config::values::{self, quoted};
use crate::domain::host::is_loopback;
use crate::domain::time::Span;

/// How long a member who is online may leave a request unanswered.
const FALLBACK: Span = Span::from_seconds(120);

/// The whole section.
pub(super) fn notify(s: &mut Section<'_>) -> Notify {
    let fallback = s.parsed("fallback", values::duration).unwrap_or(FALLBACK);
    let folder = s.reading();
    let templates = s.parsed("templates", |path| values::folder(folder.absolute(path)));
    let security = s.parsed("security", address);
    let support = s.parsed("support", address);
    let email = s.table("email", mail);
    let webhook = s.table("webhook", webhook);
    if !s.has("email") {
        let nobody = "there is no `notify.email`, so nobody gets e-mail";
        s.without_effect(&[("security", nobody), ("support", nobody), ("templates", nobody)]);
    }
    Notify { email, webhook, fallback, templates, security, support }
}

fn mail(s: &mut Section<'_>) -> Option<Mail> {
    let server = s.required("smtp").and_then(|item| item.parsed(smtp));
    let from = s.required("from").and_then(|item| item.parsed(address));
    let username = s.parsed("username", values::words);
    let password = secret(s, "password", "password_file");
    let given = s.has("password") || s.has("password_file");
    if s.has("username") != given {
        let (key, other) = if given { ("username", "a password") } else { ("password_file", "a user") };
        let complaint = Complaint::new(format!("there is {other} without this"));
        s.complain(key, complaint.hint("a mail server takes `username` and `password_file` together, or neither"));
    }
    let credentials = username.zip(password).map(|(username, password)| Credentials { username, password });
    let (host, port, tls) = server?;
    Some(Mail { host, port, tls, from: from?, credentials })
}

/// The host, the port and whether TLS begins with the connection.
fn smtp(given: &str) -> Result<(String, u16, bool), Complaint> {
    let complaint = || {
        Complaint::new(format!("{} is not the address of a mail server", quoted(given)))
            .hint("write it like `smtps://mail.example.com` or `smtp://127.0.0.1:1025`; a user goes into `username`")
    };
    let (scheme, authority) = given.split_once("://").ok_or_else(complaint)?;
    let (tls, usual) = match scheme {
        "smtps" => (true, 465),
        "smtp" => (false, 587),
        _ => return Err(complaint()),
    };
    let authority = values::host(authority.trim_end_matches('/')).map_err(|_| complaint())?;
    let authority: http::uri::Authority = authority.parse().map_err(|_| complaint())?;
    let host = authority.host().trim_start_matches('[').trim_end_matches(']');
    Ok((host.to_owned(), authority.port_u16().unwrap_or(usual), tls))
}

/// An e-mail address, perhaps with a name before it.
fn address(given: &str) -> Result<String, Complaint> {
    let words = values::words(given)?;
    if words.parse::<Mailbox>().is_ok() {
        return Ok(words);
    }
    Err(Complaint::new(format!("{} is not an e-mail address", quoted(given)))
        .hint("write it like `support@example.com` or `Example Support <support@example.com>`"))
}

fn webhook(s: &mut Section<'_>) -> Option<Webhook> {
    let url = s.required("url").and_then(|item| item.parsed(values::fetched));
    let shared = secret(s, "secret", "secret_file");
    if shared.is_none() && !s.has("secret") && !s.has("secret_file") {
        let complaint = Complaint::new("a webhook needs a secret, or its receiver cannot tell it from a forged one");
        s.complain("secret_file", complaint.hint("name the secret's file in `secret_file`"));
    }
    let allow_private = s.flag("allow_private").unwrap_or(false);
    let url = url?;
    if url.host().is_some_and(is_loopback) && !allow_private {
        let complaint = Complaint::new("this is a private address, and notices are not sent to those");
        s.complain("url", complaint.hint("set `allow_private = true` if the app's webhook is really there"));
        return None;
    }
    Some(Webhook { url, secret: shared?, allow_private })
}
