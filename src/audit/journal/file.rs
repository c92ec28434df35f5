//! The file that the journal writes, behind a seam so that tests can let it fail.
use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Only the gate's own user reads or writes the trail.
pub(super) const MODE: u32 = 0o600;
/// How many zeros are written ahead at once, in bytes.
const STEP: u64 = 1 << 20;
/// How far ahead zeros are written: an fsync is cheap when the file does not grow. On a full disk writing them fails, and
/// so a journal does not seem healthy until its first record.
const AHEAD: u64 = 4 * STEP;

/// What the journal asks of the segment that it writes.
#[expect(clippy::len_without_is_empty, reason = "nobody asks whether a segment is empty")]
pub trait SegmentFile: Send + Sync {
    /// Hands `records` to the operating system.
    ///
    /// # Errors
    /// When it does not take all of them: the journal never writes to this file again.
    fn write(&self, records: &[u8]) -> io::Result<()>;
    /// Brings everything written to disk.
    ///
    /// # Errors
    /// When it is not known to be there: the journal never touches this file again.
    fn sync(&self) -> io::Result<()>;
    /// Writes zeros ahead if it is time to; tells whether it did, and an fsync would spare the next record some of it.
    ///
    /// # Errors
    /// When there is no room: records are written all the same.
    fn prepare(&self) -> io::Result<bool>;
    /// How many bytes the records take up.
    fn len(&self) -> u64;
    /// Cuts off the zeros and brings that to disk: nothing more is written.
    ///
    /// # Errors
    /// When that fails: the next start looks after the file.
    fn close(&self) -> io::Result<()>;
    /// Whether the segment's path still leads to this file: nobody has removed or replaced it.
    ///
    /// # Errors
    /// When that cannot be told.
    fn in_place(&self) -> io::Result<bool>;
}

/// How the journal opens a segment for writing behind so many bytes of records.
pub type OpenSegment = Box<dyn Fn(&Path, u64) -> io::Result<Arc<dyn SegmentFile>> + Send>;

struct DiskFile {
    file: File,
    path: PathBuf,
    extent: Mutex<Extent>,
}

/// How far the file is filled, in bytes.
struct Extent {
    /// With records.
    written: u64,
    /// With records and zeros.
    prepared: u64,
}

/// Opens the segment `path` on disk to write behind its first `end` bytes, cuts off whatever comes after them, creates it
/// if it is not there.
///
/// # Errors
/// When the file system says no.
pub fn open_segment(path: &Path, end: u64) -> io::Result<Arc<dyn SegmentFile>> {
    let file = OpenOptions::new().write(true).create(true).truncate(false).mode(MODE).open(path)?;
    file.set_len(end)?;
    let extent = Mutex::new(Extent { written: end, prepared: end });
    let file = DiskFile { file, path: path.to_owned(), extent };
    file.prepare()?;
    file.file.sync_all()?;
    sync_folder_of(path)?;
    Ok(Arc::new(file))
}

/// Brings the name of `path` to disk.
pub(super) fn sync_folder_of(path: &Path) -> io::Result<()> {
    path.parent().map_or(Ok(()), |dir| File::open(dir)?.sync_all())
}

impl DiskFile {
    /// Held while records or zeros are handed to the operating system, so that zeros never overwrite a record.
    fn extent(&self) -> MutexGuard<'_, Extent> {
        self.extent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl SegmentFile for DiskFile {
    fn write(&self, records: &[u8]) -> io::Result<()> {
        let mut extent = self.extent();
        self.file.write_all_at(records, extent.written)?;
        extent.written = extent.written.saturating_add(records.len() as u64);
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        self.file.sync_data()
    }

    fn prepare(&self) -> io::Result<bool> {
        let mut extent = self.extent();
        let begin = extent.prepared.max(extent.written);
        if begin.saturating_sub(extent.written) >= AHEAD {
            return Ok(false);
        }
        self.file.write_all_at(&vec![0; 1 << 20], begin)?;
        extent.prepared = begin.saturating_add(STEP);
        Ok(true)
    }

    fn len(&self) -> u64 {
        self.extent().written
    }

    fn close(&self) -> io::Result<()> {
        self.file.set_len(self.len())?;
        self.file.sync_all()
    }

    fn in_place(&self) -> io::Result<bool> {
        let ours = self.file.metadata()?;
        match std::fs::metadata(&self.path) {
            Ok(there) => Ok((ours.dev(), ours.ino()) == (there.dev(), there.ino())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }
}
