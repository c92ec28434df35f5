//! A support request: a member asks for help, and asking is the consent for that one case.
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::attachment::Attachment;
use super::id::{GrantId, MemberId, SupportRequestId, WorkspaceId};
use super::text::Prose;
use super::time::Timestamp;

/// How far support has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Nobody works on it.
    Pending,
    /// Somebody does.
    InProgress,
    /// It is done with.
    Resolved,
}

/// How a case ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolution {
    /// When.
    pub at: Timestamp,
    /// Who ended it, in words: `engineer:ID` or `tickets`.
    pub by: String,
    /// What support left for the customer to read.
    pub summary: String,
}

/// A member's request for help.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SupportRequest {
    /// Its id, which is the ticket of everything that is done for it.
    pub id: SupportRequestId,
    /// Whose account.
    pub workspace: WorkspaceId,
    /// Who asks, and whose login is lent.
    pub subject: MemberId,
    /// What is wrong.
    pub issue: Prose,
    /// What they tried.
    pub tried: Option<Prose>,
    /// What they expected.
    pub expected: Option<Prose>,
    /// The consent for this case.
    pub grant: GrantId,
    /// When it was submitted.
    pub opened_at: Timestamp,
    /// When the first engineer took it up.
    pub started_at: Option<Timestamp>,
    /// How it ended, if it did.
    pub resolution: Option<Resolution>,
    /// What came with it, in the order of the form.
    pub attachments: Vec<Attachment>,
}

/// Nothing more can be done for a case that is resolved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this support request is resolved")]
pub struct AlreadyResolved;

impl SupportRequest {
    /// How far support has come.
    #[must_use]
    pub const fn status(&self) -> Status {
        match (self.started_at, &self.resolution) {
            (_, Some(_)) => Status::Resolved,
            (Some(_), None) => Status::InProgress,
            (None, None) => Status::Pending,
        }
    }

    /// An engineer takes it up; the first time counts.
    ///
    /// # Errors
    /// When it is resolved.
    pub fn start(&mut self, now: Timestamp) -> Result<(), AlreadyResolved> {
        match self.status() {
            Status::Pending => self.started_at = Some(now),
            Status::InProgress => {}
            Status::Resolved => return Err(AlreadyResolved),
        }
        Ok(())
    }

    /// It is done with, whether or not somebody took it up.
    ///
    /// # Errors
    /// When it was before: the first summary stays.
    pub fn resolve(&mut self, resolution: Resolution) -> Result<(), AlreadyResolved> {
        match self.status() {
            Status::Pending | Status::InProgress => self.resolution = Some(resolution),
            Status::Resolved => return Err(AlreadyResolved),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opened() -> SupportRequest {
        SupportRequest {
            id: "sr_1".parse().unwrap(),
            workspace: "acme".parse().unwrap(),
            subject: "olga".parse().unwrap(),
            issue: "the import hangs".parse().unwrap(),
            tried: None,
            expected: None,
            grant: "gr_1".parse().unwrap(),
            opened_at: Timestamp::from_millis(1),
            started_at: None,
            resolution: None,
            attachments: Vec::new(),
        }
    }

    fn resolution(summary: &str) -> Resolution {
        Resolution { at: Timestamp::from_millis(9), by: "engineer:ada".to_owned(), summary: summary.to_owned() }
    }

    #[test]
    fn a_case_goes_from_pending_to_in_progress_to_resolved_and_never_back() {
        let mut case = opened();
        assert_eq!(case.status(), Status::Pending);
        assert_eq!(case.start(Timestamp::from_millis(2)), Ok(()));
        assert_eq!((case.status(), case.start(Timestamp::from_millis(3))), (Status::InProgress, Ok(())));
        assert_eq!(case.started_at, Some(Timestamp::from_millis(2)), "a second engineer moves nothing");
        assert_eq!(case.resolve(resolution("fixed")), Ok(()));
        assert_eq!((case.status(), case.start(Timestamp::from_millis(10))), (Status::Resolved, Err(AlreadyResolved)));
        assert_eq!(case.resolve(resolution("again")), Err(AlreadyResolved));
        assert_eq!(case.resolution.map(|resolution| resolution.summary), Some("fixed".to_owned()));
    }

    #[test]
    fn a_case_may_be_resolved_before_anybody_took_it_up() {
        let mut case = opened();
        assert_eq!((case.resolve(resolution("it was a typo")), case.status()), (Ok(()), Status::Resolved));
        assert_eq!(case.started_at, None);
    }
}
