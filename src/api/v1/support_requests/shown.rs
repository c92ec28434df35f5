//! What the API shows: a support request as it stands now.
use serde::Serialize;
use utoipa::ToSchema;

use crate::access::support_requests::Shown;
use crate::api::v1::workspace_sessions::EngineerSeen;
use crate::domain::attachment::Attachment;
use crate::domain::grant::{Access, Standing};
use crate::domain::id::{AttachmentId, GrantId, MemberId, SupportRequestId, WorkspaceId};
use crate::domain::support_request::{Resolution, Status, SupportRequest};
use crate::domain::text::Prose;
use crate::domain::time::Timestamp;

/// A support request as the API shows it.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api::v1) struct SupportRequestShown {
    id: SupportRequestId,
    workspace: WorkspaceId,
    subject: MemberId,
    status: Status,
    issue: Prose,
    #[serde(skip_serializing_if = "Option::is_none")]
    tried: Option<Prose>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expected: Option<Prose>,
    attachments: Vec<AttachmentShown>,
    /// The grant that came with it.
    grant: GrantId,
    /// How far the grant goes.
    access: Access,
    /// Where the grant stands.
    standing: Standing,
    /// When the grant ends by itself.
    expires_at: Option<Timestamp>,
    /// Who took it up.
    engineers: Vec<EngineerSeen>,
    opened_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    started_at: Option<Timestamp>,
    #[serde(flatten)]
    resolution: ResolutionShown,
}

/// How it ended; nothing before.
#[derive(Debug, Default, Serialize, ToSchema)]
struct ResolutionShown {
    #[serde(skip_serializing_if = "Option::is_none")]
    resolved_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resolved_by: Option<String>,
    /// What support left for the customer.
    #[serde(skip_serializing_if = "Option::is_none")]
    summary: Option<String>,
}

/// A file that came with it.
#[derive(Debug, Serialize, ToSchema)]
struct AttachmentShown {
    id: AttachmentId,
    name: String,
    /// Its media type.
    r#type: &'static str,
    /// Its size in bytes.
    size: u64,
    /// Its SHA-256 in hexadecimal.
    sha256: String,
}

impl SupportRequestShown {
    /// `shown` as it stands at `now`.
    pub(super) fn new(shown: Shown, now: Timestamp) -> Self {
        let Shown { case, grant, engineers } = shown;
        let status = case.status();
        let SupportRequest { id, workspace, subject, issue, tried, expected, opened_at, started_at, .. } = case;
        Self {
            id,
            workspace,
            subject,
            status,
            issue,
            tried,
            expected,
            attachments: case.attachments.into_iter().map(AttachmentShown::from).collect(),
            standing: grant.standing(now),
            grant: grant.id,
            access: grant.access,
            expires_at: grant.expires_at,
            engineers: engineers.into_iter().map(EngineerSeen::from).collect(),
            opened_at,
            started_at,
            resolution: case.resolution.map(ResolutionShown::from).unwrap_or_default(),
        }
    }
}

impl From<Resolution> for ResolutionShown {
    fn from(resolution: Resolution) -> Self {
        let Resolution { at, by, summary } = resolution;
        Self { resolved_at: Some(at), resolved_by: Some(by), summary: Some(summary) }
    }
}

impl From<Attachment> for AttachmentShown {
    fn from(attachment: Attachment) -> Self {
        let sha256 = attachment.sha256_hex();
        let Attachment { id, name, media, size, .. } = attachment;
        Self { id, name: name.as_str().to_owned(), r#type: media.mime(), size, sha256 }
    }
}
