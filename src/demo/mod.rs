//! What `chaperone demo` runs, all of it on loopback: a sample customer app, the gate before it, and a desk where one
//! chooses who one is.
//!
//! * `identities`: the people, and the two issuers that vouch for them.
//! * `app`: "Ledgerly", the customer app. `desk`: the chooser and the walk-through. `web`: what both share.
//! * `idp`: where engineers sign in.
//! * `folder`: the demo's folder, with a configuration like any other. `gate`: the real gate, run from it.
//! * `seed`: the first state, through the gate's own API (`api` over `client`; `consent` is what it tells).
//! * `places`: where everything listens. `rules`: what differs from profile to profile.
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
mod idp;
mod places;
mod rules;
mod seed;
mod web;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use axum::Router;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::config::Profile;
use crate::domain::time::Clock;

use api::Api;
use app::App;
use desk::Desk;
use folder::Folder;
use identities::Issuers;
use idp::Idp;
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

/// Runs the demo until Ctrl-C or SIGTERM. `announce` gets the text that tells where to go, once all is ready.
///
/// # Errors
/// When a part cannot be started: the folder cannot be written, no port is free, the gate refuses.
pub async fn run(options: Options, announce: impl FnOnce(&str) -> anyhow::Result<()>) -> anyhow::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let program = std::env::current_exe().unwrap_or_else(|_| PathBuf::from("chaperone"));
    let sockets = Sockets::bind(options.port).await.with_context(|| {
        format!(
            "the demo cannot listen on port {} of 127.0.0.1 and those after it: choose others with `--port`",
            options.port
        )
    })?;
    let (clock, issuers) = (Clock::system(), Arc::new(Issuers::new(&sockets.places.idp)?));
    let folder = Folder::prepare(options.dir, &sockets, &issuers, options.profile)?;
    let Sockets { app: app_socket, desk: desk_socket, idp: idp_socket, places, taken, .. } = sockets;

    let (tracker, stop) = (TaskTracker::new(), CancellationToken::new());
    let app = App::new(places.clone(), Arc::clone(&issuers), Arc::clone(&clock), stop.clone());
    serve(&tracker, &stop, app_socket, app::router(app));
    let idp = Idp::new(places.clone(), Arc::clone(&issuers), Arc::clone(&clock));
    serve(&tracker, &stop, idp_socket, idp::router(idp));
    let gate = gate::start(&folder.config(), Arc::clone(&clock)).await?;
    let key = gate::directory_key(&gate, &clock).await?;
    let api = Api::new(places.gate.clone());
    seed::seed(&api, &issuers, &key, options.profile, clock.now()).await?;
    let desk = Desk::new(places.clone(), issuers, clock, options.profile, verify(&program, &folder));
    serve(&tracker, &stop, desk_socket, desk::router(desk));

    announce(&welcome(&places, &taken, &folder, options.profile))?;
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

/// The command that verifies the demo's trail.
fn verify(program: &Path, folder: &Folder) -> String {
    format!("{} audit verify --dir {}", desk::word(program), desk::word(&folder.trail()))
}

/// Where to go, and what to try.
fn welcome(places: &Places, taken: &[u16], folder: &Folder, profile: Profile) -> String {
    let Places { gate, app, desk, .. } = places;
    let kept = if folder.is_kept() { "kept" } else { "temporary, gone with the demo" };
    let ports: Vec<_> = taken.iter().map(u16::to_string).collect();
    let instead = match ports.as_slice() {
        [] => String::new(),
        [port] => format!("  Port {port} is taken, so a free one stands in for it.\n\n"),
        ports => format!("  Ports {} are taken, so free ones stand in for them.\n\n", ports.join(", ")),
    };
    format!(
        "\n  The demo runs, on this machine only, by the rules of the profile {profile}.\n\n{instead}\
         \x20 Start here    {desk}/        choose who you are: engineers, owners\n\
         \x20 Step by step  {desk}/walk    a curl command for each step\n\n\
         \x20 Console       {gate}/.chaperone/console/        engineers sign in and work from here\n\
         \x20 The gate      {gate}/        only support sessions pass\n\
         \x20 Ledgerly      {app}/        the app behind it; customers come in here\n\
         \x20 State         {dir}  ({kept})\n\n\
         \x20 Try: enter acme as Ada, open the app, open its billing; then revoke as Olga and reload.\n\
         \x20 acme has granted access, globex has not, initech forces single sign-on.\n\n\
         \x20 Ctrl-C ends it.\n\n",
        dir = folder.path().display(),
    )
}
