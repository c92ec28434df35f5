//! Apps of others that take the user from a header, behind the gate: they are the judges of what the gate sends them.
//!
//! * `copyparty`: files: pages, uploads, downloads, WebDAV.
//! * `radicale`: calendars: CalDAV.
mod copyparty;
mod radicale;

use std::path::Path;
use std::process::Command;

use bytes::Bytes;
use http_body_util::Full;

use crate::world::{Builder, Process, Session, Tap, World, request};

/// A gate, and behind it an app of others.
struct Behind {
    world: World,
    tap: Tap,
    app: Process,
}

impl Behind {
    /// Starts both; `route` are keys of the route.
    async fn start(route: &str, command: impl Fn(&Path, u16) -> Command) -> Self {
        Self::in_world(World::builder().route(route), command).await
    }

    /// Starts the app, and the gate as `world` says.
    async fn in_world(world: Builder, command: impl Fn(&Path, u16) -> Command) -> Self {
        let app = Process::start(command).await;
        let tap = Tap::start().await;
        tap.lead_to(app.address);
        let world = world.app_at(tap.address).start().await;
        Self { world, tap, app }
    }

    /// A request in a session, with forged headers of the client, about a folder and what is in it.
    fn asked(session: &Session, method: &str, path: &str) -> http::request::Builder {
        let mut asked = request(method, path).header("cookie", session.cookie());
        for name in ["x-remote-user", "x_remote_user", "x.remote.groups", "x-forwarded-for"] {
            asked = asked.header(name, "mallory");
        }
        if ["PROPFIND", "REPORT"].contains(&method) { asked.header("depth", "1") } else { asked }
    }

    /// Sends it; gives status and body.
    async fn send(&self, asked: http::request::Builder, content: impl Into<Bytes>) -> (u16, Bytes) {
        let reply = self.world.send(asked.body(Full::new(content.into())).unwrap()).await;
        (reply.status.as_u16(), reply.body)
    }

    /// A request in a session without a body; gives status and body.
    async fn ask(&self, session: &Session, method: &str, path: &str) -> (u16, String) {
        let (status, body) = self.send(Self::asked(session, method, path), "").await;
        (status, String::from_utf8_lossy(&body).into_owned())
    }

    /// `MOVE` or `COPY`; gives the status and the code of the gate's refusal.
    async fn carry(&self, session: &Session, method: &str, path: &str, destination: &str) -> (u16, String) {
        let asked = Self::asked(session, method, path).header("destination", destination);
        let reply = self.world.send(asked.body(Full::default()).unwrap()).await;
        let code = serde_json::from_slice(&reply.body)
            .ok()
            .and_then(|problem: serde_json::Value| problem["code"].as_str().map(str::to_owned));
        (reply.status.as_u16(), code.unwrap_or_default())
    }
}
