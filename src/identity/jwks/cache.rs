//! The cache: when keys are read again, and how long we go on without.
use std::error::Error;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use arc_swap::ArcSwapOption;
use jsonwebtoken::DecodingKey;
use tokio::sync::{Mutex, watch};
use tokio_util::task::TaskTracker;

use crate::config::JwksFrom;
use crate::domain::time::{Clock, Uptime};
use crate::identity::jws::{Alg, Jws};
use crate::identity::jwt::JwtError;

use super::document::KeySet;
use super::source::{self, JwksError, Stamp};

/// Fetched keys older than this are fetched again on their next use.
const FRESH: Duration = Duration::from_mins(10);

/// When the source is out of reach, its keys are used up to this age.
const USABLE: Duration = Duration::from_hours(24);

/// The keys of one issuer.
#[derive(Debug)]
pub struct Jwks {
    source: JwksFrom,
    issuer: String,
    clock: Arc<Clock>,
    known: ArcSwapOption<Known>,
    /// Held while the source is asked: one asks, the others wait for the answer or go on with what is known.
    asked: Mutex<Asked>,
    /// The asking goes on when the request that needs it is dropped: else whoever hangs up early could keep new keys away.
    tasks: TaskTracker,
    /// Told when the keys are other ones than before.
    changes: watch::Sender<()>,
}

/// What is known of the keys.
#[derive(Debug)]
struct Known {
    keys: KeySet,
    /// The file's stamp, taken before it was read.
    stamp: Option<Stamp>,
    /// When the source was last known to say the same, as [`Uptime`] in nanoseconds, taken before it was asked.
    confirmed: AtomicU64,
}

/// What can be told of a signature without asking the source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::identity) enum Attested {
    /// It is by one of the keys.
    Genuine,
    /// It is by none of them, and they are the newest.
    Foreign,
    /// It may be by a key that is not known now.
    Unsure,
}

/// When the source was asked last, for two reasons that each have their pause.
#[derive(Debug, Default)]
pub(super) struct Asked {
    /// In vain.
    failed: Option<Uptime>,
    /// For an unknown key.
    unknown: Option<Uptime>,
}

/// How long the source is left alone.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pauses {
    /// After it failed.
    pub(super) failed: Duration,
    /// After it was asked for an unknown key: whoever makes up `kid`s must not make us flood the issuer.
    pub(super) unknown: Duration,
}

impl Pauses {
    const FILE: Self = Self { failed: Duration::from_secs(1), unknown: Duration::from_secs(1) };
    const REMOTE: Self = Self { failed: Duration::from_secs(5), unknown: Duration::from_secs(10) };
}

impl Asked {
    /// Whether the source may be asked at all.
    pub(super) fn may_ask(&self, pauses: Pauses, now: Uptime) -> bool {
        self.failed.is_none_or(|last| now.since(last) >= pauses.failed)
    }

    /// Whether it may be asked for an unknown key; if so, the next such pause begins.
    pub(super) fn may_ask_for_unknown(&mut self, pauses: Pauses, now: Uptime) -> bool {
        let may = self.may_ask(pauses, now) && self.unknown.is_none_or(|last| now.since(last) >= pauses.unknown);
        if may {
            self.unknown = Some(now);
        }
        may
    }

    /// Notes how asking ended.
    pub(super) fn ended(&mut self, succeeded: bool, now: Uptime) {
        self.failed = (!succeeded).then_some(now);
    }
}

impl Known {
    fn age(&self, now: Uptime) -> Duration {
        now.since(Uptime::from_nanos(self.confirmed.load(Ordering::Relaxed)))
    }
}

impl Jwks {
    /// Keys from `source`; `issuer` is for discovery (`/.well-known/openid-configuration`). Nothing is fetched yet.
    #[must_use]
    pub fn new(source: JwksFrom, issuer: &str, clock: Arc<Clock>) -> Arc<Self> {
        Arc::new(Self {
            source,
            issuer: issuer.to_owned(),
            clock,
            known: ArcSwapOption::empty(),
            asked: Mutex::default(),
            tasks: TaskTracker::new(),
            changes: watch::Sender::new(()),
        })
    }

    /// Reads the keys before the first token comes. An address that does not answer yet is only logged: it is asked
    /// again when a token comes.
    ///
    /// # Errors
    /// When the keys are in a file that cannot be read or holds none: that is a mistake in the configuration.
    pub async fn warm(&self) -> Result<(), JwksError> {
        let Err(error) = self.read().await else { return Ok(()) };
        match &self.source {
            JwksFrom::File(_) => Err(error),
            JwksFrom::Url(_) | JwksFrom::Discovery => {
                self.warn(&error);
                Ok(())
            }
        }
    }

    /// The file that the keys are in; none: they are fetched.
    #[must_use]
    pub fn file(&self) -> Option<&Path> {
        match &self.source {
            JwksFrom::File(path) => Some(path),
            JwksFrom::Url(_) | JwksFrom::Discovery => None,
        }
    }

    /// Asks the source again now, unless it has just failed; returns whether the keys are other ones than before.
    ///
    /// # Errors
    /// When the source does not answer, or with no keys: then those that are known stay.
    pub async fn refresh(&self) -> Result<bool, JwksError> {
        let mut asked = self.asked.lock().await;
        if self.file().is_none() && !asked.may_ask(self.pauses(), self.clock.uptime()) {
            return Ok(false);
        }
        let before = self.known.load_full();
        let result = self.load().await;
        asked.ended(result.is_ok(), self.clock.uptime());
        let now = result?;
        Ok(before.is_none_or(|before| !before.keys.same(&now.keys)))
    }

    /// Hears when the keys are other ones than before.
    #[must_use]
    pub fn changes(&self) -> watch::Receiver<()> {
        self.changes.subscribe()
    }

    /// Whether the issuer still has the key with this thumbprint; none when no keys are known.
    #[must_use]
    pub fn holds(&self, thumbprint: &str) -> Option<bool> {
        self.known.load().as_ref().map(|known| known.keys.holds(thumbprint))
    }

    /// Reads the keys, wherever they are.
    ///
    /// # Errors
    /// When they cannot be read, or none of them is of use.
    pub async fn read(&self) -> Result<(), JwksError> {
        self.load().await.and_then(|known| self.some_usable(&known))
    }

    /// The key for a token that is signed with `alg` and names `kid`, and its thumbprint.
    ///
    /// # Errors
    /// [`JwtError::Keys`] when no keys are known that are young enough; [`JwtError::Signature`] when none of them fits.
    pub(crate) async fn key(self: &Arc<Self>, kid: Option<&str>, alg: Alg) -> Result<(DecodingKey, String), JwtError> {
        let known = self.usable().await.ok_or(JwtError::Keys)?;
        let found =
            |known: &Known| known.keys.find(kid, alg).map(|(key, thumbprint)| (key.clone(), thumbprint.to_owned()));
        if let Some(key) = found(&known) {
            return Ok(key);
        }
        let newer = self.newer_than(known).await.ok_or(JwtError::Signature)?;
        found(&newer).ok_or(JwtError::Signature)
    }

    /// Whether one of the keys that are known signed this. Waits for nothing, so a key that the source began to show in
    /// the last seconds may be missed.
    pub(in crate::identity) fn attest(&self, jws: &Jws<'_>) -> Attested {
        let Some(known) = self.known.load_full() else { return Attested::Unsure };
        let age = known.age(self.clock.uptime());
        let mut fitting = known.keys.fitting(jws.kid.as_deref(), jws.alg);
        if age <= USABLE && fitting.any(|key| jws.verify(key).is_ok()) {
            Attested::Genuine
        } else if age <= self.pauses().unknown {
            Attested::Foreign
        } else {
            Attested::Unsure
        }
    }

    /// Keys that are fresh, or as fresh as can be had and young enough.
    async fn usable(&self) -> Option<Arc<Known>> {
        let seen = self.known.load_full();
        if let Some(known) = &seen {
            if self.is_fresh(known).await {
                return seen;
            }
            if known.age(self.clock.uptime()) <= USABLE {
                let Ok(mut asked) = self.asked.try_lock() else { return seen };
                return self.ask(&mut asked).await.or(seen);
            }
        }
        let mut asked = self.asked.lock().await;
        match self.changed_since(seen.as_ref()) {
            Some(known) => Some(known),
            None => self.ask(&mut asked).await,
        }
    }

    /// What the source says now, if `seen` lacks a key that a token names. Many may ask at once: one fetch answers all.
    async fn newer_than(self: &Arc<Self>, seen: Arc<Known>) -> Option<Arc<Known>> {
        let this = Arc::clone(self);
        let asking = self.tasks.spawn(async move {
            let mut asked = this.asked.lock().await;
            if let Some(known) = this.changed_since(Some(&seen)) {
                return Some(known);
            }
            let may = asked.may_ask_for_unknown(this.pauses(), this.clock.uptime());
            if may { this.ask(&mut asked).await } else { None }
        });
        asking.await.ok().flatten()
    }

    fn changed_since(&self, seen: Option<&Arc<Known>>) -> Option<Arc<Known>> {
        self.known.load_full().filter(|known| seen.is_none_or(|seen| !Arc::ptr_eq(seen, known)))
    }

    /// A file is fresh while its stamp is the same, other sources for a while.
    async fn is_fresh(&self, known: &Known) -> bool {
        let now = self.clock.uptime();
        match &self.source {
            JwksFrom::File(path) => {
                let same = known.stamp.is_some() && source::stamp(path).await == known.stamp;
                if same {
                    known.confirmed.store(now.as_nanos(), Ordering::Relaxed);
                }
                same
            }
            JwksFrom::Url(_) | JwksFrom::Discovery => known.age(now) <= FRESH,
        }
    }

    async fn ask(&self, asked: &mut Asked) -> Option<Arc<Known>> {
        if !asked.may_ask(self.pauses(), self.clock.uptime()) {
            return None;
        }
        let result = self.load().await.inspect_err(|error| self.warn(error));
        asked.ended(result.is_ok(), self.clock.uptime());
        result.ok()
    }

    async fn load(&self) -> Result<Arc<Known>, JwksError> {
        let confirmed = AtomicU64::new(self.clock.uptime().as_nanos());
        let stamp = match &self.source {
            JwksFrom::File(path) => source::stamp(path).await,
            JwksFrom::Url(_) | JwksFrom::Discovery => None,
        };
        let keys = source::load(&self.source, &self.issuer).await?;
        let known = Arc::new(Known { keys, stamp, confirmed });
        let before = self.known.swap(Some(Arc::clone(&known)));
        if before.is_none_or(|before| !before.keys.same(&known.keys)) {
            self.changes.send_replace(());
        }
        Ok(known)
    }

    fn some_usable(&self, known: &Known) -> Result<(), JwksError> {
        if !known.keys.is_empty() {
            return Ok(());
        }
        let place = match &self.source {
            JwksFrom::File(path) => path.display().to_string(),
            JwksFrom::Url(url) => url.to_string(),
            JwksFrom::Discovery => self.issuer.clone(),
        };
        let needed = "has no key that we use: RSA of 2048 bits or more, EC on P-256, or OKP on Ed25519, for signatures";
        Err(JwksError::unfit(&place, needed))
    }

    fn pauses(&self) -> Pauses {
        match self.source {
            JwksFrom::File(_) => Pauses::FILE,
            JwksFrom::Url(_) | JwksFrom::Discovery => Pauses::REMOTE,
        }
    }

    fn warn(&self, error: &JwksError) {
        let causes = std::iter::successors(error.source(), |&cause| cause.source());
        let causes = causes.map(ToString::to_string).collect::<Vec<_>>().join(": ");
        tracing::warn!(issuer = self.issuer, %error, causes, "no fresh keys of an issuer: the last known ones count for a day");
    }
}
