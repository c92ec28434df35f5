//! Streams of server-sent events: each event once, in the order of the trail, to whoever it concerns. `id` is the event's
//! place, so that a reader who was cut off goes on where they were. One task sees what was committed and hints at it;
//! each stream then looks by itself, so that nothing is kept for readers who are slow.
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::sync::broadcast::{self, error::RecvError};
use tokio_util::sync::CancellationToken;

use crate::audit::Event;
use crate::domain::id::{EngineerId, EventId, MemberKey, WorkspaceId};
use crate::store::StoreError;
use crate::store::events::Concerning;
use crate::telemetry::logs::chain;

use super::Notices;
use super::presence::Online;
use super::told::{Told, word};

/// How long a stream says nothing at most: so long it takes to see that somebody is gone, or may not look on any more.
const HEARTBEAT: Duration = Duration::from_secs(10);
/// How often to look without being woken: other processes write events too.
const LOOK: Duration = Duration::from_secs(1);
/// How many streams are open at once, and how many of one member or engineer.
const MOST: usize = 2000;
const MOST_OF_ONE: usize = 20;

/// Whose events a stream tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Following {
    /// A member looks on at their workspace.
    Member(MemberKey),
    /// An engineer looks on at what is about them.
    Engineer(EngineerId),
}

/// Something was committed: whom it concerns.
#[derive(Debug, Clone)]
pub(super) struct Hint {
    workspace: Option<WorkspaceId>,
    engineer: Option<EngineerId>,
}

/// How many hints wait for a stream; one that misses some looks in any case.
pub(super) const HINTS: usize = 256;

/// Sees what is committed, by this process or another, and hints at it, until `stop`.
pub async fn follow(notices: Arc<Notices>, stop: CancellationToken) {
    let mut commits = notices.store.commits();
    let mut place = None;
    loop {
        match hint(&notices, place).await {
            Ok(seen) => place = Some(seen),
            Err(error) => tracing::warn!(error = chain(&error), "streams of events wait for the store"),
        }
        tokio::select! {
            () = stop.cancelled() => return,
            changed = commits.changed() => if changed.is_err() { return },
            () = tokio::time::sleep(LOOK) => {}
        }
    }
}

/// Hints at every event after `place`; returns the place of the last one.
async fn hint(notices: &Notices, place: Option<i64>) -> Result<i64, StoreError> {
    let Some(mut place) = place else { return notices.store.latest_event().await };
    loop {
        let found = notices.store.events_after(place, Concerning::Everybody).await?;
        let Some((last, _)) = found.last() else { return Ok(place) };
        place = *last;
        for (_, Event { workspace, engineer, .. }) in found {
            // Nobody may be listening.
            let _ = notices.hints.send(Hint { workspace, engineer });
        }
    }
}

/// Too many streams are open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many streams of events are open")]
pub struct TooMany;

/// An open stream. Dropping it closes it.
#[derive(Debug)]
pub struct Live {
    notices: Arc<Notices>,
    following: Following,
    /// The last event that was looked at.
    place: i64,
    pending: VecDeque<(i64, Event)>,
    /// The event that was handed out last, until the next piece is asked for: then somebody has taken it.
    handed: Option<EventId>,
    hints: broadcast::Receiver<Hint>,
    stop: CancellationToken,
    _online: Option<Online>,
    _seat: Seat,
}

/// One of the places for streams.
#[derive(Debug)]
struct Seat(Arc<Notices>);

impl Seat {
    fn take(notices: &Arc<Notices>) -> Result<Self, TooMany> {
        // Counted first, so that two who come at once do not both get the last one.
        let seat = Self(Arc::clone(notices));
        if notices.streams.fetch_add(1, Ordering::Relaxed) < MOST { Ok(seat) } else { Err(TooMany) }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.0.streams.fetch_sub(1, Ordering::Relaxed);
    }
}

/// What a stream has to say next.
#[derive(Debug)]
pub enum Next {
    /// An event.
    Event(String),
    /// Nothing new; a line that shows that the stream is alive.
    Heartbeat,
    /// Nothing more.
    End,
}

impl Live {
    /// Opens a stream that begins behind the event `after`; none: with what comes from now on. It ends with `stop`.
    ///
    /// # Errors
    /// When too many are open; when the database cannot be read.
    pub async fn open(
        notices: &Arc<Notices>,
        following: Following,
        after: Option<i64>,
        stop: CancellationToken,
    ) -> Result<Result<Self, TooMany>, StoreError> {
        let Ok(seat) = Seat::take(notices) else { return Ok(Err(TooMany)) };
        let online = match &following {
            Following::Member(key) => match notices.presence.enter(key, MOST_OF_ONE) {
                Some(online) => Some(online),
                None => return Ok(Err(TooMany)),
            },
            Following::Engineer(_) => None,
        };
        let hints = notices.hints.subscribe();
        let latest = notices.store.latest_event().await?;
        // Whoever names a place that does not exist yet would wait for it in silence.
        let place = after.map_or(latest, |after| after.clamp(0, latest));
        let pending = VecDeque::new();
        let notices = Arc::clone(notices);
        Ok(Ok(Self { notices, following, place, pending, handed: None, hints, stop, _online: online, _seat: seat }))
    }

    /// Waits for what comes next.
    pub async fn next(&mut self) -> Next {
        self.taken().await;
        let stop = self.stop.clone();
        let heartbeat = tokio::time::sleep(HEARTBEAT);
        tokio::pin!(heartbeat);
        loop {
            if let Some((sequence, event)) = self.pending.pop_front() {
                match self.tell(sequence, &event).await {
                    Ok(piece) => {
                        self.handed = Some(event.event_id);
                        return Next::Event(piece);
                    }
                    Err(error) => return failed(&error),
                }
            }
            match self.look().await {
                // Something else has changed, perhaps the reader's own right to look on: it is asked again.
                Ok(true) if self.pending.is_empty() => return Next::Heartbeat,
                Ok(true) => continue,
                Ok(false) => {}
                Err(error) => return failed(&error),
            }
            tokio::select! {
                () = stop.cancelled() => return Next::End,
                () = &mut heartbeat => return Next::Heartbeat,
                hinted = self.hinted() => if !hinted { return Next::End },
            }
        }
    }

    /// Waits until something was committed that may concern the reader; false when there is nobody to hint at it.
    async fn hinted(&mut self) -> bool {
        loop {
            match self.hints.recv().await {
                Ok(hint) if self.concerns(&hint) => return true,
                Ok(_) => {}
                Err(RecvError::Lagged(_)) => return true,
                Err(RecvError::Closed) => return false,
            }
        }
    }

    fn concerns(&self, hint: &Hint) -> bool {
        match &self.following {
            Following::Member(key) => hint.workspace.as_ref() == Some(&key.workspace),
            Following::Engineer(id) => hint.engineer.as_ref() == Some(id),
        }
    }

    /// Reads what is new; tells whether there may be more.
    async fn look(&mut self) -> Result<bool, StoreError> {
        let concerning = match &self.following {
            Following::Member(key) => Concerning::Workspace(&key.workspace),
            Following::Engineer(id) => Concerning::Engineer(id),
        };
        let found = self.notices.store.events_after(self.place, concerning).await?;
        let Some((last, _)) = found.last() else { return Ok(false) };
        self.place = *last;
        self.pending.extend(found.into_iter().filter(|(_, event)| event.kind.notice().is_some()));
        Ok(true)
    }

    async fn tell(&self, sequence: i64, event: &Event) -> Result<String, StoreError> {
        let checkpoint = self.notices.checkpoint().await;
        let told = Told::of(&mut *self.notices.store.read().await?, event, checkpoint).await?;
        let data = serde_json::to_string(&told).unwrap_or_default();
        Ok(format!("id: {sequence}\nevent: {}\ndata: {data}\n\n", word(event.kind)))
    }

    /// Notes that a member's browser took what was handed out last.
    async fn taken(&mut self) {
        let Some(event) = self.handed.take() else { return };
        if matches!(self.following, Following::Engineer(_)) {
            return;
        }
        if let Err(error) = self.notices.store.seen_live(&event, self.notices.clock.now()).await {
            tracing::warn!(error = chain(&error), "cannot note that a notice was seen");
        }
    }
}

/// The end of a stream that cannot go on: whoever reads it comes back, and goes on behind the last event that they got.
fn failed(error: &StoreError) -> Next {
    tracing::warn!(error = chain(error), "a stream of events ends: the store cannot be read");
    Next::End
}
