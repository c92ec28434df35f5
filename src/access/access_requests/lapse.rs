//! When a request ends without an answer: its time is over, or there is nobody any more who may ask or answer.
use serde_json::json;

use crate::domain::access_request::{AccessRequest, Closing, How};
use crate::domain::id::{AccessRequestId, EngineerId};
use crate::domain::time::Timestamp;
use crate::store::Write;
use crate::store::access_requests::{self, Of};

use super::closing::{close, facts};
use crate::access::{Access, AccessError, record};

/// Has every request lapse whose time is over, each in a transaction of its own.
pub(in crate::access) async fn overdue(access: &Access, now: Timestamp) -> Result<(), AccessError> {
    let found = access_requests::unanswered(&mut *access.store.read().await?, Of::Overdue(now)).await?;
    for request in found {
        lapse(access, &request.id).await?;
    }
    Ok(())
}

async fn lapse(access: &Access, id: &AccessRequestId) -> Result<(), AccessError> {
    let mut tx = access.store.write().await?;
    let Some(request) = access_requests::find(&mut tx, id).await? else { return Ok(()) };
    if request.closing.is_some() {
        return Ok(());
    }
    let closing = Closing { at: access.clock.now(), by: "clock".to_owned(), how: How::Lapsed };
    let decision = record::by_rule(access, &json!({ "by": closing.by, "request": facts(&request) }))?;
    let (_, event) = close(&mut tx, request, closing, decision).await?;
    tx.commit(&event).await?;
    Ok(())
}

/// Has the requests lapse that nobody can answer any more: the workspace is shut, or the one member who must is gone.
pub(in crate::access) async fn unanswerable(
    access: &Access,
    tx: &mut Write,
    of: Of<'_>,
    by: &str,
    at: Timestamp,
) -> Result<(), AccessError> {
    for request in access_requests::unanswered(tx, of).await? {
        end(access, tx, request, Closing { at, by: by.to_owned(), how: How::Lapsed }).await?;
    }
    Ok(())
}

/// Withdraws the requests of an engineer who may not ask any more.
pub(in crate::access) async fn unasked(
    access: &Access,
    tx: &mut Write,
    engineer: &EngineerId,
    by: &str,
    at: Timestamp,
) -> Result<(), AccessError> {
    for request in access_requests::unanswered(tx, Of::Engineer(engineer)).await? {
        end(access, tx, request, Closing { at, by: by.to_owned(), how: How::Withdrawn }).await?;
    }
    Ok(())
}

async fn end(access: &Access, tx: &mut Write, request: AccessRequest, closing: Closing) -> Result<(), AccessError> {
    let decision = record::by_rule(access, &json!({ "by": closing.by, "request": facts(&request) }))?;
    let (_, event) = close(tx, request, closing, decision).await?;
    Ok(tx.event(&event).await?)
}
