//! How many members may send files at once: each holds a connection and fills the disk.
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::domain::id::WorkspaceId;

/// Of one workspace.
const EACH: usize = 3;
/// In all.
const ALL: usize = 32;

/// Who sends now.
#[derive(Debug, Default)]
pub(super) struct Seats(Mutex<BTreeMap<WorkspaceId, usize>>);

/// One of the places; free again when this is dropped.
#[derive(Debug)]
pub struct Seat {
    seats: Arc<Seats>,
    workspace: WorkspaceId,
}

impl Seat {
    /// Takes a place, if one is free.
    pub(super) fn take(seats: &Arc<Seats>, workspace: &WorkspaceId) -> Option<Self> {
        let mut taken = seats.0.lock().unwrap_or_else(PoisonError::into_inner);
        let own = taken.get(workspace).copied().unwrap_or(0);
        if own >= EACH || taken.values().sum::<usize>() >= ALL {
            return None;
        }
        taken.insert(workspace.clone(), own + 1);
        Some(Self { seats: Arc::clone(seats), workspace: workspace.clone() })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut taken = self.seats.0.lock().unwrap_or_else(PoisonError::into_inner);
        match taken.get_mut(&self.workspace) {
            Some(own) if *own > 1 => *own -= 1,
            Some(_) | None => drop(taken.remove(&self.workspace)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_workspace_never_takes_the_places_of_others() {
        let (seats, acme, globex) = (Arc::<Seats>::default(), "acme".parse().unwrap(), "globex".parse().unwrap());
        let held: Vec<_> = (0..EACH).map(|_| Seat::take(&seats, &acme).unwrap()).collect();
        assert!(Seat::take(&seats, &acme).is_none());
        assert!(Seat::take(&seats, &globex).is_some());
        drop(held);
        assert!(Seat::take(&seats, &acme).is_some());
        assert!(seats.0.lock().unwrap().is_empty(), "nobody sends any more");
    }

    #[test]
    fn there_is_a_limit_for_all_together() {
        let seats = Arc::<Seats>::default();
        let all: Vec<_> = (0..ALL).map(|n| Seat::take(&seats, &format!("w{n}").parse().unwrap()).unwrap()).collect();
        assert!(Seat::take(&seats, &"one-more".parse().unwrap()).is_none());
        drop(all);
    }
}
