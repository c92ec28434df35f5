//! What can happen: the word in the trail, and what people read in its place.
use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident => $word:literal, $title:literal;)+) => {
        /// What happened.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum Kind {
            $($(#[$doc])* #[serde(rename = $word)] $name,)+
        }

        impl Kind {
            /// Every kind.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// The word in the trail.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $word,)+
                }
            }

            /// What customers read.
            #[must_use]
            pub const fn title(self) -> &'static str {
                match self {
                    $(Self::$name => $title,)+
                }
            }
        }
    };
}

kinds! {
    /// A member granted access.
    GrantCreated => "grant.created", "Support Access Granted";
    /// A grant's end was moved.
    GrantChanged => "grant.changed", "Support Access Changed";
    /// A grant was revoked.
    GrantRevoked => "grant.revoked", "Support Access Revoked";
    /// A grant is about to end.
    GrantReminded => "grant.reminded", "Support Access Ends Soon";
    /// An engineer asked for access.
    RequestCreated => "request.created", "Support Access Requested";
    /// A member approved an access request: a grant came of it.
    RequestApproved => "request.approved", "Support Access Request Approved";
    /// A member declined an access request.
    RequestDeclined => "request.declined", "Support Access Request Declined";
    /// An access request was taken back.
    RequestWithdrawn => "request.withdrawn", "Support Access Request Withdrawn";
    /// Nobody answered an access request in time, or nobody could any more.
    RequestLapsed => "request.lapsed", "Support Access Request Lapsed";
    /// An engineer declared an emergency.
    EmergencyDeclared => "emergency.declared", "Emergency Access Declared";
    /// Another engineer approved an emergency that needs further approval.
    EmergencySeconded => "emergency.seconded", "Emergency Access Seconded";
    /// The last approval that an emergency needed: its declarer may enter once the customer has been told.
    EmergencyApproved => "emergency.approved", "Emergency Access Approved";
    /// An emergency was ended before its time.
    EmergencyEnded => "emergency.ended", "Emergency Access Ended";
    /// Another engineer reviewed an emergency.
    EmergencyReviewed => "emergency.reviewed", "Emergency Access Reviewed";
    /// A member asked for help, and consented for that case.
    SupportOpened => "support.opened", "Support Request Opened";
    /// An engineer took the case up.
    SupportStarted => "support.started", "Support Request In Progress";
    /// Support is done with the case.
    SupportResolved => "support.resolved", "Support Request Resolved";
    /// The ticket system says that a ticket was closed.
    TicketClosed => "ticket.closed", "Ticket Closed";
    /// An engineer entered.
    SessionStarted => "session.started", "Support Login";
    /// A session's end was moved, or its engineer got a new token for it.
    SessionRenewed => "session.renewed", "Support Session Renewed";
    /// An engineer signed in by browser.
    SignInStarted => "sign_in.started", "Engineer Signed In";
    /// The identity provider vouched for an engineer again.
    SignInVerified => "sign_in.verified", "Engineer Verified Again";
    /// An engineer signed out, or was signed out.
    SignInEnded => "sign_in.ended", "Engineer Signed Out";
    /// A member came to our own pages from the app.
    MemberSignedIn => "member.signed_in", "Member Signed In";
    /// A session ended.
    SessionEnded => "session.ended", "Support Session Ended";
    /// A member reported a session that they did not expect.
    SessionReported => "session.reported", "Support Session Reported";
    /// An engineer was refused a session.
    SessionRefused => "session.refused", "Support Login Refused";
    /// A request passed.
    AccessPermitted => "access.permitted", "Support Action Permitted";
    /// A request was refused.
    AccessRefused => "access.refused", "Support Action Refused";
    /// A permitted request came to its end.
    AccessCompleted => "access.completed", "Support Action Completed";
    /// The directory changed a workspace.
    WorkspaceChanged => "workspace.changed", "Workspace Changed";
    /// The directory changed a member.
    MemberChanged => "member.changed", "Member Changed";
    /// The directory changed an engineer.
    EngineerChanged => "engineer.changed", "Engineer Changed";
    /// Other policies decide from here on: those on disk were changed.
    PolicyReloaded => "policy.reloaded", "Policies Replaced";
    /// An API key was made.
    TokenCreated => "token.created", "API Key Created";
    /// An API key was revoked.
    TokenRevoked => "token.revoked", "API Key Revoked";
}

impl Kind {
    /// Whether this is an event of the control plane: those are recorded once each.
    #[must_use]
    pub fn is_control(self) -> bool {
        !self.as_str().starts_with("access.")
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
