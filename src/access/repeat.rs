//! Creating calls that are safe to repeat for 24 hours: same key and body, same thing; same key, other body: conflict.
use crate::domain::refusal::{Code, Refusal};
use crate::domain::time::Timestamp;
use crate::store::Write;
use crate::store::idempotency::{Earlier, find, insert};

use super::{AccessError, Idempotency};

/// The id of what `caller` made when it sent this call before.
pub(super) async fn made(
    tx: &mut Write,
    caller: &str,
    idempotency: Option<&Idempotency>,
) -> Result<Option<String>, AccessError> {
    let Some(Idempotency { key, digest }) = idempotency else { return Ok(None) };
    match find(tx, caller, key).await? {
        Some(earlier) if earlier.digest == digest => Ok(Some(earlier.made)),
        Some(_) => Err(Refusal::because(Code::Conflict, "this `Idempotency-Key` was used for another call")
            .next("use a new key for a new call")
            .into()),
        None => Ok(None),
    }
}

/// Remembers what this call made.
pub(super) async fn remember(
    tx: &mut Write,
    caller: &str,
    idempotency: Option<Idempotency>,
    made: &str,
    now: Timestamp,
) -> Result<(), AccessError> {
    if let Some(Idempotency { key, digest }) = idempotency {
        let earlier = Earlier { digest: digest.to_vec(), made: made.to_owned() };
        insert(tx, caller, &key, &earlier, now).await?;
    }
    Ok(())
}
