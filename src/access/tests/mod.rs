//! Stories about the control plane, on a real store and the built-in policies: acme has the owner olga and the admin
//! bob, ada and ben are engineers.
mod directory;
mod giving;
mod model;
mod requests;
mod sessions;
mod trail;
mod ways_in;

use std::collections::BTreeMap;
use std::sync::Arc;

use super::actor::{EngineerClaims, KeyActor, MemberClaims, Scope};
use super::grants::{Lasting, NewGrant};
use super::sessions::{NewSession, Started};
use super::{
    Access, AccessError, Actor, Attachments, Idempotency, grants as consent, members, sessions as entering, workspaces,
};
use crate::audit::{Event, Kind};
use crate::config;
use crate::domain::grant::{Access as Reach, Grant};
use crate::domain::id::{ApiKeyId, EngineerId, GrantId, MemberKey, WorkspaceId};
use crate::domain::member::{Member, Role};
use crate::domain::refusal::{Code, Refusal};
use crate::domain::session::BasisId;
use crate::domain::time::{Clock, Span};
use crate::domain::workspace::{EmergencyAccess, Plan, Workspace};
use crate::identity::{AnswerKey, Jwks, StaffKeys};
use crate::policy::{Bundle, Engine};
use crate::store::{Feed, Store};
use crate::telemetry::metrics::Metrics;

const HOUR: Span = Span::from_seconds(3600);
const DAY: Span = Span::from_seconds(86_400);

struct World {
    access: Arc<Access>,
    folder: tempfile::TempDir,
    directory: Actor,
    operator: Actor,
}

impl World {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = config::Store { path: folder.path().join("state.db"), lease: Span::from_seconds(2) };
        let grants = config::Grants {
            presets: vec![DAY],
            default: Some(DAY),
            max: Span::from_seconds(7 * 86_400),
            recommend_min: DAY,
            until_revoked: false,
            open: 200,
            purposes: Vec::new(),
            remind_before: DAY,
            review_unused: DAY,
            review_long: DAY,
        };
        let support_requests = config::SupportRequests {
            default: DAY,
            max: Span::from_seconds(7 * 86_400),
            attachments: 5,
            attachment_size: 1 << 20,
            folder: folder.path().join("attachments"),
        };
        let access = Access {
            attachments: Attachments::open(&support_requests).unwrap(),
            support_requests,
            store: Store::open(&store).await.unwrap(),
            feed: Arc::new(Feed::new()),
            engine: Arc::new(Engine::new(Bundle::builtin().unwrap())),
            clock: Clock::system(),
            staff: vendor(),
            staff_keys: StaffKeys::only(Jwks::new(
                config::JwksFrom::Discovery,
                "https://idp.vendor.example",
                Clock::system(),
            )),
            grants,
            requests: config::Requests { reason_min: 10, reason_words: Vec::new(), lapse: DAY },
            answers: Arc::new(AnswerKey::open(folder.path()).unwrap()),
            session_host: None,
            sessions: config::Sessions { max: Span::from_seconds(8 * 3600), idle: Span::from_seconds(1800) },
            emergency: config::Emergency { max: HOUR, approvers: 1, reason_codes: ["outage".to_owned()].into() },
            metrics: Metrics::new(),
        };
        let (directory, operator) = (key(Scope::Directory), key(Scope::Operator));
        let world = Self { access: Arc::new(access), folder, directory, operator };
        workspaces::put(&world.access, &world.directory, workspace("acme")).await.unwrap();
        workspaces::put(&world.access, &world.directory, workspace("globex")).await.unwrap();
        world
    }

    async fn member(&self, place: &str, id: &str, role: Role) -> Actor {
        self.access.member(self.claims(place, id, role)).await.unwrap()
    }

    fn claims(&self, place: &str, id: &str, role: Role) -> MemberClaims {
        MemberClaims {
            workspace: ws(place),
            id: id.parse().unwrap(),
            email: format!("{id}@{place}.example").parse().unwrap(),
            role,
            issued_at: self.access.clock.now(),
            impersonated: false,
        }
    }

    async fn olga(&self) -> Actor {
        self.member("acme", "olga", Role::Owner).await
    }

    async fn engineer(&self, id: &str) -> Actor {
        self.access.engineer(staff(id)).await.unwrap()
    }

    async fn grant(&self, who: &Actor, new: NewGrant) -> Result<Grant, AccessError> {
        consent::create(&self.access, who, &ws("acme"), new, None).await
    }

    async fn enter(&self, who: &Actor, grant: Option<&GrantId>) -> Result<Started, AccessError> {
        entering::start(&self.access, who, entry("acme", grant), None).await
    }

    /// The kinds of all events, oldest first, with those of the world's making left out.
    async fn kinds(&self) -> Vec<Kind> {
        let told = [Kind::WorkspaceChanged, Kind::MemberChanged, Kind::EngineerChanged];
        let events = self.events().await.into_iter().map(|event| event.kind);
        events.filter(|kind| !told.contains(kind)).collect()
    }

    async fn events(&self) -> Vec<Event> {
        self.access.store.unrelayed().await.unwrap().into_iter().map(|(_, event)| event).collect()
    }
}

fn key(scope: Scope) -> Actor {
    let id = format!("ak_{}", scope.as_str());
    Actor::Key(KeyActor { id: id.parse::<ApiKeyId>().unwrap(), name: scope.as_str().into(), scopes: [scope].into() })
}

fn ws(id: &str) -> WorkspaceId {
    id.parse().unwrap()
}

fn workspace(id: &str) -> Workspace {
    Workspace {
        id: ws(id),
        name: id.to_uppercase(),
        plan: Plan::Business,
        forced_sso: false,
        region: "eu".into(),
        emergency_access: EmergencyAccess::Allowed,
        labels: ["pilot".to_owned()].into(),
    }
}

fn staff(id: &str) -> EngineerClaims {
    EngineerClaims {
        id: id.parse().unwrap(),
        email: format!("{id}@vendor.example").parse().unwrap(),
        name: id.to_uppercase(),
        groups: ["support".to_owned()].into(),
        organization: "vendor".into(),
        mfa_at: None,
        issued_at: Clock::system().now(),
        signed_by: None,
    }
}

/// Whom the vendor takes for engineers.
pub(super) fn vendor() -> config::Staff {
    config::Staff {
        issuer: "https://idp.vendor.example".to_owned(),
        audience: "chaperone".to_owned(),
        jwks: config::JwksFrom::Discovery,
        allowed_groups: ["support".to_owned()].into(),
        groups_claim: "groups".to_owned(),
        organization_claim: "org".to_owned(),
        organizations: [("vendor".to_owned(), "Example Support".to_owned())].into(),
        partners: BTreeMap::new(),
        sign_in: None,
        recheck: None,
    }
}

fn for_a(span: Span) -> NewGrant {
    NewGrant {
        starts_at: None,
        lasting: Some(Lasting::For(span)),
        access: Reach::ReadOnly,
        engineers: None,
        groups: None,
        organization: None,
        ticket: None,
        purpose: None,
        scope: None,
    }
}

fn naming(engineer: &str) -> NewGrant {
    NewGrant { engineers: Some(vec![engineer.parse::<EngineerId>().unwrap()]), ..for_a(DAY) }
}

fn entry(place: &str, grant: Option<&GrantId>) -> NewSession {
    NewSession {
        workspace: ws(place),
        on: grant.cloned().map(BasisId::Grant),
        reason: "ticket 4711: the export hangs".parse().unwrap(),
        ticket: Some("4711".parse().unwrap()),
    }
}

fn once(key: &str, digest: u8) -> Idempotency {
    Idempotency { key: key.to_owned(), digest: [digest; 32] }
}

fn refusal<T: std::fmt::Debug>(result: Result<T, AccessError>) -> Refusal {
    match result.unwrap_err() {
        AccessError::Refused(refusal) => *refusal,
        other => panic!("not a refusal: {other:?}"),
    }
}

fn code<T: std::fmt::Debug>(result: Result<T, AccessError>) -> Code {
    refusal(result).code
}

fn member_of(actor: &Actor) -> Member {
    match actor {
        Actor::Member(who) => who.member.clone(),
        Actor::Engineer(_) | Actor::Key(_) => panic!("not a member"),
    }
}
