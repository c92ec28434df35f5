//! The changes, and how each is made.
use std::fs;
use std::time::{Duration, Instant};

use chaperone::domain::time::{Clock, Span};
use serde_json::json;

use crate::world::{Engineer, Issuer, Member, World, engineers, members};

/// How long a grant lasts whose end is waited for: all must be open before.
const SHORT: Span = Span::from_seconds(25);
/// How long a session may be idle when that is waited for: all that it has must be open before.
pub(crate) const IDLE: &str = "10s";

/// Nobody reads or writes any more.
const CLOSED: &str = r#"
@id("closed") @code("closed") @reason("support is closed")
forbid (principal, action in [Action::"Read", Action::"Write", Action::"Delete"], resource);
"#;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    Revoke,
    Expiry,
    Idle,
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
    pub(crate) const ALL: [Self; 11] = [
        Self::Revoke,
        Self::Expiry,
        Self::Idle,
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
            Self::Idle => "session idle",
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

    /// How long after its last request each session ends, if that is the change.
    pub(crate) fn idle(self) -> Option<Duration> {
        (self == Self::Idle).then(|| IDLE.parse::<Span>().expect("a length of time").to_std())
    }
}

/// What a round stands on.
pub(crate) struct Ends {
    grant: String,
    /// When the grant ends by itself, if that is the change.
    expires: Option<Instant>,
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
        Self { grant: world.grant(&members::OLGA, wanted).await, expires }
    }

    /// Makes the change; gives the moment at which it began.
    pub(crate) async fn make(&self, world: &World, change: Change) -> Instant {
        let began = Instant::now();
        match change {
            Change::Revoke => drop(world.revoke(&members::OLGA, &self.grant).await),
            Change::Expiry => {
                let end = self.expires.expect("an end");
                assert!(began < end, "not everything was open before the end");
                return end;
            }
            Change::Idle => {}
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
}

async fn switch(world: &World, disabled: bool) {
    world.api("PUT", "/engineers/ada", &world.directory, Some(json!({"disabled": disabled}))).await.expect(200);
}

/// Writes a file as editors do: beside, then over.
fn save(world: &World, name: &str, text: &str) {
    fs::write(world.path("draft"), text).unwrap();
    fs::rename(world.path("draft"), world.path(name)).unwrap();
}
