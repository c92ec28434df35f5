//! Who is there: ten engineers, each with a live session in each of a hundred workspaces, whose owners granted it.
use std::collections::BTreeSet;

use anyhow::Context;
use chaperone::access::actor::{EngineerClaims, KeyActor, MemberClaims, Scope};
use chaperone::access::grants::{Lasting, NewGrant};
use chaperone::access::sessions::NewSession;
use chaperone::access::{Access, Actor, grants, sessions, workspaces};
use chaperone::domain::grant::Access as Reach;
use chaperone::domain::id::{ApiKeyId, WorkspaceId};
use chaperone::domain::member::Role;
use chaperone::domain::time::{Span, Timestamp};
use chaperone::domain::workspace::{EmergencyAccess, Plan, Workspace};

use super::requests::Session;

/// How many workspaces there are.
pub(crate) const WORKSPACES: usize = 100;
/// How many engineers are in each.
pub(crate) const ENGINEERS: usize = 10;

/// In each workspace its owner grants access, and each engineer enters.
pub(crate) async fn enter(access: &Access, now: Timestamp) -> anyhow::Result<Vec<Session>> {
    let mut engineers = Vec::new();
    for n in 0..ENGINEERS {
        engineers.push(access.engineer(engineer(n)?).await?);
    }
    let mut entered = Vec::new();
    for n in 0..WORKSPACES {
        let id: WorkspaceId = format!("workspace-{n}").parse()?;
        let key =
            KeyActor { id: ApiKeyId::mint(now), name: "bench".to_owned(), scopes: BTreeSet::from([Scope::Directory]) };
        workspaces::put(access, &Actor::Key(key), workspace(&id)).await?;
        let owner = access.member(owner(&id, now)?).await?;
        grants::create(access, &owner, &id, consent(), None).await?;
        for engineer in &engineers {
            let started = sessions::start(access, engineer, wish(&id)?, None).await?;
            entered.push(Session { workspace: id.to_string(), token: started.token.reveal().to_owned() });
        }
    }
    Ok(entered)
}

fn engineer(n: usize) -> anyhow::Result<EngineerClaims> {
    Ok(EngineerClaims {
        id: format!("engineer-{n}").parse()?,
        email: format!("engineer-{n}@support.ledgerly.example").parse()?,
        name: format!("Engineer {n}"),
        groups: ["support", "emea", "on-call"].map(str::to_owned).into(),
        organization: "vendor".to_owned(),
        mfa_at: None,
        issued_at: Timestamp::from_millis(0),
        signed_by: None,
    })
}

fn workspace(id: &WorkspaceId) -> Workspace {
    Workspace {
        id: id.clone(),
        name: id.to_string(),
        plan: Plan::Business,
        forced_sso: false,
        region: "eu".to_owned(),
        emergency_access: EmergencyAccess::Allowed,
        labels: BTreeSet::from(["pilot".to_owned()]),
    }
}

fn owner(workspace: &WorkspaceId, now: Timestamp) -> anyhow::Result<MemberClaims> {
    Ok(MemberClaims {
        workspace: workspace.clone(),
        id: "olga".parse()?,
        email: format!("olga@{workspace}.example").parse()?,
        role: Role::Owner,
        issued_at: now,
        impersonated: false,
    })
}

fn consent() -> NewGrant {
    NewGrant {
        starts_at: None,
        lasting: Some(Lasting::For(Span::from_seconds(86_400))),
        access: Reach::Full,
        engineers: None,
        groups: Some(vec!["support".to_owned()]),
        organization: None,
        ticket: None,
        purpose: None,
        scope: None,
    }
}

fn wish(workspace: &WorkspaceId) -> anyhow::Result<NewSession> {
    Ok(NewSession {
        workspace: workspace.clone(),
        on: None,
        reason: "An invoice shows the wrong currency".parse().context("a reason")?,
        ticket: Some("SUP-1042".parse().context("a ticket")?),
    })
}
