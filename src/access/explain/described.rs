//! A request that somebody describes, by the state of now.
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use http::header::HOST;

use crate::config::Config;
use crate::domain::engineer::Engineer;
use crate::domain::grant::Grant;
use crate::domain::id::{MemberId, MemberKey, SessionId};
use crate::domain::member::Member;
use crate::domain::refusal::{Code, Refusal};
use crate::domain::session::{Basis, BasisId, Session};
use crate::domain::time::Timestamp;
use crate::domain::workspace::Workspace;
use crate::policy::{
    Asked, BadFacts, Explanation, Http, Nouns, Prepared, Situation, decide_access, explain as by_policy,
};
use crate::request::{Arrived, Reading, Routed, Routes, normalize, route};
use crate::store::{self, Read, engineers, grants, members, sessions, workspaces};

use super::{Described, Explained, Sources};
use crate::access::AccessError;
use crate::access::engineers::may_do_support;
use crate::access::permission::switched_off;
use crate::access::sessions::{Candidate, Choice, Entry, candidates, choose, last_moment};

/// What a session that would have to begin first gives for its reason.
const REASON: &str = "a request, described for an explanation";
/// Where a described request comes from: nowhere (RFC 5737).
const NOBODY: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 0));

/// The people and the place, as they are now.
struct Scene {
    engineer: Engineer,
    workspace: Workspace,
    subject: Option<MemberId>,
    at: Timestamp,
}

/// What the request would stand on.
enum Footing {
    /// A session, live or still to begin.
    On { session: Box<Session>, basis: Basis, subject: Box<Member>, begun: bool },
    /// Nothing: the recorded facts of a session that could not begin.
    Nothing { facts: String },
    /// The member whose login is lent is gone.
    SubjectGone { refusal: Refusal, basis: Option<BasisId> },
}

/// Explains it.
pub(super) async fn explain(sources: Sources<'_>, described: Described) -> Result<Explained, AccessError> {
    let routed = read(sources.config, &described);
    let mut state = sources.store.read().await?;
    let scene = scene(&mut state, described, sources.now).await?;
    let mut explained = Explained {
        engineer: Some(scene.engineer.id.clone()),
        workspace: Some(scene.workspace.id.clone()),
        at: scene.at,
        session: None,
        grant: None,
        emergency: None,
        notes: Vec::new(),
        recorded: None,
        explanation: Explanation::refused(sources.bundle, &Code::Internal.into()),
    };
    if scene.at != sources.now {
        explained.notes.push("the clock is the described one; everything else is as it is now".to_owned());
    }
    let engineer = &scene.engineer;
    let on = || if engineer.disabled { Err(switched_off()) } else { may_do_support(engineer, &sources.config.staff) };
    let routed = routed.and_then(|routed| on().and_then(|()| routed.stays_in(&scene.workspace.id)).map(|()| routed));
    explained.explanation = match routed {
        Err(refusal) => Explanation::refused(sources.bundle, &refusal),
        Ok(routed) => {
            let footing = footing(&mut state, sources, &scene, &mut explained.notes).await?;
            let basis = footing.basis();
            explained.grant = basis.as_ref().and_then(BasisId::grant).cloned();
            explained.emergency = basis.as_ref().and_then(BasisId::emergency).cloned();
            explained.session = footing.session();
            decided(sources, &scene, &routed, &footing)?
        }
    };
    Ok(explained)
}

/// The request as the proxy would read it.
fn read(config: &Config, described: &Described) -> Result<Routed, Refusal> {
    let (host, path) = target(&config.server.public_url, &described.path);
    let bad = |error: http::Error| Refusal::because(Code::BadRequest, format!("no such request can be sent: {error}"));
    let request = http::Request::builder().method(described.method.as_str()).uri(path).header(HOST, host);
    let (head, ()) = request.body(()).map_err(bad)?.into_parts();
    let secure = config.server.public_url.starts_with("https://");
    let normalized = normalize(Arrived { head: &head, secure, peer: NOBODY })?;
    route(normalized, &Routes::new(&config.routes, &config.customers.token_paths))
}

/// Host and path: of a whole URL, or of a path at the gate's own address.
fn target<'a>(public_url: &'a str, path: &'a str) -> (&'a str, &'a str) {
    let whole = if path.starts_with('/') { public_url } else { path };
    let rest = whole.split_once("://").map_or(whole, |(_, rest)| rest);
    let (host, of_url) = rest.find('/').map_or((rest, "/"), |slash| rest.split_at(slash));
    (host, if path.starts_with('/') { path } else { of_url })
}

async fn scene(state: &mut Read, described: Described, now: Timestamp) -> Result<Scene, AccessError> {
    let Described { engineer, workspace, subject, at, .. } = described;
    let unknown = |what: String, next: &str| Refusal::because(Code::NotFound, what).next(next);
    let known = engineers::find(state, &engineer).await?;
    let engineer = known.ok_or_else(|| {
        unknown(format!("no engineer `{engineer}` is known"), "engineers are known once they have called the API")
    })?;
    let known = workspaces::find(state, &workspace).await?;
    let workspace = known.ok_or_else(|| {
        unknown(format!("no workspace `{workspace}` is known"), "the directory makes workspaces known")
    })?;
    if let Some(id) = &subject {
        let key = MemberKey { workspace: workspace.id.clone(), id: id.clone() };
        members::find(state, &key).await?.ok_or_else(|| {
            unknown(format!("no member `{key}` is known"), "name a member of that workspace, or leave `subject` out")
        })?;
    }
    Ok(Scene { engineer, workspace, subject, at: at.unwrap_or(now) })
}

/// The session that the request would come in, or the grant on which one would begin.
async fn footing(
    state: &mut Read,
    sources: Sources<'_>,
    scene: &Scene,
    notes: &mut Vec<String>,
) -> Result<Footing, AccessError> {
    if let Some(session) = live_session(state, sources, scene).await? {
        let basis = store::basis(state, &session).await?.ok_or(Code::GrantMissing)?;
        let gone = Refusal::because(session.basis.over(), "the member whose login it lends is gone");
        return Ok(match subject(state, &basis).await? {
            Some(subject) => on(session, as_of(basis, scene.at), subject, true),
            None => Footing::SubjectGone { refusal: gone, basis: Some(session.basis) },
        });
    }
    notes.push("there is no live session, so one would have to begin first".to_owned());
    let Scene { engineer, workspace, at, .. } = scene;
    let entry = Entry { engineer, workspace, reason: REASON, ticket: None, now: *at };
    let chosen = match choose(sources.bundle, &entry, tried(state, &entry, scene).await?) {
        Choice::One(grant, _) => grant.id,
        Choice::Several(grants) => {
            let several: Vec<String> = grants.iter().map(|grant| format!("`{grant}`")).collect();
            notes.push(format!("several grants fit, and the engineer would choose: {}", several.join(", ")));
            grants.into_iter().next().ok_or(Code::GrantMissing)?
        }
        Choice::None(nearest) => {
            notes.push(format!("no session could begin: {}", nearest.refusal.code));
            match (nearest.decision, nearest.grant) {
                (Some(_), Some(grant)) => grant,
                (Some(decision), None) => return Ok(Footing::Nothing { facts: decision.facts }),
                (None, grant) => {
                    let basis = grant.map(BasisId::Grant);
                    return Ok(Footing::SubjectGone { refusal: nearest.refusal, basis });
                }
            }
        }
    };
    let grant = grants::find(state, &workspace.id, &chosen).await?.ok_or(Code::GrantMissing)?;
    let basis = as_of(Basis::Grant(Arc::new(grant)), *at);
    let subject = subject(state, &basis).await?.ok_or(Code::GrantEnded)?;
    Ok(on(begun(sources, scene, &basis), basis, subject, false))
}

fn on(session: Session, basis: Basis, subject: Member, begun: bool) -> Footing {
    Footing::On { session: Box::new(session), basis, subject: Box::new(subject), begun }
}

impl Footing {
    /// The session, if it has begun.
    fn session(&self) -> Option<SessionId> {
        match self {
            Self::On { session, begun, .. } => begun.then(|| session.id.clone()),
            Self::Nothing { .. } | Self::SubjectGone { .. } => None,
        }
    }

    /// What it stands on, by name.
    fn basis(&self) -> Option<BasisId> {
        match self {
            Self::On { basis, .. } => Some(basis.id()),
            Self::Nothing { .. } => None,
            Self::SubjectGone { basis, .. } => basis.clone(),
        }
    }
}

/// The engineer's newest session there that lives at that time.
async fn live_session(state: &mut Read, sources: Sources<'_>, scene: &Scene) -> Result<Option<Session>, AccessError> {
    let live = sessions::list_live(state, &scene.workspace.id, scene.at).await?;
    let idle = sources.config.sessions.idle;
    let fits = |session: &Session| {
        session.engineer == scene.engineer.id
            && scene.subject.as_ref().is_none_or(|subject| session.subject == *subject)
            && session.started_at <= scene.at
            && scene.at < session.last_seen_at.plus(idle)
    };
    Ok(live.into_iter().map(|listed| listed.session).find(fits))
}

/// The grants that a session would be tried on, as they were at that time.
async fn tried(state: &mut Read, entry: &Entry<'_>, scene: &Scene) -> Result<Vec<Candidate>, AccessError> {
    let all = candidates(state, entry, None).await?.into_iter();
    let of_subject = |grant: &Grant| scene.subject.as_ref().is_none_or(|subject| grant.subject == *subject);
    let then = all.filter(|tried| of_subject(&tried.grant) && tried.grant.created_at <= scene.at);
    Ok(then.map(|Candidate { grant, subject }| Candidate { grant: grant_as_of(grant, scene.at), subject }).collect())
}

/// What a session stands on, as it was at `at`.
fn as_of(basis: Basis, at: Timestamp) -> Basis {
    match basis {
        Basis::Grant(grant) => Basis::Grant(Arc::new(grant_as_of(grant.as_ref().clone(), at))),
        Basis::Emergency(emergency) => Basis::Emergency(emergency),
    }
}

/// The grant as it was at `at`: what was revoked later was not revoked yet.
fn grant_as_of(grant: Grant, at: Timestamp) -> Grant {
    let revoked_at = grant.revoked_at.filter(|revoked| *revoked <= at);
    Grant { revoked_at, ..grant }
}

async fn subject(state: &mut Read, basis: &Basis) -> Result<Option<Member>, AccessError> {
    Ok(members::find(state, &basis.subject_key()).await?)
}

/// The session that would begin on `basis`.
fn begun(sources: Sources<'_>, scene: &Scene, basis: &Basis) -> Session {
    Session {
        id: SessionId::mint(scene.at),
        workspace: scene.workspace.id.clone(),
        subject: basis.subject().clone(),
        engineer: scene.engineer.id.clone(),
        basis: basis.id(),
        reason: REASON.to_owned(),
        ticket: None,
        started_at: scene.at,
        expires_at: last_moment(sources.config.sessions.max, basis, scene.at),
        last_seen_at: scene.at,
        mfa_at: None,
        signed_by: None,
        ended: None,
    }
}

/// What the policies say to every reading of the request.
fn decided(
    sources: Sources<'_>,
    scene: &Scene,
    routed: &Routed,
    footing: &Footing,
) -> Result<Explanation, AccessError> {
    let bundle = sources.bundle;
    let situations: Result<Vec<Situation>, BadFacts> = match footing {
        Footing::SubjectGone { refusal, .. } => return Ok(Explanation::refused(bundle, refusal)),
        Footing::Nothing { facts } => {
            routed.readings().map(|reading| Situation::without_basis(facts, &http(routed, reading))).collect()
        }
        Footing::On { session, basis, subject, .. } => {
            let nouns = Nouns {
                engineer: Arc::new(scene.engineer.clone()),
                workspace: Arc::new(scene.workspace.clone()),
                subject: Arc::new(subject.as_ref().clone()),
                session: Arc::new(session.as_ref().clone()),
                basis: basis.clone(),
            };
            let prepared =
                Prepared::new(nouns).map_err(|error| Refusal::because(Code::PolicyError, error.to_string()))?;
            let on = |reading: &Reading| {
                let asked = Asked {
                    now: scene.at,
                    last_seen_at: session.last_seen_at.min(scene.at),
                    http: http(routed, reading),
                    covers_path: reading.covered_by(basis),
                    chained: false,
                };
                match decide_access(bundle, &prepared, &asked) {
                    Ok(permit) => Situation::recorded(&permit.decision().facts),
                    Err(refused) => Situation::recorded(&refused.decision.facts),
                }
            };
            routed.readings().map(on).collect()
        }
    };
    let explained = situations.and_then(|situations| by_policy(bundle, &situations));
    explained.map_err(|error| Refusal::because(Code::Internal, error.to_string()).into())
}

fn http<'a>(routed: &'a Routed, reading: &'a Reading) -> Http<'a> {
    Http {
        method: routed.request.method.as_str(),
        host: &routed.request.host,
        path: &reading.path,
        effect: reading.effect,
        labels: &reading.labels,
        ip: routed.request.peer,
    }
}
