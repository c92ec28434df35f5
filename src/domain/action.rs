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
    /// An engineer begins a session.
    StartSession,
}

impl ControlAction {
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
            Self::StartSession => "StartSession",
        }
    }
}

impl fmt::Display for ControlAction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
