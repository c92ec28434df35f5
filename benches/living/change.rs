//! The changes: how each is made, and how the world becomes again what it was.
use std::fs;
use std::time::{Duration, Instant};

use chaperone::domain::time::{Clock, Span};
use serde_json::json;

use crate::world::{Engineer, Issuer, Member, World, engineers, eventually, members};

/// How long a grant lasts whose end is waited for.
const SHORT: Span = Span::from_millis(1500);
/// After this long the gate has read whatever was written, and waits for more.
const AT_REST: Duration = Duration::from_millis(500);
/// How long the world may take to become what it was.
const PATIENCE: Duration = Duration::from_secs(30);

/// Nobody reads or writes any more.
const CLOSED: &str = r#"
@id("closed") @code("closed") @reason("support is closed")
forbid (principal, action in [Action::"Read", Action::"Write", Action::"Delete"], resource);
"#;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    Revoke,
    Expiry,
    ForcedSso,
    EngineerDisabled,
    OutOfGroups,
    MemberDemoted,
    MemberDeleted,
    WorkspaceDeleted,
    PolicyReloaded,
    KeyWithdrawn,
}

impl Change {
    pub(crate) const ALL: [Self; 10] = [
        Self::Revoke,
        Self::Expiry,
        Self::ForcedSso,
        Self::EngineerDisabled,
        Self::OutOfGroups,
        Self::MemberDemoted,
        Self::MemberDeleted,
        Self::WorkspaceDeleted,
        Self::PolicyReloaded,
        Self::KeyWithdrawn,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Revoke => "grant revoked",
            Self::Expiry => "grant expired",
            Self::ForcedSso => "forced single sign-on",
            Self::EngineerDisabled => "engineer disabled",
            Self::OutOfGroups => "engineer out of the allowed groups",
            Self::MemberDemoted => "member demoted",
            Self::MemberDeleted => "member deleted",
            Self::WorkspaceDeleted => "workspace deleted",
            Self::PolicyReloaded => "policy file written",
            Self::KeyWithdrawn => "key withdrawn from the JWKS file",
        }
    }
}

/// What a round stands on.
pub(crate) struct Ends {
    grant: String,
    /// When the grant ends by itself, if that is the change.
    expires: Option<Instant>,
    reloads: u64,
}

impl Ends {
    /// Olga grants access.
    pub(crate) async fn prepare(world: &World, change: Change) -> Self {
        let (wanted, expires) = if change == Change::Expiry {
            let (wall, now) = (Clock::system().now(), Instant::now());
            let wanted = json!({"access": "full", "expires_at": wall.plus(SHORT).to_string()});
            (wanted, Some(now + SHORT.to_std()))
        } else {
            (json!({"access": "full", "duration": "1d"}), None)
        };
        let reloads = world.metric(RELOADS).await;
        Self { grant: world.grant(&members::OLGA, wanted).await, expires, reloads }
    }

    /// Makes the change; gives the moment at which it began.
    pub(crate) async fn make(&self, world: &World, change: Change) -> Instant {
        let began = Instant::now();
        match change {
            Change::Revoke => drop(world.revoke(&members::OLGA, &self.grant).await),
            Change::Expiry => return self.expires.expect("an end"),
            Change::ForcedSso => world.put_workspace("acme", json!({"forced_sso": true})).await,
            Change::EngineerDisabled => switch(world, true).await,
            Change::OutOfGroups => {
                let moved = Engineer { group: "sales", ..engineers::ADA };
                world.try_enter(&moved, json!({"workspace": "acme", "reason": "none any more"})).await.expect(403);
            }
            Change::MemberDemoted => world.put_member(&Member { role: "member", ..members::OLGA }).await,
            Change::MemberDeleted => {
                world.api("DELETE", "/workspaces/acme/members/olga", &world.directory, None).await.expect(204);
            }
            Change::WorkspaceDeleted => {
                world.api("DELETE", "/workspaces/acme", &world.directory, None).await.expect(204);
            }
            Change::PolicyReloaded => save(world, "policies/closed.cedar", CLOSED),
            Change::KeyWithdrawn => save(world, "staff.jwks.json", &Issuer::staff().jwks().to_string()),
        }
        began
    }

    /// Makes the world what it was before.
    pub(crate) async fn undo(self, world: &World, change: Change) {
        match change {
            Change::Revoke | Change::Expiry | Change::OutOfGroups | Change::MemberDemoted | Change::MemberDeleted => {}
            Change::ForcedSso | Change::WorkspaceDeleted => world.put_workspace("acme", json!({})).await,
            Change::EngineerDisabled => switch(world, false).await,
            Change::PolicyReloaded => {
                fs::remove_file(world.path("policies/closed.cedar")).unwrap();
                let both = self.reloads + 2;
                let again = async || (world.metric(RELOADS).await >= both).then_some(());
                eventually("the policies before decide again", PATIENCE, again).await;
            }
            Change::KeyWithdrawn => save(world, "staff.jwks.json", &world.staff.jwks().to_string()),
        }
        if matches!(change, Change::PolicyReloaded | Change::KeyWithdrawn) {
            // Else the next change would be read together with this one.
            tokio::time::sleep(AT_REST).await;
        }
        world.put_member(&members::OLGA).await;
        world.revoke(&members::OLGA, &self.grant).await;
    }
}

const RELOADS: &str = "chaperone_policy_reloads_total{result=\"ok\"}";

async fn switch(world: &World, disabled: bool) {
    world.api("PUT", "/engineers/ada", &world.directory, Some(json!({"disabled": disabled}))).await.expect(200);
}

/// Writes a file as editors do: beside, then over.
fn save(world: &World, name: &str, text: &str) {
    fs::write(world.path("draft"), text).unwrap();
    fs::rename(world.path("draft"), world.path(name)).unwrap();
}
