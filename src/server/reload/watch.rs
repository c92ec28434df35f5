//! Hears from the operating system that something in a folder changed. Folders are watched, never files: editors and
//! orchestrators put a new file, or a new link, in the place of the old one.
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use notify::event::{AccessKind, AccessMode, EventKind};
use notify::{Event, RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::Notify;

use super::digest::entries;

/// A change is looked at when this long nothing more has changed: whoever writes a file may not be done with it.
const QUIET: Duration = Duration::from_millis(100);
/// How long the quiet is waited for, at most.
const LONGEST: Duration = Duration::from_millis(300);

/// Ears for changes.
pub(super) struct Watch {
    heard: Arc<Notify>,
    plan: Plan,
    /// None: the operating system does not tell.
    watcher: Option<RecommendedWatcher>,
}

impl Watch {
    /// One that hears nothing before it is armed.
    pub(super) fn new() -> Self {
        Self { heard: Arc::new(Notify::new()), plan: Plan::default(), watcher: None }
    }

    /// Whether it is told of changes.
    pub(super) fn hears(&self) -> bool {
        self.plan.folders.is_empty() || self.watcher.is_some()
    }

    /// Resolves when something has changed, and nothing more for a moment.
    pub(super) async fn changed(&self) {
        self.heard.notified().await;
        let quiet = async { while tokio::time::timeout(QUIET, self.heard.notified()).await.is_ok() {} };
        // Whoever writes without a pause is read in the middle.
        let _ = tokio::time::timeout(LONGEST, quiet).await;
    }

    /// Listens for changes of these paths, wherever they are now: a folder that was replaced is another one.
    pub(super) async fn arm(&mut self, paths: Vec<PathBuf>) {
        let Ok(plan) = tokio::task::spawn_blocking(move || Plan::of(&paths)).await else { return };
        if plan == self.plan && self.watcher.is_some() {
            return;
        }
        let (heard, wanted) = (Arc::clone(&self.heard), plan.clone());
        let armed = tokio::task::spawn_blocking(move || listen(&wanted, heard)).await;
        let words = "the system does not tell of changed files: they are looked at every half second";
        self.watcher = match armed {
            Ok(Ok(watcher)) => Some(watcher),
            Ok(Err(error)) if self.hears() => {
                tracing::warn!(%error, "{words}");
                None
            }
            Ok(Err(_)) | Err(_) => None,
        };
        self.plan = plan;
    }
}

fn listen(plan: &Plan, heard: Arc<Notify>) -> notify::Result<RecommendedWatcher> {
    let relevant = plan.clone();
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
        // An error may mean that an event was lost.
        if event.map_or(true, |event| relevant.concerns(&event)) {
            heard.notify_one();
        }
    })?;
    for folder in plan.folders.keys() {
        watcher.watch(folder, RecursiveMode::NonRecursive)?;
    }
    Ok(watcher)
}

/// Which folders to listen to, and what in them counts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Plan {
    /// Each with what tells it from another of that name: device and inode; and whether all in it counts.
    folders: BTreeMap<PathBuf, ((u64, u64), bool)>,
    /// The names that count in the other folders.
    names: BTreeSet<OsString>,
}

impl Plan {
    fn of(paths: &[PathBuf]) -> Self {
        let mut plan = Self::default();
        for path in paths {
            let real = fs::canonicalize(path).ok();
            for path in [Some(path), real.as_ref()].into_iter().flatten() {
                plan.names.extend(path.file_name().map(ToOwned::to_owned));
                if let Some(parent) = path.parent() {
                    plan.add(parent, false);
                }
            }
            if path.is_dir() {
                plan.add_all(path);
            }
        }
        plan
    }

    fn add_all(&mut self, folder: &Path) {
        self.add(folder, true);
        for (path, is_folder) in entries(folder).unwrap_or_default() {
            if is_folder {
                self.add_all(&path);
            }
        }
    }

    /// A folder that is not there is not listened to: its parent tells when it comes.
    fn add(&mut self, folder: &Path, whole: bool) {
        if let Ok(found) = fs::metadata(folder) {
            let before = self.folders.get(folder).is_some_and(|(_, whole)| *whole);
            self.folders.insert(folder.to_owned(), ((found.dev(), found.ino()), whole || before));
        }
    }

    /// Whether the event may be a change of what is listened for. Reading is none.
    fn concerns(&self, event: &Event) -> bool {
        let written = EventKind::Access(AccessKind::Close(AccessMode::Write));
        let changes = event.kind == written || !event.kind.is_access();
        changes && (event.need_rescan() || event.paths.iter().any(|path| self.counts(path)))
    }

    fn counts(&self, path: &Path) -> bool {
        let whole = |folder: &Path| self.folders.get(folder).is_some_and(|(_, whole)| *whole);
        let named = path.file_name().is_some_and(|name| {
            // Kubernetes swaps the link `..data`, through which all others lead.
            self.names.contains(name) || name.as_encoded_bytes().starts_with(b"..")
        });
        named || whole(path) || path.parent().is_some_and(whole)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_count_by_name_and_everything_in_folders() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        fs::create_dir_all(at("policies/more")).unwrap();
        fs::write(at("keys.json"), "{}").unwrap();
        let plan = Plan::of(&[at("policies"), at("keys.json")]);
        for counts in ["keys.json", "policies", "policies/a.cedar", "policies/more/b.cedar", "..data"] {
            assert!(plan.counts(&at(counts)), "{counts}");
        }
        for other in ["chaperone.db-wal", "audit", "policies-old/a.cedar"] {
            assert!(!plan.counts(&at(other)), "{other}");
        }
    }

    #[test]
    fn a_folder_that_was_replaced_is_another_one() {
        let dir = tempfile::tempdir().unwrap();
        let (folder, aside) = (dir.path().join("policies"), dir.path().join("aside"));
        fs::create_dir(&folder).unwrap();
        let before = Plan::of(std::slice::from_ref(&folder));
        assert_eq!(before, Plan::of(std::slice::from_ref(&folder)));
        fs::rename(&folder, &aside).unwrap();
        fs::create_dir(&folder).unwrap();
        assert_ne!(before, Plan::of(std::slice::from_ref(&folder)));
    }
}
