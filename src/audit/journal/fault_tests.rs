//! The journal on a disk that fails: nothing counts as recorded that is not, and nothing stays broken that need not.
use std::pin::pin;
use std::sync::Condvar;

use futures_util::FutureExt;

use super::*;
use crate::audit::samples::{audit, event, report, seal, segment};
use crate::config::Durability;
use crate::telemetry::metrics::Metrics;

/// A disk that does as it is told, and keeps a list of what it was asked.
#[derive(Default)]
struct Disk {
    state: Mutex<DiskState>,
    changed: Condvar,
}

#[derive(Default)]
struct DiskState {
    full: bool,
    fail_next_sync: bool,
    hold_syncs: bool,
    /// Segments by name, one entry for each fsync that was asked for.
    syncs: Vec<String>,
}

struct DiskFile {
    disk: Arc<Disk>,
    name: String,
    real: Arc<dyn SegmentFile>,
}

impl Disk {
    fn set(&self, change: impl FnOnce(&mut DiskState)) {
        change(&mut self.state.lock().unwrap());
        self.changed.notify_all();
    }

    fn syncs(&self) -> Vec<String> {
        self.state.lock().unwrap().syncs.clone()
    }

    /// Waits until the fsync that is number `count` has been asked for.
    fn until_sync(&self, count: usize) {
        drop(self.changed.wait_while(self.state.lock().unwrap(), |state| state.syncs.len() < count).unwrap());
    }

    fn opener(self: &Arc<Self>) -> OpenSegment {
        let disk = Arc::clone(self);
        Box::new(move |path, end| {
            if disk.state.lock().unwrap().full {
                return Err(io::ErrorKind::StorageFull.into());
            }
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            Ok(Arc::new(DiskFile { disk: Arc::clone(&disk), name, real: open_segment(path, end)? }))
        })
    }
}

impl SegmentFile for DiskFile {
    fn write(&self, records: &[u8]) -> io::Result<()> {
        if self.disk.state.lock().unwrap().full {
            self.real.write(&records[..records.len() / 2])?;
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.real.write(records)
    }

    fn sync(&self) -> io::Result<()> {
        self.disk.set(|state| state.syncs.push(self.name.clone()));
        let mut state =
            self.disk.changed.wait_while(self.disk.state.lock().unwrap(), |state| state.hold_syncs).unwrap();
        if std::mem::take(&mut state.fail_next_sync) { Err(io::Error::from_raw_os_error(5)) } else { self.real.sync() }
    }

    /// Zeros ahead would bring fsyncs of their own, which these tests count.
    fn prepare(&self) -> io::Result<bool> {
        Ok(false)
    }

    fn len(&self) -> u64 {
        self.real.len()
    }

    fn close(&self) -> io::Result<()> {
        self.real.close()
    }

    fn in_place(&self) -> io::Result<bool> {
        self.real.in_place()
    }
}

fn open(dir: &Path, disk: &Arc<Disk>, patience: Duration) -> Arc<Journal> {
    open_as(Durability::Strict, dir, disk, patience)
}

fn open_as(durability: Durability, dir: &Path, disk: &Arc<Disk>, patience: Duration) -> Arc<Journal> {
    let settings = Settings::new(&audit(dir, durability), "node-1", disk.opener(), seal());
    Journal::open_with(settings, (&Clock::system(), &Metrics::new()), patience).unwrap()
}

const LONG: Duration = Duration::from_mins(1);

async fn until(what: &str, condition: impl Fn() -> bool) {
    for _ in 0..3000 {
        if condition() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("still waiting until {what}");
}

async fn record(journal: &Journal, n: u32) -> Result<(), Unavailable> {
    journal.append(event(n)).await?.durable().await
}

#[tokio::test]
async fn a_record_is_durable_only_after_its_fsync_and_everything_written_meanwhile_shares_the_next_one() {
    let (dir, disk) = (tempfile::tempdir().unwrap(), Arc::new(Disk::default()));
    let journal = open(dir.path(), &disk, LONG);
    disk.set(|state| state.hold_syncs = true);
    let mut first = pin!(journal.append(event(2)).await.unwrap().durable());
    disk.until_sync(1);
    assert_eq!((&mut first).now_or_never(), None);
    let mut others = Vec::new();
    for _ in 1..64 {
        others.push(journal.append(event(2)).await.unwrap());
    }
    disk.set(|state| state.hold_syncs = false);
    first.await.unwrap();
    for other in others {
        other.durable().await.unwrap();
    }
    assert_eq!(disk.syncs().len(), 2);
    journal.close().await;
}

#[tokio::test]
async fn a_full_disk_stops_everything_until_there_is_room_again() {
    let (dir, disk) = (tempfile::tempdir().unwrap(), Arc::new(Disk::default()));
    let journal = open(dir.path(), &disk, LONG);
    record(&journal, 2).await.unwrap();
    disk.set(|state| state.full = true);
    assert_eq!(journal.append(event(2)).await.unwrap_err(), Unavailable);
    assert!(!journal.healthy());
    assert_eq!(journal.append(event(2)).await.unwrap_err(), Unavailable);
    disk.set(|state| state.full = false);
    until("the journal is back", || journal.healthy()).await;
    record(&journal, 2).await.unwrap();
    journal.close().await;
    let found = report(dir.path());
    assert_eq!((found.problems, found.records), (vec![], 2));
    assert!(dir.path().join("journal-000002.jsonl").exists());
}

#[tokio::test]
async fn after_a_failed_fsync_nothing_is_durable_and_that_descriptor_is_never_trusted_again() {
    let (dir, disk) = (tempfile::tempdir().unwrap(), Arc::new(Disk::default()));
    let journal = open(dir.path(), &disk, LONG);
    record(&journal, 0).await.unwrap();
    disk.set(|state| {
        state.hold_syncs = true;
        state.fail_next_sync = true;
    });
    let hit = journal.append(event(2)).await.unwrap();
    disk.until_sync(2);
    let behind = journal.append(event(5)).await.unwrap();
    disk.set(|state| state.hold_syncs = false);
    assert_eq!(hit.durable().await, Err(Unavailable));
    assert_eq!(behind.durable().await, Err(Unavailable));
    assert_eq!(journal.append(event(2)).await.unwrap_err(), Unavailable);
    until("the journal is back", || journal.healthy()).await;
    record(&journal, 2).await.unwrap();
    assert_eq!(journal.recent_control_events().len(), 2);
    journal.close().await;
    assert_eq!(disk.syncs(), ["journal-000001.jsonl", "journal-000001.jsonl", "journal-000002.jsonl"]);
    let found = report(dir.path());
    assert_eq!((found.problems, found.records), (vec![], 4));
}

#[tokio::test]
async fn a_journal_that_was_moved_away_stops_everything_until_it_is_put_back() {
    let (dir, disk) = (tempfile::tempdir().unwrap(), Arc::new(Disk::default()));
    let journal = open(dir.path(), &disk, LONG);
    record(&journal, 2).await.unwrap();
    let aside = dir.path().join("aside");
    std::fs::rename(segment(dir.path()), &aside).unwrap();
    assert_eq!(journal.append(event(2)).await.unwrap_err(), Unavailable);
    assert!(!journal.healthy());
    std::fs::rename(&aside, segment(dir.path())).unwrap();
    until("the journal is back", || journal.healthy()).await;
    record(&journal, 2).await.unwrap();
    journal.close().await;
    assert_eq!(report(dir.path()).records, 2);
}

#[tokio::test]
async fn a_journal_that_was_replaced_by_an_older_copy_is_not_continued() {
    let (dir, disk) = (tempfile::tempdir().unwrap(), Arc::new(Disk::default()));
    let journal = open(dir.path(), &disk, LONG);
    record(&journal, 2).await.unwrap();
    let (yesterday, path) = (dir.path().join("yesterday"), segment(dir.path()));
    std::fs::copy(&path, &yesterday).unwrap();
    record(&journal, 2).await.unwrap();
    let known = *journal.shared.on_disk();
    std::fs::rename(&yesterday, &path).unwrap();
    assert_eq!(journal.append(event(2)).await.unwrap_err(), Unavailable);
    let refused = recover::scan(dir.path(), Some(known), Vec::new()).err().map(|error| error.to_string()).unwrap();
    assert!(refused.contains("record 2 was on disk, and now the last one is 1"), "{refused}");
    journal.close().await;
}

#[tokio::test]
async fn a_journal_that_was_rewritten_is_not_continued() {
    let (dir, disk) = (tempfile::tempdir().unwrap(), Arc::new(Disk::default()));
    let journal = open(dir.path(), &disk, LONG);
    record(&journal, 2).await.unwrap();
    let known = *journal.shared.on_disk();
    journal.close().await;
    let elsewhere = tempfile::tempdir().unwrap();
    crate::audit::samples::write(elsewhere.path(), 3).await;
    let refused =
        recover::scan(elsewhere.path(), Some(known), Vec::new()).err().map(|error| error.to_string()).unwrap();
    assert!(refused.contains("line 1: record 1 is another one than was written"), "{refused}");
}

#[tokio::test]
async fn a_disk_that_hangs_is_unhealthy_until_it_answers() {
    let (dir, disk) = (tempfile::tempdir().unwrap(), Arc::new(Disk::default()));
    let journal = open(dir.path(), &disk, Duration::from_millis(1));
    disk.set(|state| state.hold_syncs = true);
    journal.note(event(2));
    disk.until_sync(1);
    until("the journal notices", || !journal.healthy()).await;
    assert_eq!(journal.append(event(2)).await.unwrap_err(), Unavailable);
    disk.set(|state| state.hold_syncs = false);
    until("the journal is back", || journal.healthy()).await;
    journal.close().await;
    assert_eq!(report(dir.path()).records, 1);
}

#[tokio::test]
async fn in_relaxed_durability_a_record_counts_when_it_is_written_and_the_disk_is_not_waited_for() {
    let (dir, disk) = (tempfile::tempdir().unwrap(), Arc::new(Disk::default()));
    let journal = open_as(Durability::Relaxed, dir.path(), &disk, LONG);
    disk.set(|state| state.hold_syncs = true);
    for n in 0..10 {
        record(&journal, n).await.unwrap();
    }
    let text = std::fs::read_to_string(segment(dir.path())).unwrap();
    assert_eq!(text.lines().filter(|line| line.starts_with('{')).count(), 10);
    disk.set(|state| {
        state.hold_syncs = false;
        state.full = true;
    });
    let lost = journal.append(event(2)).await.unwrap();
    assert_eq!(lost.durable().await, Err(Unavailable), "nothing of what it tells is seen");
    assert_eq!(journal.append(event(2)).await.unwrap_err(), Unavailable);
    journal.close().await;
    assert_eq!(report(dir.path()).records, 10);
}
