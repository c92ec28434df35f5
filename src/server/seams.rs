//! Where a gate touches the world. Tests put something that fails in its place; nothing in a configuration or an
//! environment does.
use std::fmt;
use std::sync::Arc;

use crate::audit::{OpenSegment, open_segment};
use crate::domain::time::Clock;
use crate::store::Obstacle;

/// The seams of one gate. By default they are the real things.
pub struct Seams {
    /// Its clocks.
    pub clock: Arc<Clock>,
    /// How it opens the files of the trail.
    pub segments: OpenSegment,
    /// What lies between it and its database.
    pub obstacle: Option<Arc<dyn Obstacle>>,
}

impl Default for Seams {
    fn default() -> Self {
        Clock::system().into()
    }
}

impl From<Arc<Clock>> for Seams {
    /// The real things, on this clock.
    fn from(clock: Arc<Clock>) -> Self {
        Self { clock, segments: Box::new(open_segment), obstacle: None }
    }
}

impl fmt::Debug for Seams {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Seams").field("clock", &self.clock).field("obstacle", &self.obstacle).finish_non_exhaustive()
    }
}
