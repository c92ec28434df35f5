//! An emergency: entry without consent, approved by a second engineer, short, and told to the customer first.
use super::id::{EmergencyId, EngineerId, MemberId, WorkspaceId};
use super::time::Timestamp;

/// An approved emergency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Emergency {
    /// Its id.
    pub id: EmergencyId,
    /// The workspace it opens.
    pub workspace: WorkspaceId,
    /// The member whose login it lends.
    pub subject: MemberId,
    /// What is broken.
    pub incident: String,
    /// One of the configured reason codes.
    pub reason_code: String,
    /// The engineer who declared it, and who alone may use it.
    pub declared_by: EngineerId,
    /// The engineer who approved it.
    pub approved_by: EngineerId,
    /// When it ends.
    pub expires_at: Timestamp,
}
