//! The customer is told before the first byte: nobody enters by an emergency before a notice of it has gone out.
use std::time::Duration;

use crate::domain::emergency::Opening;
use crate::domain::refusal::{Code, Refusal};
use crate::store::outbox;

use crate::access::{Access, AccessError};

/// How long somebody who wants to enter waits for the notice: less than a call may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// How often to look whether it has gone out.
const LOOK: Duration = Duration::from_millis(50);

/// Returns once some channel has accepted the notice of the approval, so that the customer has it, or will.
///
/// # Errors
/// `customer-not-told` when none has so far.
pub(in crate::access) async fn customer_is_told(access: &Access, opening: &Opening) -> Result<(), AccessError> {
    let told = async {
        loop {
            if outbox::told(&mut *access.store.read().await?, &opening.told_by).await? {
                return Ok(());
            }
            tokio::time::sleep(LOOK).await;
        }
    };
    tokio::time::timeout(PATIENCE, told).await.unwrap_or_else(|_| Err(untold()))
}

/// The refusal of somebody who comes before the customer has been told.
pub(in crate::access) fn untold() -> AccessError {
    let reason = "the customer has not been told of this emergency yet, and nobody enters before they have been";
    Refusal::because(Code::CustomerNotTold, reason)
        .next("try again in a moment; if it stays so, have the platform team look at `notify`: no notice goes out")
        .into()
}
