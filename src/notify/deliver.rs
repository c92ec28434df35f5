//! Drains the outbox: each notice at least once, always with the same id; in order for whoever gets it; again after a
//! while when it was not accepted, and for three days.
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::iter;
use tokio_util::sync::CancellationToken;

use crate::domain::time::Span;
use crate::store::StoreError;
use crate::store::outbox::{Channel, Outcome, Recipient, Waiting};
use crate::telemetry::logs::chain;

use super::Notices;
use super::email::NotSent;
use super::letter::Letter;
use super::prompt::{self, Prompt};
use super::told::Told;
use super::webhook::NotTaken;

/// How often to look without being woken: what was tried in vain comes due, and other processes write events too.
const LOOK: Duration = Duration::from_secs(1);
/// How often to tidy up what waits for a way that there is not.
const TIDY: Duration = Duration::from_secs(10);
/// How many notices of one channel are on their way at once.
const AT_ONCE: usize = 8;
/// The first pause after a failure; each is twice the one before.
const FIRST_PAUSE: Span = Span::from_seconds(1);
/// The longest pause.
const LONGEST_PAUSE: Span = Span::from_seconds(3600);
/// For how long a notice is tried.
const PATIENCE: Span = Span::from_seconds(3 * 24 * 3600);

/// What came of one attempt.
#[derive(Debug)]
enum Attempt {
    /// It was accepted.
    Accepted,
    /// There is nothing to say, or nobody to say it to.
    Void,
    /// The member is asked in an open page first.
    Prompted,
}

/// Why an attempt failed.
#[derive(Debug, thiserror::Error)]
enum Failed {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Mail(#[from] NotSent),
    #[error(transparent)]
    Hook(#[from] NotTaken),
    #[error("there are no words for it")]
    Wordless,
}

/// Delivers until `stop`, each channel by itself.
pub async fn deliver(notices: Arc<Notices>, stop: CancellationToken) {
    tokio::join!(run(&notices, Channel::Email, &stop), run(&notices, Channel::Webhook, &stop));
}

async fn run(notices: &Notices, channel: Channel, stop: &CancellationToken) {
    if notices.has(channel) {
        return drain(notices, channel, stop).await;
    }
    // What is written for a way that there is not goes nowhere; from time to time is often enough to say so.
    while stop.run_until_cancelled(tokio::time::sleep(TIDY)).await.is_some() {
        if let Err(error) = notices.store.nobody_there(channel, notices.clock.now()).await {
            tracing::warn!(error = chain(&error), "notices cannot be tidied up");
        }
    }
}

async fn drain(notices: &Notices, channel: Channel, stop: &CancellationToken) {
    let mut commits = notices.store.commits();
    let mut fine = true;
    loop {
        let round = tokio::select! {
            round = round(notices, channel) => round,
            // What is on its way is broken off, and sent again after the next start.
            () = stop.cancelled() => return,
        };
        match round {
            Ok(true) => continue,
            Ok(false) => fine = true,
            Err(error) if std::mem::replace(&mut fine, false) => {
                tracing::error!(error = chain(&error), channel = channel.as_str(), "notices wait for the store");
            }
            Err(_) => {}
        }
        tokio::select! {
            changed = commits.changed() => if changed.is_err() { return },
            () = tokio::time::sleep(LOOK) => {}
            () = stop.cancelled() => return,
        }
    }
}

/// Sends what is due; tells whether there may be more.
async fn round(notices: &Notices, channel: Channel) -> Result<bool, StoreError> {
    let now = notices.clock.now();
    let waiting = notices.store.waiting(channel, now).await?;
    let any = !waiting.is_empty();
    let sending = iter(waiting).map(|notice| handle(notices, channel, notice)).buffer_unordered(AT_ONCE);
    let results: Vec<_> = sending.collect().await;
    results.into_iter().collect::<Result<(), _>>()?;
    Ok(any)
}

async fn handle(notices: &Notices, channel: Channel, notice: Waiting) -> Result<(), StoreError> {
    let result = attempt(notices, channel, &notice).await;
    let now = notices.clock.now();
    let store = &notices.store;
    let counted = |counter: &prometheus::IntCounterVec| counter.with_label_values(&[channel.as_str()]).inc();
    match result {
        Ok(Attempt::Accepted) => {
            counted(&notices.metrics.notices_sent_total);
            store.settle(&notice.id, Outcome::Accepted, now).await
        }
        Ok(Attempt::Void) => store.settle(&notice.id, Outcome::Void, now).await,
        Ok(Attempt::Prompted) => store.prompted(&notice.id, now.plus(notices.settings.fallback)).await,
        Err(Failed::Store(error)) => Err(error),
        Err(error) => {
            counted(&notices.metrics.notices_failed_total);
            let error = chain(&error);
            if now.since(notice.created_at) >= PATIENCE {
                tracing::error!(
                    notice = notice.id,
                    error,
                    "a notice is given up: it could not be delivered for three days"
                );
                counted(&notices.metrics.notices_given_up_total);
                return store.settle(&notice.id, Outcome::GivenUp, now).await;
            }
            let pause = pause(notice.attempts);
            tracing::warn!(notice = notice.id, error, again_in = %pause, "a notice was not accepted");
            store.try_again(&notice.id, now.plus(pause)).await
        }
    }
}

/// How long to wait after so many attempts before.
fn pause(attempts: u32) -> Span {
    let doubled = FIRST_PAUSE.as_millis().saturating_mul(1_i64.checked_shl(attempts.min(20)).unwrap_or(i64::MAX));
    Span::from_millis(doubled).min(LONGEST_PAUSE)
}

async fn attempt(notices: &Notices, channel: Channel, notice: &Waiting) -> Result<Attempt, Failed> {
    match channel {
        Channel::Email => mail(notices, notice).await,
        Channel::Webhook => {
            let Some(hook) = &notices.hook else { return Ok(Attempt::Void) };
            let told = told(notices, notice).await?;
            hook.send(&told, &notice.id, notices.clock.now()).await?;
            Ok(Attempt::Accepted)
        }
        Channel::Live => Ok(Attempt::Void),
    }
}

async fn told(notices: &Notices, notice: &Waiting) -> Result<Told, Failed> {
    let mut read = notices.store.read().await?;
    Ok(Told::of(&mut read, &notice.event, notices.checkpoint().await).await?)
}

async fn mail(notices: &Notices, notice: &Waiting) -> Result<Attempt, Failed> {
    let settings = &notices.settings;
    let address = match &notice.recipient {
        Recipient::Security => settings.security.as_ref(),
        Recipient::Support => settings.support.as_ref(),
        Recipient::Member(_) | Recipient::Engineer(_) => notice.address.as_ref(),
        Recipient::App | Recipient::Members => None,
    };
    let (Some(address), Some(mailer)) = (address, &notices.mailer) else { return Ok(Attempt::Void) };
    let answer_url = match prompt::of(notices, notice).await? {
        Prompt::None => None,
        Prompt::ByMail => prompt::address(notices, notice).await?,
        Prompt::Open => return Ok(Attempt::Prompted),
        Prompt::Settled => return Ok(Attempt::Void),
    };
    let told = told(notices, notice).await?;
    let letter = Letter::new(&notices.words, &notices.vendor, &told, &notice.recipient, answer_url);
    let letter = letter.ok_or(Failed::Wordless)?;
    mailer.send(&letter, address, &notice.id, notice.event.at).await?;
    Ok(Attempt::Accepted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_from_a_second_to_an_hour() {
        let pauses: Vec<_> = [0, 1, 2, 5, 11, 12, 40, u32::MAX].map(|n| pause(n).to_string()).into();
        assert_eq!(pauses, ["1s", "2s", "4s", "32s", "2048s", "1h", "1h", "1h"]);
    }
}
