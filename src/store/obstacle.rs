//! The seam between the gate and its database: what is done can be delayed, or fail.
use std::fmt;
use std::io;
use std::pin::Pin;

/// What is done with the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doing {
    /// A consistent look begins.
    Read,
    /// A consistent look at the change feed begins, which renews the lease.
    Look,
    /// A change begins.
    Write,
}

/// Something in the way to the database. There is none but in tests.
pub trait Obstacle: fmt::Debug + Send + Sync {
    /// Asked before every look and every change, which begin when this returns.
    ///
    /// # Errors
    /// Then they fail.
    fn before(&self, doing: Doing) -> Pin<Box<dyn Future<Output = io::Result<()>> + Send + '_>>;
}
