//! WHO IS TOLD: notices of what happens to a workspace, by e-mail, by webhook and in open pages.
//!
//! A notice is a function of an event, and comes about with it in one transaction (`store::outbox`; `audit` says who is
//! told of what). This room only delivers.
//!
//! * `deliver`: drains the outbox: at least once, in order, again after a while. `prompt`: where a member is asked.
//! * `told`: what a notice tells. `words`: the words of mails, ours or the vendor's; `letter`: a mail before it is sent.
//! * `email`: by SMTP. `webhook`: by the rules of Standard Webhooks; `address`: where one may be.
//! * `live`: streams of events for members and engineers. `presence`: who has one open.
mod address;
mod deliver;
mod email;
mod letter;
mod live;
mod presence;
mod prompt;
mod told;
mod webhook;
mod words;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use tokio::sync::broadcast;

use crate::audit;
use crate::config::{self, Config};
use crate::domain::time::Clock;
use crate::identity::AnswerKey;
use crate::policy::Engine;
use crate::store::Store;
use crate::store::outbox::Channel;
use crate::telemetry::metrics::Metrics;

pub use deliver::deliver;
pub use email::{Mailer, MailerError};
pub use live::{Following, Live, Next, TooMany, follow};
use live::{HINTS, Hint};

pub use presence::Presence;
pub use told::Told;
pub use webhook::{Hook, HookError, NotAnswering};
pub use words::{Words, WordsError};

/// Why nobody could be told.
#[derive(Debug, thiserror::Error)]
pub enum NotifyError {
    /// Mail cannot be sent.
    #[error(transparent)]
    Mailer(#[from] MailerError),
    /// The webhook cannot be called.
    #[error(transparent)]
    Hook(#[from] HookError),
    /// The vendor's own words have a mistake.
    #[error(transparent)]
    Words(#[from] WordsError),
}

/// What is needed to tell anybody anything.
#[derive(Debug)]
pub struct Notices {
    store: Store,
    engine: Arc<Engine>,
    clock: Arc<Clock>,
    metrics: Arc<Metrics>,
    settings: config::Notify,
    vendor: config::Vendor,
    /// The origin that links in mails lead to.
    public_url: String,
    /// Signs the links by which members answer requests.
    answers: Arc<AnswerKey>,
    /// The folder of the trail, which has the checkpoints.
    trail: PathBuf,
    words: Words,
    mailer: Option<Mailer>,
    hook: Option<Hook>,
    presence: Arc<Presence>,
    /// How many streams are open.
    streams: AtomicUsize,
    hints: broadcast::Sender<Hint>,
}

impl Notices {
    /// Sets up the ways that the configuration names.
    ///
    /// # Errors
    /// When one of them cannot be used at all, or the vendor's words have a mistake.
    pub fn new(
        config: &Config,
        store: Store,
        engine: Arc<Engine>,
        clock: Arc<Clock>,
        metrics: Arc<Metrics>,
        answers: Arc<AnswerKey>,
    ) -> Result<Arc<Self>, NotifyError> {
        let settings = config.notify.clone();
        Ok(Arc::new(Self {
            store,
            engine,
            clock,
            metrics,
            vendor: config.vendor.clone(),
            public_url: config.server.public_url.clone(),
            answers,
            trail: config.audit.dir.clone(),
            words: Words::load(settings.templates.as_deref())?,
            mailer: settings.email.as_ref().map(Mailer::new).transpose()?,
            hook: settings.webhook.as_ref().map(Hook::new).transpose()?,
            presence: Arc::default(),
            streams: AtomicUsize::new(0),
            hints: broadcast::channel(HINTS).0,
            settings,
        }))
    }

    /// Whether anything can go out by that way.
    fn has(&self, channel: Channel) -> bool {
        match channel {
            Channel::Email => self.mailer.is_some(),
            Channel::Webhook => self.hook.is_some(),
            Channel::Live => true,
        }
    }

    /// The trail's newest checkpoint, as the trail has it; none before the first, and when it cannot be read: nobody goes
    /// untold for that.
    async fn checkpoint(&self) -> Option<String> {
        let dir = self.trail.clone();
        let read = tokio::task::spawn_blocking(move || audit::newest_checkpoint(&dir)).await;
        let read = read.map_err(std::io::Error::other).and_then(|read| read);
        read.inspect_err(|error| tracing::warn!(%error, "a notice goes without a checkpoint")).ok().flatten()
    }

    /// Counts what waits, for the metrics.
    pub async fn measure(&self) {
        for channel in [Channel::Email, Channel::Webhook].into_iter().filter(|channel| self.has(*channel)) {
            let word = [channel.as_str()];
            match self.store.depth(channel, self.clock.now()).await {
                Ok(depth) => {
                    self.metrics.notices_waiting.with_label_values(&word).set(depth.count);
                    self.metrics.notices_age_seconds.with_label_values(&word).set(depth.age.as_millis() / 1000);
                }
                Err(error) => tracing::warn!(%error, "cannot count the notices that wait"),
            }
        }
    }
}
