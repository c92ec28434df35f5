//! A file while it comes: counted, hashed and written piece by piece; gone again unless its request is submitted.
use std::path::{Path, PathBuf};

use aws_lc_rs::digest::{Context, SHA256};
use tokio::fs::{File, OpenOptions};
use tokio::io::AsyncWriteExt as _;

use crate::access::AccessError;
use crate::domain::attachment::{Attachment, FileName, Media, TELLTALE};
use crate::domain::id::AttachmentId;
use crate::domain::refusal::{Code, Refusal};
use crate::telemetry::logs::chain;

use super::unwritable;

/// What a client declares where it does not know.
const UNKNOWN: &str = "application/octet-stream";

/// A file that is coming.
pub struct Incoming {
    id: AttachmentId,
    name: FileName,
    declared: Option<String>,
    media: Option<Media>,
    head: Vec<u8>,
    size: u64,
    largest: u64,
    digest: Context,
    file: File,
    place: Place,
    settled: PathBuf,
}

/// A file that has come. Dropped, it is removed.
#[derive(Debug)]
pub struct Received {
    pub(super) attachment: Attachment,
    place: Place,
    settled: PathBuf,
}

/// Where a file lies that goes away with this.
#[derive(Debug)]
struct Place {
    path: PathBuf,
    kept: bool,
}

impl Drop for Place {
    fn drop(&mut self) {
        if !self.kept
            && let Err(error) = std::fs::remove_file(&self.path)
        {
            tracing::warn!(error = chain(&error), path = %self.path.display(), "a file that nobody needs stays until the next start");
        }
    }
}

impl Incoming {
    /// Makes the file, for us alone (0600).
    pub(super) async fn begin(
        (id, name, declared): (AttachmentId, FileName, Option<String>),
        path: PathBuf,
        settled: PathBuf,
        largest: u64,
    ) -> Result<Self, AccessError> {
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path).await.map_err(unwritable)?;
        let place = Place { path, kept: false };
        let (head, digest) = (Vec::with_capacity(TELLTALE), Context::new(&SHA256));
        Ok(Self { id, name, declared, media: None, head, size: 0, largest, digest, file, place, settled })
    }

    /// Takes a piece.
    ///
    /// # Errors
    /// `too-large`; `unsupported-media-type` as soon as that can be told; when the disk does not take it.
    pub async fn write(&mut self, piece: &[u8]) -> Result<(), AccessError> {
        self.size = self.size.saturating_add(u64::try_from(piece.len()).unwrap_or(u64::MAX));
        if self.size > self.largest {
            return Err(self.too_large());
        }
        let missing = TELLTALE.saturating_sub(self.head.len()).min(piece.len());
        self.head.extend_from_slice(piece.get(..missing).unwrap_or_default());
        if self.media.is_none() && self.head.len() == TELLTALE {
            self.media = Some(self.recognized()?);
        }
        self.digest.update(piece);
        self.file.write_all(piece).await.map_err(unwritable)
    }

    /// The whole file has come: it is on disk when this returns.
    ///
    /// # Errors
    /// `unsupported-media-type`; `bad-request` for an empty file; when the disk does not take it.
    pub async fn finish(mut self) -> Result<Received, AccessError> {
        if self.size == 0 {
            let refusal = Refusal::because(Code::BadRequest, format!("the file `{}` is empty", self.name.as_str()));
            return Err(refusal.next("attach it again, or leave it out").into());
        }
        let media = self.media.map_or_else(|| self.recognized(), Ok)?;
        self.file.flush().await.map_err(unwritable)?;
        self.file.sync_all().await.map_err(unwritable)?;
        let mut sha256 = [0; 32];
        sha256.copy_from_slice(self.digest.finish().as_ref());
        let attachment = Attachment { id: self.id, name: self.name, media, size: self.size, sha256 };
        Ok(Received { attachment, place: self.place, settled: self.settled })
    }

    /// What the file is; a client that says something else is mistaken, or up to something.
    fn recognized(&self) -> Result<Media, Refusal> {
        let name = self.name.as_str();
        let Some(media) = Media::of(&self.head) else {
            let reason = format!(
                "the file `{name}` is neither a PNG, JPEG, GIF or WebP picture, nor an MP4 or WebM video, nor a PDF"
            );
            return Err(Refusal::because(Code::UnsupportedMediaType, reason)
                .next("attach a screenshot, a short video or a PDF"));
        };
        match self.declared.as_deref() {
            None | Some(UNKNOWN) => Ok(media),
            Some(declared) if declared.eq_ignore_ascii_case(media.mime()) => Ok(media),
            Some(_) => {
                let reason = format!("the file `{name}` is `{}`, but was declared to be something else", media.mime());
                Err(Refusal::because(Code::UnsupportedMediaType, reason).next("send it with the type that it is of"))
            }
        }
    }

    fn too_large(&self) -> AccessError {
        let (largest, unit) = if self.largest.is_multiple_of(1 << 20) {
            (self.largest >> 20, "MiB")
        } else {
            (self.largest >> 10, "KiB")
        };
        let reason = format!("the file `{}` is larger than {largest} {unit}", self.name.as_str());
        Refusal::because(Code::TooLarge, reason).next("shorten the video, or make the picture smaller").into()
    }
}

impl Received {
    /// What it is.
    #[must_use]
    pub const fn attachment(&self) -> &Attachment {
        &self.attachment
    }

    /// From here on it stays: its request is about to be committed. If that fails, the next start removes it.
    pub(in crate::access) const fn keep(&mut self) {
        self.place.kept = true;
    }

    /// Its request was committed: moves it to where such files stay. If that fails, the next start does it.
    pub(in crate::access) async fn settle(self) {
        let (from, to): (&Path, &Path) = (&self.place.path, &self.settled);
        if let Err(error) = tokio::fs::rename(from, to).await {
            tracing::warn!(error = chain(&error), path = %from.display(), "an attachment is moved at the next start");
        }
    }
}
