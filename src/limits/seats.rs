//! So many at once: in all, and for one source.
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::source::Source;

/// A place that is given back when this is dropped.
#[derive(Debug)]
pub struct Seat {
    seats: Arc<Seats>,
    source: Option<Source>,
}

/// Why there is no place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Full {
    /// All are taken.
    All,
    /// This source has taken its share.
    Source,
}

/// The places.
#[derive(Debug)]
pub(super) struct Seats {
    most: u32,
    most_of_one: u32,
    taken: Mutex<Taken>,
}

#[derive(Debug, Default)]
struct Taken {
    all: u32,
    /// Sources that have a place, and how many.
    by: HashMap<Source, u32>,
}

impl Seats {
    /// `most` places in all, and `most_of_one` for one source.
    pub(super) fn new(most: u32, most_of_one: u32) -> Arc<Self> {
        Arc::new(Self { most, most_of_one, taken: Mutex::default() })
    }

    /// Takes a place for `source`; without one it counts among all, and nobody's share.
    pub(super) fn take(self: &Arc<Self>, source: Option<Source>) -> Result<Seat, Full> {
        let mut taken = self.taken();
        if taken.all >= self.most {
            return Err(Full::All);
        }
        if let Some(source) = source {
            let of_one = taken.by.get(&source).copied().unwrap_or(0);
            if of_one >= self.most_of_one {
                return Err(Full::Source);
            }
            taken.by.insert(source, of_one + 1);
        }
        taken.all += 1;
        Ok(Seat { seats: Arc::clone(self), source })
    }

    /// How many are taken.
    pub(super) fn in_use(&self) -> u32 {
        self.taken().all
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut taken = self.seats.taken();
        taken.all = taken.all.saturating_sub(1);
        let Some(source) = self.source else { return };
        match taken.by.get_mut(&source) {
            Some(of_one) if *of_one > 1 => *of_one -= 1,
            Some(_) | None => drop(taken.by.remove(&source)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::*;

    fn source(last: u8) -> Source {
        IpAddr::from([192, 0, 2, last]).into()
    }

    #[test]
    fn one_source_has_its_share_and_all_have_the_rest() {
        let seats = Seats::new(3, 2);
        let first = seats.take(Some(source(1))).unwrap();
        let _second = seats.take(Some(source(1))).unwrap();
        assert_eq!(seats.take(Some(source(1))).err(), Some(Full::Source));
        let other = seats.take(Some(source(2))).unwrap();
        assert_eq!(seats.take(Some(source(3))).err(), Some(Full::All));
        drop(other);
        assert_eq!(seats.take(Some(source(1))).err(), Some(Full::Source), "what others give back is not theirs");
        drop(first);
        assert!(seats.take(Some(source(1))).is_ok());
    }

    #[test]
    fn who_is_nobodys_share_counts_among_all() {
        let seats = Seats::new(3, 1);
        let taken: Vec<_> = (0..3).map(|_| seats.take(None).unwrap()).collect();
        assert_eq!((seats.take(Some(source(1))).err(), seats.in_use()), (Some(Full::All), 3));
        drop(taken);
        assert_eq!(seats.in_use(), 0);
    }

    #[test]
    fn nothing_is_kept_of_who_has_gone() {
        let seats = Seats::new(9, 9);
        for last in 0..9 {
            drop(seats.take(Some(source(last))));
        }
        assert!(seats.taken().by.is_empty());
    }
}
