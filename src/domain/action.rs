//! What somebody may want to do in the control plane; each is a Cedar action of the same name.
use std::fmt;

/// A control-plane action: a decision of the policies like every request (contract, section 6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ControlAction {
    /// A member grants access.
    CreateGrant,
    /// A member moves a grant's end further away.
    ExtendGrant,
    /// A member moves a grant's end nearer.
    ShortenGrant,
    /// A member ends a grant.
    RevokeGrant,
    /// A member reads grants and sessions of their workspace.
    ReadSupportAccess,
    /// A member ends an engineer's session.
    EndSession,
    /// A member approves an engineer's access request.
    ApproveRequest,
    /// A member declines one.
    DeclineRequest,
    /// A member asks for help, which is the consent for that case.
    OpenSupportRequest,
    /// A member reports a session that they did not expect.
    ReportSession,
    /// A member reads the trail of their workspace.
    ReadTrail,
    /// An engineer begins a session.
    StartSession,
    /// An engineer asks a member for access.
    RequestAccess,
    /// An engineer takes up a member's support request, or resolves it.
    WorkSupportRequest,
    /// An engineer declares an emergency.
    StartEmergency,
    /// An engineer approves a colleague's emergency.
    ApproveEmergency,
    /// An engineer reviews a colleague's emergency.
    ReviewEmergency,
}

/// What an action is judged by: the type of its context in the schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JudgedBy {
    /// A member's act.
    Consent,
    /// The beginning of an engineer's session.
    Start,
    /// An engineer's work around access.
    Work,
}

impl ControlAction {
    /// Every action.
    pub const ALL: &'static [Self] = &[
        Self::CreateGrant,
        Self::ExtendGrant,
        Self::ShortenGrant,
        Self::RevokeGrant,
        Self::ReadSupportAccess,
        Self::EndSession,
        Self::ApproveRequest,
        Self::DeclineRequest,
        Self::OpenSupportRequest,
        Self::ReportSession,
        Self::ReadTrail,
        Self::StartSession,
        Self::RequestAccess,
        Self::WorkSupportRequest,
        Self::StartEmergency,
        Self::ApproveEmergency,
        Self::ReviewEmergency,
    ];

    /// The name of the Cedar action.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::CreateGrant => "CreateGrant",
            Self::ExtendGrant => "ExtendGrant",
            Self::ShortenGrant => "ShortenGrant",
            Self::RevokeGrant => "RevokeGrant",
            Self::ReadSupportAccess => "ReadSupportAccess",
            Self::EndSession => "EndSession",
            Self::ApproveRequest => "ApproveRequest",
            Self::DeclineRequest => "DeclineRequest",
            Self::OpenSupportRequest => "OpenSupportRequest",
            Self::ReportSession => "ReportSession",
            Self::ReadTrail => "ReadTrail",
            Self::StartSession => "StartSession",
            Self::RequestAccess => "RequestAccess",
            Self::WorkSupportRequest => "WorkSupportRequest",
            Self::StartEmergency => "StartEmergency",
            Self::ApproveEmergency => "ApproveEmergency",
            Self::ReviewEmergency => "ReviewEmergency",
        }
    }

    /// What it is judged by.
    #[must_use]
    pub const fn judged_by(self) -> JudgedBy {
        match self {
            Self::CreateGrant
            | Self::ExtendGrant
            | Self::ShortenGrant
            | Self::RevokeGrant
            | Self::ReadSupportAccess
            | Self::EndSession
            | Self::ApproveRequest
            | Self::DeclineRequest
            | Self::OpenSupportRequest
            | Self::ReportSession
            | Self::ReadTrail => JudgedBy::Consent,
            Self::StartSession => JudgedBy::Start,
            Self::RequestAccess
            | Self::WorkSupportRequest
            | Self::StartEmergency
            | Self::ApproveEmergency
            | Self::ReviewEmergency => JudgedBy::Work,
        }
    }
}

impl fmt::Display for ControlAction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
