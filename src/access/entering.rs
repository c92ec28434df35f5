//! A browser goes to a session's own origin: by a code that it carries there, once, within a minute.
use serde_json::json;

use crate::audit::{Event, Kind};
use crate::domain::id::{SessionId, SignInId};
use crate::domain::refusal::{Code, Refusal};
use crate::domain::session::Session;
use crate::domain::time::Span;
use crate::identity::{EntryCode, SessionToken, StaffToken};
use crate::store::entry_codes::{self, EntryFor};
use crate::store::sign_ins::SignIn;
use crate::store::{Change, Write, sessions, sign_ins};

use super::ending::about;
use super::permission::engineer;
use super::sessions::alive;
use super::{Access, AccessError, Actor, record};

/// How long a code may be used.
const PATIENCE: Span = Span::from_seconds(60);

/// What a browser gets at the session's own origin.
#[derive(Debug)]
pub struct Entered {
    /// The session.
    pub session: Session,
    /// The session's cookie.
    pub token: SessionToken,
    /// The staff cookie at this origin.
    pub staff: StaffToken,
    /// Where the browser goes on: a path of the app's.
    pub back: String,
}

/// Makes a code for entering a session that began in the actor's browser.
///
/// # Errors
/// `not-found` for a session of another browser; the session's cause when it has ended.
pub async fn code(access: &Access, actor: &Actor, id: &SessionId, back: String) -> Result<EntryCode, AccessError> {
    let sign_in = engineer(actor)?.sign_in.clone().ok_or(Code::NotFound)?;
    let mut read = access.store.read().await?;
    let now = access.clock.now();
    let session = sessions::find(&mut read, id).await?.ok_or(Code::NotFound)?;
    belongs(sign_ins::of_session(&mut read, id).await?.as_ref(), &sign_in)?;
    alive(&session, now)?;
    drop(read);
    let code = EntryCode::mint();
    let entry = EntryFor { session: id.clone(), sign_in, back, expires_at: now.plus(PATIENCE) };
    access.store.keep_entry_code(&code.hash(), &entry).await?;
    Ok(code)
}

/// Enters with a code, at the origin of `session`. The session's cookies are new: those of an earlier entry count no more.
///
/// # Errors
/// `unauthenticated` for a code that is unknown, used, too old, or for another session; the session's cause when it has
/// ended.
pub async fn enter(access: &Access, code: &EntryCode, session: &SessionId) -> Result<Entered, AccessError> {
    let mut tx = access.store.write().await?;
    let now = access.clock.now();
    let entry = entry_codes::take(&mut tx, &code.hash()).await?;
    let entry = entry.filter(|entry| entry.session == *session && now < entry.expires_at).ok_or_else(spent)?;
    let sign_in = sign_ins::of_session(&mut tx, session).await?;
    belongs(sign_in.as_ref(), &entry.sign_in)?;
    if !sign_in.is_some_and(|sign_in| sign_in.stands(now)) {
        return Err(spent());
    }
    let session = sessions::find(&mut tx, session).await?.ok_or(Code::NoSession)?;
    alive(&session, now)?;
    let (token, staff) = (SessionToken::mint(), StaffToken::mint());
    sessions::set_token(&mut tx, &session.id, &token.hash()).await?;
    sign_ins::set_own_cookie(&mut tx, &session.id, &staff.hash()).await?;
    let event = entered(access, &mut tx, &session, &entry.sign_in).await?;
    let sequence = tx.commit(&event).await?;
    access.feed.announce(sequence).await;
    Ok(Entered { session, token, staff, back: entry.back })
}

async fn entered(access: &Access, tx: &mut Write, session: &Session, sign_in: &SignInId) -> Result<Event, AccessError> {
    tx.change(&Change::Session(session.workspace.clone(), session.id.clone())).await?;
    let facts = json!({ "by": format!("engineer:{}", session.engineer), "token": "new", "sign_in": sign_in });
    let decision = Some(record::by_rule(access, &facts)?);
    Ok(Event { decision, ..about(session, Kind::SessionRenewed, access.clock.now()) })
}

/// Refuses unless the session, whose sign-in was found, belongs to this one's browser.
fn belongs(of: Option<&SignIn>, sign_in: &SignInId) -> Result<(), AccessError> {
    if of.is_some_and(|of| of.id == *sign_in) { Ok(()) } else { Err(Code::NotFound.into()) }
}

fn spent() -> AccessError {
    Refusal::because(Code::Unauthenticated, "this code for entering was used before, or its time is over")
        .next("enter the session again")
        .into()
}
