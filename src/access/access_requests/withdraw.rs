//! An engineer takes a request back.
use serde_json::json;

use crate::domain::access_request::{Closing, How, State};
use crate::domain::id::AccessRequestId;
use crate::domain::refusal::Code;
use crate::store::access_requests;

use super::Shown;
use super::closing::{close, facts, waits};
use crate::access::permission::{engineer, present_engineer};
use crate::access::{Access, AccessError, Actor, record};

/// Withdraws a request, for the engineer who asked. Withdrawing twice is fine.
///
/// # Errors
/// `not-found`, for another engineer's too; `conflict` for one that was answered, or has lapsed.
pub async fn withdraw(access: &Access, actor: &Actor, id: &AccessRequestId) -> Result<Shown, AccessError> {
    let who = engineer(actor)?;
    let mut tx = access.store.write().await?;
    let now = access.clock.now();
    let asker = present_engineer(&mut tx, who).await?;
    let found = access_requests::find_listed(&mut tx, id).await?;
    let found = found.filter(|found| found.request.engineer == asker.id).ok_or(Code::NotFound)?;
    let Shown { request, engineer_name, engineer_email } = found.into();
    if request.state(now) == State::Withdrawn {
        return Ok(Shown { request, engineer_name, engineer_email });
    }
    waits(&request, now)?;
    let by = format!("engineer:{}", asker.id);
    let decision = record::by_rule(access, &json!({ "by": by, "request": facts(&request) }))?;
    let closing = Closing { at: now, by, how: How::Withdrawn };
    let (request, event) = close(&mut tx, request, closing, decision).await?;
    tx.commit(&event).await?;
    Ok(Shown { request, engineer_name, engineer_email })
}
