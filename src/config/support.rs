//! What members may send with a support request, and who tells that a ticket was closed.
use std::path::PathBuf;

use secrecy::SecretSlice;

use crate::domain::time::Span;

/// Limits of support requests; the stricter of this and policy wins.
#[derive(Debug, Clone)]
pub struct SupportRequests {
    /// How long the access lasts that comes with one, where the member does not say.
    pub default: Span,
    /// The longest.
    pub max: Span,
    /// How many files one may have.
    pub attachments: usize,
    /// The largest file, in bytes.
    pub attachment_size: u64,
    /// Where the files lie: beside the store.
    pub folder: PathBuf,
}

/// The vendor's ticket system, which tells when a ticket was closed.
#[derive(Debug, Clone)]
pub struct Tickets {
    /// What it signs with.
    pub secret: SecretSlice<u8>,
}
