//! The real control plane in one workspace, and what the numbers of the model stand for.
use std::collections::BTreeSet;

use super::ops::{ENGINEERS, MEMBERS, Op};
use super::pure::{Doing, Model, hours};
use crate::access::access_requests::{self as asking, NewRequest};
use crate::access::emergencies::{self as urgent, NewEmergency, NewReview};
use crate::access::tests::*;
use crate::access::{engineers, expiry};
use crate::domain::access_request::{AccessRequest, How, Narrowed};
use crate::domain::action::ControlAction;
use crate::domain::effect::Effect;
use crate::domain::emergency::{Declaration, Outcome};
use crate::domain::id::SessionId;
use crate::domain::time::Timestamp;
use crate::policy::{
    Asked, ControlFacts, ControlQuestion, Http, Nouns, Prepared, Principal, SessionStart, decide_access, decide_control,
};

const REASON: &str = "the import of Monday hangs";

pub(super) struct Real<'a> {
    world: &'a World,
    workspace: Workspace,
    members: Vec<Actor>,
    engineers: Vec<Actor>,
    pub(super) grants: Vec<Grant>,
    pub(super) requests: Vec<AccessRequest>,
    pub(super) emergencies: Vec<Declaration>,
    pub(super) sessions: Vec<Started>,
}

impl<'a> Real<'a> {
    /// A workspace, members and engineers whom nobody knows yet.
    pub(super) async fn new(world: &'a World) -> Self {
        let place = SessionId::mint(world.access.clock.now()).to_string();
        let workspace = workspace(&place);
        workspaces::put(&world.access, &world.directory, workspace.clone()).await.unwrap();
        let (mut members, mut engineers) = (Vec::new(), Vec::new());
        for (id, role) in MEMBERS.into_iter().zip(Model::new().roles) {
            members.push(world.member(&place, id, role).await);
        }
        for id in ENGINEERS {
            engineers.push(world.engineer(&format!("{id}.{place}")).await);
        }
        let (grants, requests, emergencies, sessions) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        Self { world, workspace, members, engineers, grants, requests, emergencies, sessions }
    }

    fn engineer(&self, who: usize) -> EngineerId {
        match &self.engineers[who] {
            Actor::Engineer(who) => who.engineer.id.clone(),
            Actor::Member(_) | Actor::Key(_) => panic!("not an engineer"),
        }
    }

    /// A member, or somebody else in their login.
    fn member(&self, by: usize, inside: bool) -> Actor {
        let mut who = self.members[by].clone();
        if let Actor::Member(who) = &mut who {
            who.impersonated = inside;
        }
        who
    }

    /// Does it.
    pub(super) async fn apply(&mut self, op: &Op) -> Result<(), AccessError> {
        let World { access, directory, .. } = self.world;
        let place = self.workspace.id.clone();
        match *op {
            Op::Grant { by, full, lasts, later, naming, inside } => {
                let new = NewGrant {
                    starts_at: later.then(|| access.clock.now().plus(hours(2))),
                    access: reach(full),
                    engineers: naming.map(|who| vec![self.engineer(who)]),
                    ..for_a(hours(lasts))
                };
                self.grants.push(consent::create(access, &self.member(by, inside), &place, new, None).await?);
            }
            Op::Move { by, grant, lasts } => {
                let (who, grant) = (&self.members[by], &mut self.grants[grant]);
                *grant = consent::change(access, who, &place, &grant.id, Lasting::For(hours(lasts))).await?;
            }
            Op::Revoke { by, grant } => {
                consent::revoke(access, &self.members[by], &place, &self.grants[grant].id).await?;
            }
            Op::Ask { who, of, full, lasts } => self.ask(who, of, full, lasts).await?,
            Op::Approve { by, request, full, lasts, inside } => {
                let to = Narrowed { access: full.map(reach), duration: lasts.map(hours) };
                self.approve(by, inside, request, to).await?;
            }
            Op::Decline { by, request, inside } => {
                let who = self.member(by, inside);
                asking::decline(access, &who, &place, &self.requests[request].id, None).await?;
            }
            Op::Withdraw { who, request } => {
                asking::withdraw(access, &self.engineers[who], &self.requests[request].id).await?;
            }
            Op::Declare { who, of } => self.declare(who, of).await?,
            Op::Second { who, emergency } => self.second(who, emergency).await?,
            Op::Review { who, emergency, justified } => {
                let outcome = if justified { Outcome::Justified } else { Outcome::Unjustified };
                let new = NewReview { outcome, comment: REASON.parse().unwrap() };
                urgent::review(access, &self.engineers[who], &self.emergencies[emergency].id, new).await?;
            }
            Op::Enter { who, grant } => self.enter(who, BasisId::Grant(self.grants[grant].id.clone())).await?,
            Op::EnterInEmergency { who, emergency } => {
                self.enter(who, BasisId::Emergency(self.emergencies[emergency].id.clone())).await?;
            }
            Op::Leave { session } => {
                let session = &self.sessions[session].session;
                let who = (0..ENGINEERS.len()).find(|who| self.engineer(*who) == session.engineer).unwrap();
                entering::end(access, &self.engineers[who], &session.id).await?;
            }
            Op::ShowOut { by, session } => {
                let id = &self.sessions[session].session.id;
                entering::end_for_member(access, &self.members[by], &place, id).await?;
            }
            Op::ForcedSso(forced_sso) => self.redirect(Workspace { forced_sso, ..self.workspace.clone() }).await?,
            Op::Never(never) => {
                let emergency_access = if never { EmergencyAccess::Never } else { EmergencyAccess::Allowed };
                self.redirect(Workspace { emergency_access, ..self.workspace.clone() }).await?;
            }
            Op::Role { of, role } => {
                members::put(access, directory, Member { role, ..member_of(&self.members[of]) }).await?;
            }
            Op::Disabled { who, disabled } => {
                engineers::put(access, directory, &self.engineer(who), disabled).await?;
            }
            Op::Pass { minutes } => access.clock.shift(Span::from_seconds(minutes * 60)),
            Op::Sweep => expiry::round(access).await?,
        }
        Ok(())
    }

    async fn ask(&mut self, who: usize, of: Option<usize>, full: bool, lasts: i64) -> Result<(), AccessError> {
        let new = NewRequest {
            workspace: self.workspace.id.clone(),
            subject: of.map(|of| MEMBERS[of].parse().unwrap()),
            access: reach(full),
            duration: hours(lasts),
            reason: REASON.parse().unwrap(),
            ticket: None,
            purpose: None,
            extends: None,
        };
        self.requests.push(asking::create(&self.world.access, &self.engineers[who], new, None).await?.request);
        Ok(())
    }

    async fn approve(&mut self, by: usize, inside: bool, request: usize, to: Narrowed) -> Result<(), AccessError> {
        let (access, place, id) = (&self.world.access, &self.workspace.id, &self.requests[request].id);
        let who = self.member(by, inside);
        let approved = asking::approve(access, &who, place, id, to).await?.request;
        let Some(How::Approved(grant)) = approved.closing.map(|closing| closing.how) else { panic!("no grant") };
        self.grants.push(consent::get(access, &self.world.operator, place, &grant).await?);
        Ok(())
    }

    async fn declare(&mut self, who: usize, of: usize) -> Result<(), AccessError> {
        let new = NewEmergency {
            workspace: self.workspace.id.clone(),
            subject: MEMBERS[of].parse().unwrap(),
            incident: "INC-7".parse().unwrap(),
            reason_code: "outage".to_owned(),
            reason: REASON.parse().unwrap(),
        };
        self.emergencies.push(urgent::declare(&self.world.access, &self.engineers[who], new, None).await?);
        Ok(())
    }

    /// Approves an emergency, of which the customer is told at once.
    async fn second(&mut self, who: usize, emergency: usize) -> Result<(), AccessError> {
        let access = &self.world.access;
        let it = &mut self.emergencies[emergency];
        *it = urgent::approve(access, &self.engineers[who], &it.id).await?;
        let told_by = &it.opening.as_ref().unwrap().told_by;
        Ok(access.store.seen_live(told_by, access.clock.now()).await?)
    }

    async fn enter(&mut self, who: usize, on: BasisId) -> Result<(), AccessError> {
        let new = NewSession { on: Some(on), ..entry(self.workspace.id.as_str(), None) };
        self.sessions.push(entering::start(&self.world.access, &self.engineers[who], new, None).await?);
        Ok(())
    }

    /// The directory's word on the workspace.
    async fn redirect(&mut self, workspace: Workspace) -> Result<(), AccessError> {
        self.workspace = workspace.clone();
        workspaces::put(&self.world.access, &self.world.directory, workspace).await?;
        Ok(())
    }

    /// What of `doings` passes in that session now, as the data plane finds it.
    pub(super) async fn passes(&self, session: usize, doings: &[Doing], now: Timestamp) -> Vec<bool> {
        let access = &self.world.access;
        let token = self.sessions[session].token.hash();
        let Some(admission) = access.store.admission(&token).await.unwrap() else { return vec![false; doings.len()] };
        let session = admission.session;
        let over = session.expires_at <= now || session.last_seen_at.plus(access.sessions.idle) <= now;
        let Some(subject) = admission.subject.filter(|_| session.ended.is_none() && !over) else {
            return vec![false; doings.len()];
        };
        let nouns = Nouns {
            engineer: Arc::new(admission.engineer),
            workspace: Arc::new(admission.workspace),
            subject: Arc::new(subject),
            session: Arc::new(session),
            basis: admission.basis,
        };
        let prepared = Prepared::new(nouns.clone()).unwrap();
        doings.iter().map(|doing| passes(&access.engine.current(), &nouns, &prepared, *doing, now)).collect()
    }
}

fn reach(full: bool) -> Reach {
    if full { Reach::Full } else { Reach::ReadOnly }
}

fn passes(bundle: &Bundle, nouns: &Nouns, prepared: &Prepared, doing: Doing, now: Timestamp) -> bool {
    let effect = match doing {
        Doing::Looking | Doing::Chained => Effect::Read,
        Doing::Changing => Effect::Write,
        Doing::LoginAs => Effect::LoginAs,
        Doing::Consenting => Effect::Consent,
        Doing::EnteringFromInside => return enters_from_inside(bundle, nouns, now),
    };
    let (labels, ip) = (&BTreeSet::new(), [127, 0, 0, 1].into());
    let http = Http { method: "POST", host: "app.example", path: "/a", effect, labels, ip };
    let (last_seen_at, chained) = (nouns.session.last_seen_at, doing == Doing::Chained);
    let asked = Asked { now, last_seen_at, http, covers_path: true, chained };
    decide_access(bundle, prepared, &asked).is_ok()
}

/// Whether the policies would let the engineer begin another session on the same by a token of somebody who acts for them.
fn enters_from_inside(bundle: &Bundle, nouns: &Nouns, now: Timestamp) -> bool {
    let basis = Some((nouns.basis.as_ref(), &*nouns.subject));
    let start = SessionStart { basis, chained: true, reason: REASON, ticket: None };
    let question = ControlQuestion {
        principal: Principal::Engineer(&nouns.engineer),
        action: ControlAction::StartSession,
        workspace: &nouns.workspace,
        now,
        facts: ControlFacts::Start(start),
    };
    decide_control(bundle, &question).is_ok()
}
