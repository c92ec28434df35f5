//! E-mail: one connection for each mail, TLS wherever the server has it, the same `Message-ID` however often it is sent.
use std::time::Duration;

use aws_lc_rs::digest;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Tls, TlsParameters};
use lettre::{Address, AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use secrecy::ExposeSecret;

use crate::config;
use crate::domain::host::is_loopback;
use crate::domain::time::Timestamp;

use super::letter::Letter;

/// How long the server may take for one command.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long one mail may take in all.
const LONGEST: Duration = Duration::from_mins(1);

/// Why mail cannot be sent at all.
#[derive(Debug, thiserror::Error)]
pub enum MailerError {
    /// TLS cannot be set up.
    #[error("cannot set up TLS towards the mail server `{host}` (`notify.email`)")]
    Tls {
        /// Which server.
        host: String,
        /// Why.
        #[source]
        source: lettre::transport::smtp::Error,
    },
    /// The sender is no mailbox.
    #[error("`notify.email.from` is not an e-mail address")]
    From(#[source] lettre::address::AddressError),
}

/// Why a mail was not accepted.
#[derive(Debug, thiserror::Error)]
pub(super) enum NotSent {
    /// Nobody can be written to by that address.
    #[error("`{0}` is not an e-mail address")]
    Address(String),
    /// It cannot be put together.
    #[error("the mail cannot be put together")]
    Message(#[source] lettre::error::Error),
    /// The server did not take it.
    #[error("the mail server did not accept it")]
    Server(#[source] lettre::transport::smtp::Error),
    /// The server did not answer.
    #[error("the mail server did not answer in time")]
    Slow,
}

/// What sends mail.
pub struct Mailer {
    server: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

impl std::fmt::Debug for Mailer {
    /// Without the credentials.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Mailer").field("from", &self.from).finish_non_exhaustive()
    }
}

impl Mailer {
    /// Sends by that server.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub fn new(mail: &config::Mail) -> Result<Self, MailerError> {
        let host = mail.host.as_str();
        let tls = TlsParameters::builder(host.to_owned()).build_rustls();
        let tls = tls.map_err(|source| MailerError::Tls { host: host.to_owned(), source })?;
        let tls = match (mail.tls, &mail.credentials) {
            (true, _) => Tls::Wrapper(tls),
            // A password goes over no wire that somebody may read along.
            (false, Some(_)) if !is_loopback(host) => Tls::Required(tls),
            (false, _) => Tls::Opportunistic(tls),
        };
        let server = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(host);
        let mut server = server.port(mail.port).tls(tls).timeout(Some(PATIENCE));
        if let Some(user) = &mail.credentials {
            let password = user.password.expose_secret().to_owned();
            server = server.credentials(Credentials::new(user.username.clone(), password));
        }
        Ok(Self { server: server.build(), from: mail.from.parse().map_err(MailerError::From)? })
    }

    /// Sends `letter` to `address`: the notice `id` of an event that came about `at`.
    pub(super) async fn send(&self, letter: &Letter, address: &str, id: &str, at: Timestamp) -> Result<(), NotSent> {
        let message = self.message(letter, address, id, at)?;
        let sending = tokio::time::timeout(LONGEST, self.server.send(message));
        sending.await.map_err(|_| NotSent::Slow)?.map_err(NotSent::Server)?;
        Ok(())
    }

    /// Whether the server answers, and takes our credentials if we have some.
    ///
    /// # Errors
    /// What it says.
    pub async fn answers(&self) -> Result<bool, lettre::transport::smtp::Error> {
        self.server.test_connection().await
    }

    fn message(&self, letter: &Letter, address: &str, id: &str, at: Timestamp) -> Result<Message, NotSent> {
        let to: Address = address.parse().map_err(|_| NotSent::Address(address.to_owned()))?;
        let automatic = HeaderName::new_from_ascii_str("Auto-Submitted");
        let mut message = Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, to))
            .subject(letter.subject.as_str())
            .date(at.into())
            .message_id(Some(format!("<{}@{}>", message_id(id), self.from.email.domain())))
            .multipart(MultiPart::alternative_plain_html(letter.text.clone(), letter.html.clone()))
            .map_err(NotSent::Message)?;
        message.headers_mut().insert_raw(HeaderValue::new(automatic, "auto-generated".to_owned()));
        Ok(message)
    }
}

/// The same for the same notice, and of letters and digits alone: recipients' names are not fit for a header.
fn message_id(id: &str) -> String {
    let hash = digest::digest(&digest::SHA256, id.as_bytes());
    let short = hash.as_ref().iter().take(8).fold(0_u64, |number, byte| (number << 8) | u64::from(*byte));
    let event = id.split(':').next().unwrap_or_default();
    format!("{event}.{short:016x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mailer() -> Mailer {
        let mail = config::Mail {
            host: "127.0.0.1".to_owned(),
            port: 1,
            tls: false,
            from: "Ledgerly Support <support@ledgerly.example>".to_owned(),
            credentials: None,
        };
        Mailer::new(&mail).unwrap()
    }

    fn sent(subject: &str, id: &str) -> String {
        let (text, html) = ("Täxt".to_owned(), "<p>Täxt</p>".to_owned());
        let letter = Letter { subject: subject.to_owned(), text, html };
        let message = mailer().message(&letter, "olga@acme.example", id, Timestamp::from_millis(0)).unwrap();
        String::from_utf8(message.formatted()).unwrap()
    }

    #[test]
    fn a_notice_has_one_message_id_however_often_it_is_sent() {
        let id = |id: &str| {
            let sent = sent("s", id);
            let id = sent.lines().find_map(|line| line.strip_prefix("Message-ID: ")).unwrap();
            id.to_owned()
        };
        assert_eq!(id("ev_1:email:member:olga"), id("ev_1:email:member:olga"));
        assert_ne!(id("ev_1:email:member:olga"), id("ev_1:email:member:otto"));
        assert!(id("ev_1:email:member:..").starts_with("<ev_1.") && id("ev_1:x").ends_with("@ledgerly.example>"));
    }

    #[test]
    fn a_subject_ends_no_header() {
        for subject in ["a\r\nBcc: all@acme.example", "a\nBcc: b@c", "ä\r\nBcc: b@c"] {
            let sent = sent(subject, "ev_1:email:member:olga");
            let (head, _) = sent.split_once("\r\n\r\n").unwrap();
            assert!(!head.lines().any(|line| line.starts_with("Bcc")), "{head}");
        }
    }

    #[test]
    fn an_address_that_is_none_is_refused() {
        let letter = Letter { subject: String::new(), text: String::new(), html: String::new() };
        for bad in ["olga", "a@b\r\nBcc: c@d", "a@b, c@d", ""] {
            assert!(mailer().message(&letter, bad, "ev_1", Timestamp::from_millis(0)).is_err(), "{bad:?}");
        }
    }
}
