//! Who is told: does the mail server take us, is somebody there for the webhook, can the vendor's own words be used.
use crate::config::Config;
use crate::notify::{Hook, Mailer, Words};
use crate::telemetry::logs::chain;

use super::finding::Finding;

/// The ways that the configuration names; nothing is sent by any of them.
pub(super) async fn check(config: &Config) -> Vec<Finding> {
    let mut findings = Vec::new();
    if let Some(mail) = &config.notify.email {
        let server = format!("{}:{}", mail.host, mail.port);
        findings.push(match Mailer::new(mail) {
            Ok(mailer) => match mailer.answers().await {
                Ok(true) => Finding::ok("e-mail", format!("`{server}` takes mail of ours")),
                Ok(false) => Finding::fail("e-mail", format!("`{server}` breaks off"), MAIL),
                Err(error) => Finding::fail("e-mail", format!("`{server}`: {}", chain(&error)), MAIL),
            },
            Err(error) => Finding::fail("e-mail", chain(&error), MAIL),
        });
    }
    if let Some(webhook) = &config.notify.webhook {
        let answers = match Hook::new(webhook) {
            Ok(hook) => hook.answers().await.map_err(|error| chain(&error)),
            Err(error) => Err(chain(&error)),
        };
        findings.push(match answers {
            Ok(()) => Finding::ok("webhook", format!("somebody listens at `{}`", webhook.url)),
            Err(said) => Finding::fail("webhook", format!("`{}`: {said}", webhook.url), HOOK),
        });
    }
    if let Some(folder) = &config.notify.templates {
        findings.push(match Words::load(Some(folder)) {
            Ok(_) => Finding::ok("words", format!("the mails in `{}` can be used", folder.display())),
            Err(error) => Finding::fail("words", chain(&error), "mend the file: the gate does not start with it"),
        });
    }
    findings
}

const MAIL: &str = "see to the mail server and `notify.email`: until then notices wait, for three days at most";
const HOOK: &str = "see to the app and `notify.webhook`: until then notices wait, for three days at most";
