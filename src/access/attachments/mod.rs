//! The files of support requests, in a folder beside the store that nobody else reads.
//!
//! * here: the folder, and reading from it. `incoming`: a file while it comes. `seats`: how many come at once.
//!
//! A file comes into the subfolder `incoming`, and is on disk before the request that it belongs to is committed; after that
//! it is moved out. What lies there at a start is moved out if its request was committed, and removed if not. Nothing that was
//! moved out is ever removed by us.
mod incoming;
mod seats;

use std::fs::{self, DirBuilder, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::fs::File;

use crate::config;
use crate::domain::attachment::FileName;
use crate::domain::id::{AttachmentId, WorkspaceId};
use crate::domain::refusal::{Code, Refusal};
use crate::domain::time::Timestamp;
use crate::store::support_requests;
use crate::telemetry::logs::chain;

use super::{Access, AccessError};

pub use incoming::{Incoming, Received};
pub use seats::Seat;

use seats::Seats;

/// Why the folder cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("the folder of attachments `{folder}` cannot be used")]
pub struct NoFolder {
    folder: PathBuf,
    #[source]
    source: io::Error,
}

/// The folder of attachments.
#[derive(Debug)]
pub struct Attachments {
    folder: PathBuf,
    incoming: PathBuf,
    largest: u64,
    seats: Arc<Seats>,
}

impl Attachments {
    /// Opens the folder, makes it on first start (0700).
    ///
    /// # Errors
    /// When it cannot be made or is not ours.
    pub fn open(limits: &config::SupportRequests) -> Result<Self, NoFolder> {
        let folder = limits.folder.clone();
        let incoming = folder.join("incoming");
        let made = DirBuilder::new().recursive(true).mode(0o700).create(&incoming);
        let private = |path: &Path| fs::set_permissions(path, Permissions::from_mode(0o700));
        match made.and_then(|()| private(&folder)).and_then(|()| private(&incoming)) {
            Ok(()) => Ok(Self { folder, incoming, largest: limits.attachment_size, seats: Arc::default() }),
            Err(source) => Err(NoFolder { folder, source }),
        }
    }

    /// A place among those who send files.
    ///
    /// # Errors
    /// `too-many-requests` when all are taken, or all that one workspace has.
    pub fn seat(&self, workspace: &WorkspaceId) -> Result<Seat, AccessError> {
        Seat::take(&self.seats, workspace).ok_or_else(|| {
            Refusal::because(Code::TooManyRequests, "too many support requests are being sent at once")
                .next("wait until yours is sent, then try again")
                .into()
        })
    }

    /// Begins to take a file that its sender calls `name`, and `declared` to be of that media type.
    ///
    /// # Errors
    /// When the disk does not take it.
    pub async fn receive(
        &self,
        name: FileName,
        declared: Option<String>,
        now: Timestamp,
    ) -> Result<Incoming, AccessError> {
        let id = AttachmentId::mint(now);
        let (path, settled) = (self.incoming.join(id.as_str()), self.folder.join(id.as_str()));
        Incoming::begin((id, name, declared), path, settled, self.largest).await
    }

    /// Sees to it that what has come stays, whatever happens to the machine.
    pub(super) async fn sync(&self) -> Result<(), AccessError> {
        let folder = File::open(&self.incoming).await.map_err(unwritable)?;
        folder.sync_all().await.map_err(unwritable)
    }

    /// Opens the file of an attachment.
    pub(super) async fn read(&self, id: &AttachmentId) -> Result<File, AccessError> {
        let file = match File::open(self.folder.join(id.as_str())).await {
            // Committed a moment ago.
            Err(error) if error.kind() == io::ErrorKind::NotFound => File::open(self.incoming.join(id.as_str())).await,
            opened => opened,
        };
        file.map_err(|error| {
            tracing::error!(error = chain(&error), attachment = %id, "an attachment cannot be read");
            Refusal::because(Code::Internal, "the file of this attachment cannot be read").into()
        })
    }
}

/// Settles what a crash left: files of requests that were committed stay, all others go. To be called at start, before
/// anything comes.
///
/// # Errors
/// When folder or store cannot be read or written.
pub async fn settle(access: &Access) -> Result<(), AccessError> {
    let mut read = access.store.read().await?;
    for entry in fs::read_dir(&access.attachments.incoming).map_err(unwritable)? {
        let entry = entry.map_err(unwritable)?;
        let name = entry.file_name();
        let Some(id) = name.to_str().and_then(|name| name.parse::<AttachmentId>().ok()) else { continue };
        if support_requests::has_attachment(&mut read, &id).await? {
            fs::rename(entry.path(), access.attachments.folder.join(id.as_str())).map_err(unwritable)?;
        } else {
            fs::remove_file(entry.path()).map_err(unwritable)?;
            tracing::info!(attachment = %id, "removed a file whose support request was never submitted");
        }
    }
    Ok(())
}

/// What a member is told when the disk fails; the log tells why.
#[expect(clippy::needless_pass_by_value, reason = "it is what `map_err` gives")]
fn unwritable(error: io::Error) -> AccessError {
    tracing::error!(error = chain(&error), "attachments cannot be written");
    Refusal::because(Code::StaleState, "attachments cannot be kept at the moment, so nothing was submitted").into()
}
