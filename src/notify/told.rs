//! What a notice tells: the event, and what the state says of whom it names.
use serde::{Deserialize, Serialize};

use crate::audit::{Event, Kind};
use crate::domain::grant::Access;
use crate::domain::id::{CaseId, EmergencyId, EventId, GrantId, MemberId, MemberKey, SessionId, WorkspaceId};
use crate::domain::time::Timestamp;
use crate::store::{
    Connection, StoreError, access_requests, emergencies, engineers, grants, members, sessions, workspaces,
};

/// A notice, as streams and webhooks have it in JSON.
#[derive(Debug, Clone, Serialize)]
pub struct Told {
    /// The event's id in the trail.
    pub id: EventId,
    /// What happened, in the trail's word.
    pub kind: Kind,
    /// What happened, in people's words.
    pub title: &'static str,
    /// When.
    pub at: Timestamp,
    /// Where.
    pub workspace: Option<Place>,
    /// The engineer it is about.
    pub engineer: Option<Person>,
    /// The member whose login it is about, or who did it.
    pub subject: Option<MemberId>,
    /// Their e-mail address, for mails alone.
    #[serde(skip)]
    pub subject_email: Option<String>,
    /// In which session.
    pub session: Option<SessionId>,
    /// On which grant.
    pub grant: Option<GrantId>,
    /// In which emergency.
    pub emergency: Option<EmergencyId>,
    /// About which access request or support request.
    pub case: Option<CaseId>,
    /// Why, in the engineer's words.
    pub reason: Option<String>,
    /// The case in the vendor's help desk.
    pub ticket: Option<String>,
    /// How far the grant goes.
    pub access: Option<Access>,
    /// When the session, or else the grant or the emergency, ends by itself.
    pub until: Option<Timestamp>,
    /// What else the event says.
    #[serde(flatten)]
    pub more: More,
    /// The trail's newest checkpoint when this was sent, as the trail has it: whoever keeps it can prove later that
    /// nothing before it was changed.
    pub checkpoint: Option<String>,
}

/// A workspace, for people.
#[derive(Debug, Clone, Serialize)]
pub struct Place {
    /// Its id.
    pub id: WorkspaceId,
    /// Its name.
    pub name: String,
}

/// An engineer, as customers see them.
#[derive(Debug, Clone, Serialize)]
pub struct Person {
    /// Their name.
    pub name: String,
    /// Their e-mail address.
    pub email: String,
}

/// What the facts of a decision say in words, where they do.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct More {
    /// Who did it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// What a member says to a request that they decline, or a reviewer to an emergency.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// How a support request was resolved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub summary: Option<String>,
    /// What a review came to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<String>,
    /// The incident of an emergency.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incident: Option<String>,
    /// Which kind of emergency it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason_code: Option<String>,
}

impl Told {
    /// What `event` tells, with the trail's newest checkpoint.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn of(
        connection: &mut Connection,
        event: &Event,
        checkpoint: Option<String>,
    ) -> Result<Self, StoreError> {
        let workspace = match &event.workspace {
            Some(id) => workspaces::find_or_deleted(connection, id).await?,
            None => None,
        };
        let engineer = match &event.engineer {
            Some(id) => engineers::find_or_deleted(connection, id).await?,
            None => None,
        };
        let subject = match event.workspace.clone().zip(event.subject.clone()) {
            Some((workspace, id)) => members::known(connection, &MemberKey { workspace, id }).await?,
            None => None,
        };
        let Reach { access, until, revoked_by } = reach(connection, event).await?;
        let facts = event.decision.as_ref().map(|decision| decision.facts.get());
        // Facts that say it otherwise than in words say it to the trail alone.
        let more: More = facts.and_then(|facts| serde_json::from_str(facts).ok()).unwrap_or_default();
        Ok(Self {
            id: event.event_id.clone(),
            kind: event.kind,
            title: event.kind.notice().map_or("Support Access", |notice| notice.title),
            at: event.at,
            workspace: workspace.map(|known| Place { id: known.id, name: known.name }),
            engineer: engineer.map(|known| Person { name: known.name, email: known.email.as_str().to_owned() }),
            subject: event.subject.clone(),
            subject_email: subject.map(|known| known.member.email.as_str().to_owned()),
            session: event.session.clone(),
            grant: event.grant.clone(),
            emergency: event.emergency.clone(),
            case: event.case.clone(),
            reason: event.reason.clone(),
            ticket: event.ticket.clone(),
            access,
            until,
            more: More { by: more.by.or(revoked_by.filter(|_| event.kind == Kind::GrantRevoked)), ..more },
            checkpoint,
        })
    }
}

/// What a grant gives or what is asked for, and until when the session lasts, or what it stands on.
struct Reach {
    access: Option<Access>,
    until: Option<Timestamp>,
    revoked_by: Option<String>,
}

async fn reach(connection: &mut Connection, event: &Event) -> Result<Reach, StoreError> {
    let grant = match event.workspace.as_ref().zip(event.grant.as_ref()) {
        Some((workspace, id)) => grants::find(connection, workspace, id).await?,
        None => None,
    };
    let emergency = match &event.emergency {
        Some(id) => emergencies::find(connection, id).await?.and_then(|it| it.emergency()),
        None => None,
    };
    let asked = match &event.case {
        Some(case) => access_requests::of_case(connection, case).await?,
        None => None,
    };
    let session = match &event.session {
        Some(id) => sessions::find(connection, id).await?,
        None => None,
    };
    let basis = emergency.map(|emergency| emergency.expires_at);
    let basis = basis.or_else(|| grant.as_ref().and_then(|grant| grant.expires_at));
    let until = session.map(|session| session.expires_at).or(basis);
    let access = grant.as_ref().map(|grant| grant.access).or(asked.map(|request| request.access));
    Ok(Reach { access, until, revoked_by: grant.and_then(|grant| grant.revoked_by) })
}

/// The trail's word for a kind.
#[must_use]
pub(super) fn word(kind: Kind) -> String {
    // A kind is a text in JSON.
    serde_json::to_value(kind).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}
