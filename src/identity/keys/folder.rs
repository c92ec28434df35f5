//! The folder of keys. A file's name says from when on its key signs, so that one rename changes everything or nothing:
//! there is no list beside the files that a crash could leave wrong. Of keys that are gone the public halves stay.
use std::fs::{self, DirBuilder, File};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::domain::random;
use crate::domain::time::Timestamp;

use super::KeyError;
use super::pair;

/// The key of the first start, which signs from the beginning of time.
const FIRST: &str = "assertion-key.pem";
/// The public halves of keys that are gone, as a JWKS document.
const RETIRED: &str = "retired.jwks.json";

/// A file with a key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct KeyFile {
    /// From when on the key signs.
    pub(super) starts: Timestamp,
    /// Where it is.
    pub(super) path: PathBuf,
}

impl KeyFile {
    /// Forgets the key. That it is forgotten already is fine.
    pub(super) fn remove(&self) -> Result<(), KeyError> {
        match fs::remove_file(&self.path) {
            Err(source) if source.kind() != ErrorKind::NotFound => {
                Err(KeyError::Io { path: self.path.clone(), source })
            }
            Ok(()) | Err(_) => Ok(()),
        }
    }
}

/// The folder.
#[derive(Debug, Clone)]
pub(super) struct Folder(PathBuf);

impl Folder {
    /// The folder at `dir`, which need not be there yet.
    pub(super) fn new(dir: &Path) -> Self {
        Self(dir.to_owned())
    }

    /// Makes the folder (0700) and the first key (0600) if there is none.
    pub(super) fn prepare(&self) -> Result<(), KeyError> {
        DirBuilder::new().recursive(true).mode(0o700).create(&self.0).map_err(|source| self.failed(source))?;
        if !self.files()?.is_empty() {
            return Ok(());
        }
        match self.make(Timestamp::from_millis(0)) {
            // Another start was faster: its key is as good.
            Err(KeyError::Io { source, .. }) if source.kind() == ErrorKind::AlreadyExists => Ok(()),
            made => made,
        }
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    /// All keys, those that sign earlier first; none without a folder.
    pub(super) fn files(&self) -> Result<Vec<KeyFile>, KeyError> {
        let mut found = Vec::new();
        let entries = match fs::read_dir(&self.0) {
            Err(missing) if missing.kind() == ErrorKind::NotFound => return Ok(found),
            entries => entries.map_err(|source| self.failed(source))?,
        };
        for entry in entries {
            let path = entry.map_err(|source| self.failed(source))?.path();
            let starts = path.file_name().and_then(|name| starts(name.to_str()?));
            found.extend(starts.map(|starts| KeyFile { starts, path }));
        }
        found.sort();
        Ok(found)
    }

    /// Makes a key that signs from `starts` on: all of it or nothing, durable, and never over one that is there.
    pub(super) fn make(&self, starts: Timestamp) -> Result<(), KeyError> {
        let path = self.path_of(starts);
        let draft = self.draft();
        let made = self.open().and_then(|folder| pair::write(&draft, &folder));
        let made = made.and_then(|()| fs::hard_link(&draft, &path));
        let removed = fs::remove_file(&draft);
        let made = made.and(removed).and_then(|()| self.open()?.sync_all());
        made.map_err(|source| KeyError::Io { path, source })
    }

    /// Has the key in `file` sign from `starts` on; whoever calls holds the lock.
    pub(super) fn move_to(&self, file: &KeyFile, starts: Timestamp) -> Result<(), KeyError> {
        let path = self.path_of(starts);
        let taken = || io::Error::from(ErrorKind::AlreadyExists);
        let moved = if path.exists() { Err(taken()) } else { fs::rename(&file.path, &path) };
        moved.and_then(|()| self.open()?.sync_all()).map_err(|source| KeyError::Io { path, source })
    }

    /// The public halves of keys that are gone.
    pub(super) fn retired(&self) -> Result<Vec<Value>, KeyError> {
        let path = self.0.join(RETIRED);
        let text = match fs::read(&path) {
            Err(missing) if missing.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            text => text.map_err(|source| KeyError::Io { path: path.clone(), source })?,
        };
        let list =
            serde_json::from_slice(&text).ok().and_then(|document: Value| document.get("keys")?.as_array().cloned());
        list.ok_or(KeyError::Unfit {
            path,
            problem: "is no JWKS document; move it aside, then checkpoints of retired keys verify by `--jwks` alone",
        })
    }

    /// Forgets the key in `file`, but for its public half `jwk`; whoever calls holds the lock.
    pub(super) fn retire(&self, file: &KeyFile, jwk: Value) -> Result<(), KeyError> {
        let mut keys = self.retired()?;
        if !keys.contains(&jwk) {
            keys.push(jwk);
        }
        let (draft, path) = (self.draft(), self.0.join(RETIRED));
        let written = self.open().and_then(|folder| {
            let mut new = pair::create(&draft, &folder)?;
            new.write_all(json!({ "keys": keys }).to_string().as_bytes())?;
            new.sync_all()?;
            fs::rename(&draft, &path)?;
            folder.sync_all()
        });
        written.map_err(|source| KeyError::Io { path, source })?;
        file.remove()
    }

    /// Keeps every other rotation out until the file is dropped.
    pub(super) fn lock(&self) -> Result<File, KeyError> {
        let locked = self.open().and_then(|folder| folder.lock().map(|()| folder));
        locked.map_err(|source| self.failed(source))
    }

    /// A name that no key has, and nobody else's draft.
    fn draft(&self) -> PathBuf {
        self.0.join(format!(".{FIRST}.{}", URL_SAFE_NO_PAD.encode(random::bytes::<12>())))
    }

    fn open(&self) -> io::Result<File> {
        File::open(&self.0)
    }

    fn path_of(&self, starts: Timestamp) -> PathBuf {
        match starts.as_seconds() {
            0 => self.0.join(FIRST),
            seconds => self.0.join(format!("assertion-key-{seconds}.pem")),
        }
    }

    fn failed(&self, source: io::Error) -> KeyError {
        KeyError::Io { path: self.0.clone(), source }
    }
}

/// From when on the key in the file `name` signs; none when the file holds no key of ours.
fn starts(name: &str) -> Option<Timestamp> {
    let seconds = match name.strip_prefix("assertion-key")?.strip_suffix(".pem")? {
        "" => 0,
        rest => rest.strip_prefix('-')?.parse::<u32>().ok()?.into(),
    };
    Some(Timestamp::from_millis(i64::saturating_mul(seconds, 1000)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_says_from_when_on_a_key_signs() {
        let seconds = |name| starts(name).map(Timestamp::as_seconds);
        assert_eq!(seconds("assertion-key.pem"), Some(0));
        assert_eq!(seconds("assertion-key-1795000000.pem"), Some(1_795_000_000));
        for other in [".assertion-key.pem.draft", "assertion-key-soon.pem", "assertion-key-1.pem~", "notes.txt"] {
            assert_eq!(seconds(other), None, "{other}");
        }
    }
}
