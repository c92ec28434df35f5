//! The signing keys of assertions: Ed25519, kept beside the store, readable by us alone, replaced with overlap.
//!
//! A new key is published first and signs later, so that apps know it by then; the old one stays published for a day.
//!
//! * `pair`: one key and its file. `schedule`: which key does what, and when. `folder`: all files, and how they change.
mod folder;
mod pair;
mod schedule;
#[cfg(test)]
mod tests;

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arc_swap::ArcSwap;
use jsonwebtoken::DecodingKey;
use serde_json::{Value, json};

use crate::domain::time::{Span, Timestamp};

use super::jws::{Alg, Jws};

use folder::{Folder, KeyFile};
pub(super) use pair::Pair;
use schedule::KEPT;
pub use schedule::KeyState;

/// Why the keys cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The file system says no.
    #[error("cannot read or write the signing key `{path}`")]
    Io {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The file is readable by others, or holds no key.
    #[error("the signing key `{path}` {problem}")]
    Unfit {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it, and what to do.
        problem: &'static str,
    },
    /// There are none.
    #[error("there is no signing key in `{path}`; a gate that starts makes one")]
    None {
        /// Which folder.
        path: PathBuf,
    },
}

/// Where the keys of the gate with this store are: beside it.
#[must_use]
pub fn keys_folder(store: &Path) -> PathBuf {
    store.with_file_name("keys")
}

/// Our own keys, as the folder has them.
pub struct Keys {
    folder: Folder,
    ring: ArcSwap<Ring>,
}

/// All keys by the moment at which they begin to sign; never empty.
struct Ring {
    files: Vec<KeyFile>,
    /// The public halves of those that are gone.
    retired: Vec<Value>,
    starts: Vec<Timestamp>,
    pairs: Vec<Arc<Pair>>,
}

impl Ring {
    fn read(folder: &Folder) -> Result<Self, KeyError> {
        let files = folder.files()?;
        if files.is_empty() {
            return Err(KeyError::None { path: folder.path().to_owned() });
        }
        let starts = files.iter().map(|file| file.starts).collect();
        let pairs: Result<_, _> = files.iter().map(|file| Pair::read(&file.path).map(Arc::new)).collect();
        Ok(Self { files, retired: folder.retired()?, starts, pairs: pairs? })
    }

    /// Every key with what it does at `now`.
    fn states(&self, now: Timestamp) -> impl Iterator<Item = (KeyState, &KeyFile, &Arc<Pair>)> {
        let keys = self.files.iter().zip(&self.pairs).enumerate();
        keys.map(move |(place, (file, pair))| (schedule::state(&self.starts, place, now), file, pair))
    }

    /// The keys that apps shall know at `now`.
    fn published(&self, now: Timestamp) -> impl Iterator<Item = (KeyState, &Arc<Pair>)> {
        let all = self.states(now).map(|(state, _, pair)| (state, pair));
        all.filter(|(state, _)| *state != KeyState::Gone)
    }
}

/// A key as operators see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyShown {
    /// The name under which the JWKS lists it.
    pub kid: String,
    /// What it does.
    pub state: KeyState,
    /// From when on it signs; none for the first key, which signed from the start.
    pub signs_from: Option<Timestamp>,
    /// When it goes; none while no other key takes over.
    pub goes_at: Option<Timestamp>,
}

/// What came of a rotation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rotated {
    /// A new key was published.
    Published,
    /// A key that had been published before signs now.
    Hastened,
    /// Nothing: a key is published already, and begins to sign at this moment.
    Pending(Timestamp),
}

impl Keys {
    /// Opens the keys in the folder `dir`, or makes the first (0600, in a folder 0700).
    ///
    /// # Errors
    /// When one cannot be read or made, or others may read it.
    pub fn open(dir: &Path) -> Result<Self, KeyError> {
        Folder::new(dir).prepare()?;
        Self::existing(dir)
    }

    /// Opens the keys in the folder `dir`, and makes none.
    ///
    /// # Errors
    /// When there are none, one cannot be read, or others may read it.
    pub fn existing(dir: &Path) -> Result<Self, KeyError> {
        let folder = Folder::new(dir);
        let ring = ArcSwap::from_pointee(Ring::read(&folder)?);
        Ok(Self { folder, ring })
    }

    /// Looks whether the folder has other keys now, and goes on with those; whether it had. Of keys that are gone at `now`
    /// the public halves are kept and the files deleted.
    ///
    /// # Errors
    /// When a key cannot be read, or none is left: the known ones go on.
    pub fn refresh(&self, now: Timestamp) -> Result<bool, KeyError> {
        if self.ring.load().states(now).any(|(state, ..)| state == KeyState::Gone) {
            let _lock = self.folder.lock()?;
            self.retire(now)?;
        }
        self.look()
    }

    /// Forgets keys that are gone at `now`; whoever calls holds the lock.
    fn retire(&self, now: Timestamp) -> Result<(), KeyError> {
        let known = self.ring.load_full();
        let gone = known.states(now).filter(|(state, file, _)| *state == KeyState::Gone && file.path.exists());
        for (_, file, pair) in gone {
            self.folder.retire(file, pair.jwk())?;
        }
        Ok(())
    }

    fn look(&self) -> Result<bool, KeyError> {
        let known = self.ring.load_full();
        if self.folder.files()? == known.files {
            return Ok(false);
        }
        self.ring.store(Arc::new(Ring::read(&self.folder)?));
        Ok(true)
    }

    /// Publishes a new key that signs from `starts` on, on disk. With `hasten`, one that is published already signs from
    /// then on instead.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn rotate(&self, now: Timestamp, starts: Timestamp, hasten: bool) -> Result<Rotated, KeyError> {
        let _lock = self.folder.lock()?;
        self.retire(now)?;
        self.look()?;
        let ring = self.ring.load_full();
        let rotated = match ring.files.iter().find(|file| file.starts > now) {
            Some(next) if hasten => self.folder.move_to(next, starts).map(|()| Rotated::Hastened)?,
            Some(next) => return Ok(Rotated::Pending(next.starts)),
            None => self.folder.make(starts).map(|()| Rotated::Published)?,
        };
        self.look()?;
        Ok(rotated)
    }

    /// All keys as they stand at `now`, those that sign earlier first.
    #[must_use]
    pub fn shown(&self, now: Timestamp) -> Vec<KeyShown> {
        let ring = self.ring.load();
        let taken_over = ring.starts.iter().skip(1).map(|starts| Some(starts.plus(KEPT))).chain([None]);
        let shown = |((state, file, pair), goes_at): ((KeyState, &KeyFile, &Arc<Pair>), Option<Timestamp>)| KeyShown {
            kid: pair.kid().to_owned(),
            state,
            signs_from: (file.starts.as_millis() > 0).then_some(file.starts),
            goes_at,
        };
        ring.states(now).zip(taken_over).map(shown).collect()
    }

    /// The public halves of all keys that are published at `now`, as a JWKS document; the one that signs comes first, for
    /// apps that look no further.
    #[must_use]
    pub fn jwks(&self, now: Timestamp) -> Value {
        let ring = self.ring.load();
        let mut published: Vec<_> = ring.published(now).collect();
        published.sort_by_key(|(state, _)| *state != KeyState::Active);
        json!({ "keys": published.iter().map(|(_, pair)| pair.jwk()).collect::<Vec<_>>() })
    }

    /// Whether a key that is here signed `token` (for the chain check): whenever, and whatever our public URL was then. One
    /// that has expired still tells that whoever sends it got it inside a login.
    #[must_use]
    pub fn verifies(&self, token: &str) -> bool {
        let Ok(jws) = Jws::parse(token) else { return false };
        let ring = self.ring.load();
        let named = ring.pairs.iter().find(|pair| jws.kid.as_deref() == Some(pair.kid()));
        let signer = named.filter(|_| jws.alg == Alg::EdDsa);
        signer.is_some_and(|pair| jws.verify(&DecodingKey::from_ed_der(pair.public())).is_ok())
    }

    /// The public halves of all keys that are here or were, as a JWKS document: whose signature under a checkpoint counts.
    #[must_use]
    pub fn vouching(&self) -> Value {
        let ring = self.ring.load();
        let all: Vec<Value> = ring.pairs.iter().map(|pair| pair.jwk()).chain(ring.retired.iter().cloned()).collect();
        json!({ "keys": all })
    }

    /// The name of the key that signs at `now`.
    #[must_use]
    pub fn kid(&self, now: Timestamp) -> String {
        self.active(now).map(|pair| pair.kid().to_owned()).unwrap_or_default()
    }

    /// The Ed25519 signature of `message` by the key called `kid`; none when we have no such key any more.
    #[must_use]
    pub fn sign(&self, kid: &str, message: &[u8]) -> Option<[u8; 64]> {
        let ring = self.ring.load();
        let pair = ring.pairs.iter().find(|pair| pair.kid() == kid)?;
        pair.sign(message)?.try_into().ok()
    }

    /// The key that signs at `now`.
    pub(super) fn active(&self, now: Timestamp) -> Option<Arc<Pair>> {
        let ring = self.ring.load();
        ring.pairs.get(schedule::active(&ring.starts, now)).map(Arc::clone)
    }
}

/// When a key that is published at `now` begins to sign: `ahead` later, in whole seconds, as its file's name tells it.
#[must_use]
pub fn begins(now: Timestamp, ahead: Span) -> Timestamp {
    let at = now.plus(ahead).as_seconds();
    Timestamp::from_millis(at.saturating_mul(1000))
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ring = self.ring.load();
        let kids: Vec<_> = ring.pairs.iter().map(|pair| pair.kid()).collect();
        f.debug_struct("Keys").field("kids", &kids).finish_non_exhaustive()
    }
}
