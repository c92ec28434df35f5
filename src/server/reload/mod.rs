//! What may change on disk while the gate runs: policies, certificates, issuers' keys.
//!
//! * here: what is watched, and the task that looks: when a folder changes, every few seconds, and on SIGHUP.
//! * `watch`: hears from the operating system that something in a folder changed. `digest`: whether it really did.
//! * `sources`: how each thing is read again.
//! * `issuers`: keys that are fetched, and what becomes of whoever stood on a withdrawn one.
//! * `standing`: what was refused, as `/readyz` and the log tell it.
//!
//! A version that does not pass its checks replaces nothing: the one before stays in force.
mod digest;
pub(super) mod issuers;
mod sources;
mod standing;
mod watch;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use digest::Digest;
use watch::Watch;

pub(super) use sources::{certificate, keys, policies};
pub(super) use standing::Standing;

/// How often files are looked at although nobody said that they changed: events get lost, and some file systems send none.
const POLL: Duration = Duration::from_secs(10);
/// How often they are looked at while the operating system does not tell of changes, or something is to be tried again.
const QUICK_POLL: Duration = Duration::from_millis(500);

/// How reading something again went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Reread {
    /// The new version is in force.
    Replaced,
    /// It says what it said before.
    Unchanged,
    /// It does not pass its checks: the version before stays.
    Refused(Refusal),
    /// It could not be put in force, through no fault of its own: it is tried again soon.
    Later(String),
}

/// Why a new version is not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    /// In one line.
    pub(super) brief: String,
    /// With every place, for the log.
    pub(super) full: String,
}

/// Something on disk that the gate goes by.
pub(super) struct Source {
    /// Its name in the log, in metrics and in `/readyz`.
    pub(super) what: &'static str,
    /// Its files, and folders of which every file counts.
    pub(super) paths: Vec<PathBuf>,
    /// Whether it is read when it changes, or only when somebody asks.
    pub(super) watched: bool,
    /// Reads it again, and puts the new version in force if it passes.
    pub(super) reread: Box<dyn Fn() -> BoxFuture<'static, Reread> + Send + Sync>,
}

/// Asks for everything to be read again now, as SIGHUP does.
#[derive(Debug, Clone)]
pub struct Reload(mpsc::Sender<()>);

impl Reload {
    /// A pair: who asks, and who is asked.
    pub(super) fn channel() -> (Self, mpsc::Receiver<()>) {
        let (asking, asked) = mpsc::channel(1);
        (Self(asking), asked)
    }

    /// Asks. A second time before it was begun asks for nothing more.
    pub fn everything(&self) {
        // Full: it is about to be done. Closed: the gate is ending.
        let _ = self.0.try_send(());
    }
}

/// Looks until `stop`, once at the beginning: something may have changed since it was read at start.
pub(super) async fn run(
    sources: Vec<Source>,
    standing: Arc<Standing>,
    mut asked: mpsc::Receiver<()>,
    stop: CancellationToken,
) {
    let mut reloader = Reloader::new(sources, standing);
    reloader.look(Which::Changed).await;
    loop {
        let pause = if reloader.is_settled() { POLL } else { QUICK_POLL };
        let which = tokio::select! {
            () = stop.cancelled() => return,
            Some(()) = asked.recv() => Which::Everything,
            () = reloader.watch.changed() => Which::Changed,
            () = tokio::time::sleep(pause) => Which::Changed,
        };
        reloader.look(which).await;
    }
}

/// What is to be read again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Which {
    /// What is watched and has changed.
    Changed,
    /// All of it, changed or not.
    Everything,
}

struct Reloader {
    sources: Vec<(Source, Seen)>,
    standing: Arc<Standing>,
    watch: Watch,
}

/// What was seen of a source last.
#[derive(Debug, Default)]
struct Seen {
    /// What it said when it was read last; none: it is to be read.
    digest: Option<Digest>,
}

impl Reloader {
    fn new(sources: Vec<Source>, standing: Arc<Standing>) -> Self {
        let sources = sources.into_iter().map(|source| (source, Seen::default())).collect();
        Self { sources, standing, watch: Watch::new() }
    }

    /// Whether every change will be heard of, and nothing is to be tried again.
    fn is_settled(&self) -> bool {
        let tried = self.sources.iter().all(|(source, seen)| !source.watched || seen.digest.is_some());
        tried && self.watch.hears()
    }

    async fn look(&mut self, which: Which) {
        let watched = self.sources.iter().filter(|(source, _)| source.watched);
        let paths: Vec<PathBuf> = watched.flat_map(|(source, _)| source.paths.clone()).collect();
        // Before the files are read: what changes afterwards is heard of.
        self.watch.arm(paths).await;
        for (source, seen) in &mut self.sources {
            if which == Which::Everything || source.watched {
                look_at(source, seen, which, &self.standing).await;
            }
        }
    }
}

async fn look_at(source: &Source, seen: &mut Seen, which: Which, standing: &Standing) {
    let digest = digest::of(source.paths.clone()).await;
    if which == Which::Changed && digest.is_some() && digest == seen.digest {
        return;
    }
    let first = seen.digest.is_none() && which == Which::Changed;
    let reread = (source.reread)().await;
    seen.digest = if matches!(reread, Reread::Later(_)) { None } else { digest };
    standing.note(source.what, &reread, first);
}
