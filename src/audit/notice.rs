//! Who is told of what: notices are a function of events, and this is the whole of it.
use super::kind::Kind;

/// Who gets a message of their own. Besides, the app hears by its webhook of whatever anybody is told, and so do the
/// open streams of the workspace's members and of the engineer it is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    /// The member whose login it is about.
    Subject,
    /// The owners of the workspace.
    Owners,
    /// The owners and the administrators.
    Administrators,
    /// Whoever may answer: the member who is asked, or else owners and administrators. Those who are online are asked
    /// there first.
    Answerers,
    /// The engineer it is about.
    Engineer,
    /// The vendor's security team.
    Security,
    /// The vendor's support team.
    Support,
}

/// What people are told of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Notice {
    /// What happened, in people's words.
    pub title: &'static str,
    /// Who gets a message of their own.
    pub audience: &'static [Audience],
}

impl Kind {
    /// What people are told of it; none: only the trail has it.
    #[must_use]
    pub const fn notice(self) -> Option<Notice> {
        use Audience::{Administrators, Answerers, Engineer, Owners, Security, Subject, Support};
        let audience: &'static [Audience] = match self {
            // An engineer enters: each time, even where the access was agreed on before.
            Self::GrantCreated | Self::GrantChanged | Self::GrantRevoked | Self::SessionStarted => &[Subject, Owners],
            Self::EmergencyApproved | Self::SessionReported => &[Security, Subject, Owners],
            Self::RequestCreated => &[Answerers],
            Self::RequestApproved | Self::RequestDeclined | Self::RequestLapsed => &[Engineer],
            Self::EmergencyReviewed => &[Subject, Owners, Engineer],
            Self::SupportOpened => &[Administrators, Support],
            Self::GrantReminded | Self::SupportStarted | Self::SupportResolved => &[Subject],
            Self::EmergencyDeclared | Self::EmergencyEnded | Self::RequestWithdrawn | Self::SessionEnded => &[],
            Self::EmergencySeconded
            | Self::TicketClosed
            | Self::SessionRenewed
            | Self::SessionRefused
            | Self::SignInStarted
            | Self::SignInVerified
            | Self::SignInEnded
            | Self::MemberSignedIn
            | Self::AccessPermitted
            | Self::AccessRefused
            | Self::AccessCompleted
            | Self::WorkspaceChanged
            | Self::MemberChanged
            | Self::EngineerChanged
            | Self::PolicyReloaded
            | Self::TokenCreated
            | Self::TokenRevoked => return None,
        };
        Some(Notice { title: self.title(), audience })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_lent_a_login_is_told_each_time_somebody_enters() {
        let told = Kind::SessionStarted.notice().unwrap().audience;
        assert!(told.contains(&Audience::Subject) && told.contains(&Audience::Owners), "{told:?}");
    }

    #[test]
    fn whoever_may_be_entered_without_consent_is_told_before_and_of_the_review() {
        for kind in [Kind::EmergencyApproved, Kind::EmergencyReviewed] {
            let told = kind.notice().unwrap().audience;
            assert!(told.contains(&Audience::Subject) && told.contains(&Audience::Owners), "{told:?}");
        }
    }

    #[test]
    fn security_is_told_of_what_a_member_reports() {
        assert!(Kind::SessionReported.notice().unwrap().audience.contains(&Audience::Security));
    }

    #[test]
    fn administrators_and_support_are_told_when_a_member_asks_for_help() {
        let told = Kind::SupportOpened.notice().unwrap().audience;
        assert!(told.contains(&Audience::Administrators) && told.contains(&Audience::Support), "{told:?}");
    }

    #[test]
    fn what_the_directory_keeps_current_is_no_news() {
        for kind in [Kind::WorkspaceChanged, Kind::MemberChanged, Kind::EngineerChanged] {
            assert_eq!(kind.notice(), None);
        }
    }
}
