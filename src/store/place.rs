//! Whether the database is still where it was. A file that was removed can be read and written on, by us alone: what
//! others change there we would never see, and what we change would be gone with the next start.
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::sqlite::StoreError;

/// Where the database was when it was opened.
#[derive(Debug)]
pub(super) struct Place {
    database: PathBuf,
    /// Which file it is, by device and number.
    file: (u64, u64),
    /// Its write-ahead log, there as long as the database is open.
    log: PathBuf,
}

impl Place {
    /// Of the database `path`, which is open.
    pub(super) fn of(path: &Path) -> io::Result<Self> {
        let mut log = path.as_os_str().to_owned();
        log.push("-wal");
        Ok(Self { database: path.to_owned(), file: file(path)?, log: log.into() })
    }

    /// Refuses unless the database is there, with its log: two looks at names, which the system has in memory.
    pub(super) fn holds(&self) -> Result<(), StoreError> {
        if file(&self.database).is_ok_and(|found| found == self.file) && self.log.exists() {
            return Ok(());
        }
        Err(StoreError::Gone(self.database.clone()))
    }
}

fn file(path: &Path) -> io::Result<(u64, u64)> {
    let found = fs::metadata(path)?;
    Ok((found.dev(), found.ino()))
}
