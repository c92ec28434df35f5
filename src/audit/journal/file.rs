//! The file that the journal writes, behind a seam so that tests can let it fail.
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fs::{FallocateFlags, fallocate};
use rustix::io::Errno;

/// Only the gate's own user reads or writes the trail.
pub(super) const MODE: u32 = 0o600;
/// Space that a segment reserves when it is opened, in bytes: on a full disk that fails at once, and so the journal
/// does not seem healthy until the first record.
const RESERVE: u64 = 64 * 1024;

/// What the journal asks of the segment that it writes.
pub(super) trait SegmentFile: Send + Sync {
    /// Hands `records` to the operating system.
    fn write(&self, records: &[u8]) -> io::Result<()>;
    /// Brings everything written to disk.
    fn sync(&self) -> io::Result<()>;
    /// Whether the segment's path still leads to this file: nobody has removed or replaced it.
    fn in_place(&self) -> io::Result<bool>;
}

/// How the journal opens a segment for writing.
pub(super) type Opener = Box<dyn Fn(&Path) -> io::Result<Arc<dyn SegmentFile>> + Send>;

struct DiskFile {
    file: File,
    path: PathBuf,
}

/// Opens the segment `path` to write at its end, creates it if it is not there.
pub(super) fn open(path: &Path) -> io::Result<Arc<dyn SegmentFile>> {
    let file = OpenOptions::new().append(true).create(true).mode(MODE).open(path)?;
    match fallocate(&file, FallocateFlags::KEEP_SIZE, file.metadata()?.len(), RESERVE) {
        // Not every file system can reserve.
        Ok(()) | Err(Errno::OPNOTSUPP | Errno::NOSYS) => {}
        Err(error) => return Err(error.into()),
    }
    sync_folder_of(path)?;
    Ok(Arc::new(DiskFile { file, path: path.to_owned() }))
}

/// Brings the name of `path` to disk.
pub(super) fn sync_folder_of(path: &Path) -> io::Result<()> {
    path.parent().map_or(Ok(()), |dir| File::open(dir)?.sync_all())
}

impl SegmentFile for DiskFile {
    fn write(&self, records: &[u8]) -> io::Result<()> {
        (&self.file).write_all(records)
    }

    fn sync(&self) -> io::Result<()> {
        self.file.sync_data()
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
