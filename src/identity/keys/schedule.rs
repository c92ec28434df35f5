//! Which key does what, and when: computed from the moments at which keys begin to sign, never stored.
use serde::Serialize;

use crate::domain::time::{Span, Timestamp};

/// How long a key stays published after another one took over. An assertion counts for 60 s; what takes longer is an app
/// that fetched the JWKS and does not look again for a day.
pub(super) const KEPT: Span = Span::from_seconds(24 * 60 * 60);

/// What a key does at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyState {
    /// Published, so that apps know it when it begins to sign.
    Next,
    /// Signs.
    Active,
    /// Signs no more; published, so that what it signed can be verified.
    Retiring,
    /// Neither signs nor is published: its file goes.
    Gone,
}

impl KeyState {
    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Next => "next",
            Self::Active => "active",
            Self::Retiring => "retiring",
            Self::Gone => "gone",
        }
    }
}

/// The place of the key that signs at `now`, among keys that begin to sign at `starts`, in order. When all of them begin
/// later, the first signs: somebody has to.
pub(super) fn active(starts: &[Timestamp], now: Timestamp) -> usize {
    starts.iter().rposition(|starts| *starts <= now).unwrap_or(0)
}

/// What the key at `place` does at `now`.
pub(super) fn state(starts: &[Timestamp], place: usize, now: Timestamp) -> KeyState {
    let active = active(starts, now);
    if place > active {
        return KeyState::Next;
    }
    if place == active {
        return KeyState::Active;
    }
    match starts.get(place.saturating_add(1)) {
        Some(taken_over) if now >= taken_over.plus(KEPT) => KeyState::Gone,
        Some(_) | None => KeyState::Retiring,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(seconds * 1000)
    }

    #[test]
    fn a_key_is_published_signs_retires_and_goes() {
        const DAY: i64 = 24 * 60 * 60;
        let starts = [at(0), at(1000)];
        let states = |now| [0, 1].map(|place| state(&starts, place, at(now)));
        assert_eq!(states(999), [KeyState::Active, KeyState::Next]);
        assert_eq!(states(1000), [KeyState::Retiring, KeyState::Active]);
        assert_eq!(states(1000 + DAY - 1), [KeyState::Retiring, KeyState::Active]);
        assert_eq!(states(1000 + DAY), [KeyState::Gone, KeyState::Active]);
    }

    #[test]
    fn exactly_one_key_signs_at_any_time() {
        let starts = [at(100), at(200), at(300)];
        for now in 0..400 {
            let active = (0..3).filter(|place| state(&starts, *place, at(now)) == KeyState::Active).count();
            assert_eq!(active, 1, "at {now}");
        }
    }
}
