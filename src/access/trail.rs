//! The relay: events were rows in the transaction of their change; from there each goes into the journal, once.
use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use crate::audit::Journal;

use super::Access;

/// Relays until `stop`; woken by every change, and once a second.
pub async fn relay(access: Arc<Access>, journal: Arc<Journal>, stop: CancellationToken) {
    let _ = (access, journal, stop);
    todo!()
}
