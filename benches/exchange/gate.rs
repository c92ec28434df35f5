//! The real gate, started like `chaperone serve` does it, with a thousand engineers' sessions in a hundred workspaces.
use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::Path;

use anyhow::{Context, anyhow};
use chaperone::access::actor::{EngineerClaims, KeyActor, MemberClaims, Scope};
use chaperone::access::grants::{Lasting, NewGrant};
use chaperone::access::sessions::NewSession;
use chaperone::access::{Access, Actor, grants, sessions, workspaces};
use chaperone::domain::grant::Access as Reach;
use chaperone::domain::id::{ApiKeyId, WorkspaceId};
use chaperone::domain::member::Role;
use chaperone::domain::time::{Clock, Span, Timestamp};
use chaperone::domain::workspace::{EmergencyAccess, Plan, Workspace};
use chaperone::{config, server};

use super::child::{self, Session};

const WORKSPACES: usize = 100;
const ENGINEERS: usize = 10;

/// Runs it before the app at `app`.
pub(crate) async fn run(app: SocketAddr, durability: &str) -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("chaperone.toml");
    std::fs::write(&file, include_str!("../gate.toml"))?;
    std::fs::write(folder.path().join("issuers.jwks.json"), include_str!("../issuers.jwks.json"))?;
    let clock = Clock::system();
    let gate = server::start(configured(&file, app, durability)?, clock.clone()).await?;
    let sessions = enter(&gate.access, clock.now()).await?;
    child::serving(gate.address, &sessions).await?;
    gate.shutdown().await;
    Ok(())
}

fn configured(file: &Path, app: SocketAddr, durability: &str) -> anyhow::Result<config::Config> {
    let overrides = [
        ("CHAPERONE__ROUTE__0__UPSTREAM".to_owned(), format!("[\"http://{app}\"]")),
        ("CHAPERONE__AUDIT__DURABILITY".to_owned(), durability.to_owned()),
    ];
    Ok(config::load(file, overrides.into_iter()).map_err(|errors| anyhow!("{errors}"))?.config)
}

/// In each workspace its owner grants access, and each engineer enters.
async fn enter(access: &Access, now: Timestamp) -> anyhow::Result<Vec<Session>> {
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
        grant: None,
        reason: "An invoice shows the wrong currency".parse().context("a reason")?,
        ticket: Some("SUP-1042".parse().context("a ticket")?),
    })
}
