//! What `chaperone demo` runs, all of it on loopback: a sample customer app, the gate before it, and a desk where one
//! chooses who one is.
//!
//! * `identities`: the people, and the two issuers that vouch for them.
//! * `app`: "Ledgerly", the customer app. `desk`: the chooser and the walk-through. `web`: what both share.
//! * `folder`: the demo's folder, with a configuration like any other. `gate`: the real gate, run from it.
//! * `seed`: the first state, through the gate's own API (`api` over `client`; `consent` is what it tells).
//! * `places`: where everything listens.
//!
//! Nothing here has a way in that others lack: the demo is a client of the gate, with tokens that it mints as the
//! vendor's identity provider and the vendor's app would.
mod api;
mod app;
mod client;
mod consent;
mod desk;
#[cfg(test)]
mod fake_gate;
mod folder;
mod gate;
mod identities;
mod places;
mod seed;
mod web;

use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use axum::Router;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::domain::time::Clock;

use api::Api;
use app::App;
use desk::Desk;
use folder::Folder;
use identities::Issuers;
use places::{Places, Sockets};

/// How long open pages may take to finish when the demo ends.
const FAREWELL: Duration = Duration::from_secs(3);

/// What can be chosen.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where state is kept; none: in a temporary folder that goes with the demo.
    pub dir: Option<PathBuf>,
    /// The gate's port; app, desk and operators' listener follow. A port that is taken is replaced by a free one.
    pub port: u16,
    /// Whose rules.
    pub profile: Profile,
}

/// A set of policies that the demo can run with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Profile {
    /// Owners grant, for at most seven days.
    Segment,
}

/// Why a profile cannot be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadProfile {
    /// It is planned.
    #[error("the profile `{0}` is not in this version: use `segment`")]
    NotYet(String),
    /// It is unknown.
    #[error("there is no profile `{0}`: use `segment`")]
    Unknown(String),
}

impl FromStr for Profile {
    type Err = BadProfile;
    fn from_str(name: &str) -> Result<Self, BadProfile> {
        match name {
            "segment" => Ok(Self::Segment),
            "lambdatest" | "salesforce" | "bizible" | "tsa" => Err(BadProfile::NotYet(name.to_owned())),
            other => Err(BadProfile::Unknown(other.to_owned())),
        }
    }
}

/// Runs the demo until Ctrl-C or SIGTERM. `announce` gets the text that tells where to go, once all is ready.
///
/// # Errors
/// When a part cannot be started: the folder cannot be written, no port is free, the gate refuses.
pub async fn run(options: Options, announce: impl FnOnce(&str) -> anyhow::Result<()>) -> anyhow::Result<()> {
    let Profile::Segment = options.profile;
    let mut terminate = signal(SignalKind::terminate())?;
    let program = std::env::current_exe().unwrap_or_else(|_| PathBuf::from("chaperone"));
    let (clock, issuers) = (Clock::system(), Arc::new(Issuers::new()?));
    let sockets = Sockets::bind(options.port).await.with_context(|| {
        format!(
            "the demo cannot listen on port {} of 127.0.0.1 and those after it: choose others with `--port`",
            options.port
        )
    })?;
    let folder = Folder::prepare(options.dir, &sockets, &issuers)?;
    let Sockets { app: app_socket, desk: desk_socket, places, taken, .. } = sockets;

    let (tracker, stop) = (TaskTracker::new(), CancellationToken::new());
    let app = App::new(places.clone(), Arc::clone(&issuers), Arc::clone(&clock), stop.clone());
    serve(&tracker, &stop, app_socket, app::router(app));
    let gate = gate::start(&folder.config(), Arc::clone(&clock)).await?;
    let key = gate::directory_key(&gate, &clock).await?;
    seed::seed(&Api::new(places.gate.clone()), &issuers, &key, clock.now()).await?;
    let desk = Desk::new(places.clone(), issuers, clock, &program, &folder.trail());
    serve(&tracker, &stop, desk_socket, desk::router(desk));

    announce(&welcome(&places, &taken, &folder))?;
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted?,
        _ = terminate.recv() => {}
    }
    stop.cancel();
    tracker.close();
    // Whoever still reads a page after that is left alone: the process ends.
    let _ = tokio::time::timeout(FAREWELL, tracker.wait()).await;
    gate.shutdown().await;
    Ok(())
}

/// Serves `router` on `socket` until `stop`.
fn serve(tracker: &TaskTracker, stop: &CancellationToken, socket: TcpListener, router: Router) {
    let stopped = stop.clone().cancelled_owned();
    tracker.spawn(async move {
        if let Err(error) = axum::serve(socket, router).with_graceful_shutdown(stopped).await {
            tracing::error!(%error, "a part of the demo stopped");
        }
    });
}

/// Where to go, and what to try.
fn welcome(places: &Places, taken: &[u16], folder: &Folder) -> String {
    let Places { gate, app, desk } = places;
    let kept = if folder.is_kept() { "kept" } else { "temporary, gone with the demo" };
    let ports: Vec<_> = taken.iter().map(u16::to_string).collect();
    let instead = match ports.as_slice() {
        [] => String::new(),
        [port] => format!("  Port {port} is taken, so a free one stands in for it.\n\n"),
        ports => format!("  Ports {} are taken, so free ones stand in for them.\n\n", ports.join(", ")),
    };
    format!(
        "\n  The demo runs, on this machine only.\n\n{instead}\
         \x20 Start here    {desk}/        choose who you are: engineers, owners\n\
         \x20 Step by step  {desk}/walk    a curl command for each step\n\n\
         \x20 The gate      {gate}/        only support sessions pass\n\
         \x20 Ledgerly      {app}/        the app behind it; customers come in here\n\
         \x20 State         {dir}  ({kept})\n\n\
         \x20 Try: enter acme as Ada, open the app, open its billing; then revoke as Olga and reload.\n\
         \x20 acme has granted access, globex has not, initech forces single sign-on.\n\n\
         \x20 Ctrl-C ends it.\n\n",
        dir = folder.path().display(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_segment_profile_is_in_this_version_and_the_others_say_so() {
        assert_eq!("segment".parse(), Ok(Profile::Segment));
        let planned = "tsa".parse::<Profile>().unwrap_err().to_string();
        assert_eq!(planned, "the profile `tsa` is not in this version: use `segment`");
        assert!(matches!("sgment".parse::<Profile>(), Err(BadProfile::Unknown(_))));
    }
}
