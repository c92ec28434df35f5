//! Who is told of what happens, and by which ways.
use std::path::PathBuf;

use http::Uri;
use secrecy::SecretString;

use crate::domain::time::Span;

/// How people are told.
#[derive(Debug, Clone)]
pub struct Notify {
    /// By e-mail; none: nobody is.
    pub email: Option<Mail>,
    /// By webhook; none: nothing is.
    pub webhook: Option<Webhook>,
    /// How long a member who is online may leave a request unanswered before it goes by e-mail too.
    pub fallback: Span,
    /// A folder with the vendor's own words for mails; none: ours.
    pub templates: Option<PathBuf>,
    /// Where the vendor's security team reads e-mail.
    pub security: Option<String>,
    /// Where the vendor's support team reads e-mail.
    pub support: Option<String>,
}

/// A mail server, and who writes.
#[derive(Debug, Clone)]
pub struct Mail {
    /// Its host.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// Whether TLS begins with the connection (`smtps`); else as soon as the server offers it (`STARTTLS`).
    pub tls: bool,
    /// The sender, perhaps with a name: `Example Support <support@example.com>`.
    pub from: String,
    /// How we sign in to it, if we do: never without TLS, but to this machine.
    pub credentials: Option<Credentials>,
}

/// A user of a mail server.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// The name.
    pub username: String,
    /// The password.
    pub password: SecretString,
}

/// The app's webhook.
#[derive(Debug, Clone)]
pub struct Webhook {
    /// Where it is.
    pub url: Uri,
    /// What signs it (Standard Webhooks): `whsec_…` in base64, or any text.
    pub secret: SecretString,
    /// Whether it may be at a private address or on this machine.
    pub allow_private: bool,
}
