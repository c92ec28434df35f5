//! What ends an emergency before its time: forced single sign-on, the contract, the directory, a member who shuts the door.
use crate::audit::{Decision, Event, Kind};
use crate::domain::emergency::Declaration;
use crate::domain::id::EmergencyId;
use crate::store::{Write, emergencies, sessions};

use super::{about, facts};
use crate::access::ending::{self, Ending};
use crate::access::{Access, AccessError, record};

/// Ends all of these, with their sessions, each with its event: those too that wait for approval.
pub(in crate::access) async fn end_all(
    access: &Access,
    tx: &mut Write,
    of: emergencies::Of<'_>,
    ending: Ending<'_>,
) -> Result<(), AccessError> {
    for declaration in emergencies::open(tx, of, ending.at).await? {
        end(access, tx, declaration, ending).await?;
    }
    Ok(())
}

/// Ends one, unless it is over.
pub(in crate::access) async fn end_one(
    access: &Access,
    tx: &mut Write,
    id: &EmergencyId,
    ending: Ending<'_>,
) -> Result<(), AccessError> {
    match emergencies::find(tx, id).await? {
        Some(declaration) if declaration.ended_at.is_none() => end(access, tx, declaration, ending).await,
        Some(_) | None => Ok(()),
    }
}

async fn end(access: &Access, tx: &mut Write, declaration: Declaration, ending: Ending<'_>) -> Result<(), AccessError> {
    ending::end_all(access, tx, sessions::Of::Emergency(&declaration.id), ending).await?;
    let declaration = Declaration { ended_at: Some(ending.at), ..declaration };
    emergencies::update(tx, &declaration).await?;
    let decision = record::by_rule(access, &facts(&declaration, ending.by))?;
    let decision = Decision { allow: false, code: Some(ending.cause.to_string()), ..decision };
    let event = about(&declaration, Kind::EmergencyEnded, ending.at);
    Ok(tx.event(&Event { decision: Some(decision), ..event }).await?)
}
