//! The thread that signs checkpoints. What it fails at leaves a longer un-anchored tail, and is tried again: access goes on,
//! since every record is durable by itself.
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::audit::anchors::FILE;
use crate::audit::checkpoint::{self, Checkpoint, Snapshot};
use crate::audit::digest::Digest;
use crate::audit::library::{Covered, Library};
use crate::audit::trust::Seal;
use crate::domain::time::Uptime;
use crate::telemetry::metrics::Metrics;

use super::file::{MODE, sync_folder_of};

/// So many records make a checkpoint due, however short ago the last one was.
const MANY: u64 = 10_000;

/// Where the file of checkpoints ends.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sealed {
    /// The last checkpoint's number.
    pub(super) number: u64,
    /// Its digest.
    pub(super) digest: Digest,
    /// The last record that it covers.
    pub(super) seq: u64,
    /// The file's length, in bytes.
    pub(super) length: u64,
}

impl Sealed {
    /// Before the first checkpoint.
    pub(super) const START: Self = Self { number: 0, digest: Digest::NONE, seq: 0, length: 0 };
}

/// What a checkpoint is written with.
pub(super) struct Stamp {
    pub(super) dir: PathBuf,
    pub(super) node: String,
    pub(super) seal: Arc<dyn Seal>,
    pub(super) metrics: Arc<Metrics>,
    /// Who is told of the last checkpoint.
    pub(super) library: Arc<Library>,
}

/// The thread, and when it is to sign. Dropping it writes what was asked for and waits for that.
pub(super) struct Sealer {
    snapshots: Option<Sender<Snapshot>>,
    thread: Option<JoinHandle<()>>,
    /// The last record that a checkpoint on disk covers.
    covered: Arc<AtomicU64>,
    interval: Duration,
    /// When, and up to which record, the last checkpoint was asked for.
    asked: (Uptime, u64),
}

impl Sealer {
    /// Starts the thread, which goes on behind `sealed`.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub(super) fn start(stamp: Stamp, sealed: Sealed, interval: Duration, now: Uptime) -> io::Result<Self> {
        let (snapshots, inbox) = channel();
        let covered = Arc::new(AtomicU64::new(sealed.seq));
        let mut file = CheckpointFile { stamp, sealed, covered: Arc::clone(&covered), complete: true };
        let thread = std::thread::Builder::new().name("trail-seal".into()).spawn(move || file.run(&inbox))?;
        Ok(Self { snapshots: Some(snapshots), thread: Some(thread), covered, interval, asked: (now, sealed.seq) })
    }

    /// Whether there are records that no checkpoint on disk covers.
    pub(super) fn is_behind(&self, seq: u64) -> bool {
        seq > self.covered.load(Ordering::Acquire)
    }

    /// Whether it is time for a checkpoint, now that the journal has come to record `seq`.
    pub(super) fn is_due(&self, seq: u64, now: Uptime) -> bool {
        let (when, upto) = self.asked;
        self.is_behind(seq) && (now.since(when) >= self.interval || seq.saturating_sub(upto) >= MANY)
    }

    /// Remembers that a checkpoint was asked for; the snapshot goes to [`Self::desk`] when its records are on disk.
    pub(super) fn asked(&mut self, seq: u64, now: Uptime) {
        self.asked = (now, seq);
    }

    /// Where snapshots are handed in whose records are on disk.
    pub(super) fn desk(&self) -> Option<Sender<Snapshot>> {
        self.snapshots.clone()
    }
}

impl Drop for Sealer {
    fn drop(&mut self) {
        self.snapshots = None;
        // A panic of the thread has said so by itself.
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

/// Why a checkpoint was not written.
#[derive(Debug, thiserror::Error)]
enum SealError {
    #[error("there is no key to sign it with")]
    NoKey,
    #[error("the file `{0}` is not as it was left: somebody else removed or changed it")]
    Changed(PathBuf),
    #[error(transparent)]
    Io(#[from] io::Error),
}

struct CheckpointFile {
    stamp: Stamp,
    sealed: Sealed,
    covered: Arc<AtomicU64>,
    /// Whether nothing of ours stands behind the last whole line.
    complete: bool,
}

impl CheckpointFile {
    fn run(&mut self, inbox: &Receiver<Snapshot>) {
        while let Ok(snapshot) = inbox.recv() {
            // Asked for twice, or not gone any further.
            if snapshot.last.seq <= self.sealed.seq {
                continue;
            }
            let (seq, result) = (snapshot.last.seq, self.write(&snapshot));
            let word = if result.is_ok() { "ok" } else { "failed" };
            self.stamp.metrics.audit_checkpoints_total.with_label_values(&[word]).inc();
            match result {
                Ok(line) => {
                    self.covered.store(self.sealed.seq, Ordering::Release);
                    self.stamp.library.cover(Some(Covered::new(line, snapshot.heads)));
                }
                Err(error) => tracing::error!(
                    %error, seq,
                    "no checkpoint could be written: until one can, the end of the trail is un-anchored"
                ),
            }
        }
    }

    /// Writes the checkpoint over `snapshot` and returns its line.
    fn write(&mut self, snapshot: &Snapshot) -> Result<String, SealError> {
        let Stamp { dir, node, seal, .. } = &self.stamp;
        let number = self.sealed.number.saturating_add(1);
        let line = checkpoint::line(snapshot, number, self.sealed.digest, node, &**seal).ok_or(SealError::NoKey)?;
        let digest = Checkpoint::digest_of(&line);
        let path = dir.join(FILE);
        let file = self.open(&path)?;
        self.complete = false;
        (&file).write_all(line.as_bytes())?;
        file.sync_all()?;
        if self.sealed.length == 0 {
            sync_folder_of(&path)?;
        }
        self.complete = true;
        let length = self.sealed.length.saturating_add(line.len() as u64);
        self.sealed = Sealed { number, digest, seq: snapshot.last.seq, length };
        Ok(line)
    }

    /// The file, ending where we left it: what an attempt of ours that failed has left behind is cut off.
    fn open(&self, path: &Path) -> Result<File, SealError> {
        let file = OpenOptions::new().append(true).create(true).mode(MODE).open(path)?;
        let length = file.metadata()?.len();
        if length > self.sealed.length && !self.complete {
            file.set_len(self.sealed.length)?;
        } else if length != self.sealed.length {
            return Err(SealError::Changed(path.to_owned()));
        }
        Ok(file)
    }
}
