//! What was just done, for the page that is shown next. It is in that page's address, as numbers and words of ours alone.
use serde::Deserialize;

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Done {
    /// Access was granted.
    Granted,
    /// A grant was revoked: sessions ended, and open streams were cut.
    Revoked {
        /// How many sessions.
        sessions: u64,
        /// How many streams.
        streams: u64,
    },
    /// An access request was approved.
    Approved,
    /// An access request was declined.
    Declined,
    /// A session was ended.
    Ended,
    /// A session was reported: sessions ended, and grants were revoked.
    Reported {
        /// How many sessions.
        sessions: u64,
        /// How many grants.
        grants: u64,
    },
    /// A support request was submitted.
    Submitted,
}

/// The query of a page that says what was done.
#[derive(Debug, Default, Deserialize)]
pub(super) struct DoneQuery {
    done: Option<String>,
    #[serde(default)]
    sessions: u64,
    #[serde(default)]
    others: u64,
}

impl DoneQuery {
    /// What it says, if it is one of our own.
    pub(super) fn read(&self) -> Option<Done> {
        let (sessions, others) = (self.sessions, self.others);
        let all = [
            Done::Granted,
            Done::Revoked { sessions, streams: others },
            Done::Approved,
            Done::Declined,
            Done::Ended,
            Done::Reported { sessions, grants: others },
            Done::Submitted,
        ];
        all.into_iter().find(|done| Some(done.word()) == self.done.as_deref())
    }
}

impl Done {
    const fn word(self) -> &'static str {
        match self {
            Self::Granted => "granted",
            Self::Revoked { .. } => "revoked",
            Self::Approved => "approved",
            Self::Declined => "declined",
            Self::Ended => "ended",
            Self::Reported { .. } => "reported",
            Self::Submitted => "submitted",
        }
    }

    /// As a query.
    pub(super) fn query(self) -> String {
        let word = self.word();
        match self {
            Self::Revoked { sessions, streams: others } | Self::Reported { sessions, grants: others } => {
                format!("done={word}&sessions={sessions}&others={others}")
            }
            Self::Granted | Self::Approved | Self::Declined | Self::Ended | Self::Submitted => format!("done={word}"),
        }
    }

    /// In words.
    pub(super) fn words(self) -> String {
        match self {
            Self::Granted => "Access granted. You can take it back at any time.".to_owned(),
            Self::Revoked { sessions: 0, .. } => {
                "Access revoked. No session stood on it, and nobody can enter with it any more.".to_owned()
            }
            Self::Revoked { sessions, streams } => {
                let cut = counted(streams, "open connection");
                let cut = if streams == 0 { String::new() } else { format!(" and {cut} cut off") };
                let ended = counted(sessions, "session");
                format!("Access revoked. {ended} ended{cut}; nothing passes with it any more.")
            }
            Self::Approved => "Approved. They can enter from now on, and you can end it at any time.".to_owned(),
            Self::Declined => "Declined. They get no access, and are told so.".to_owned(),
            Self::Ended => {
                "The session has ended. They can enter again while the access that you gave stands.".to_owned()
            }
            Self::Reported { sessions, grants } => {
                let (ended, revoked) = (counted(sessions, "session"), counted(grants, "grant"));
                format!("Reported. {ended} ended and {revoked} revoked; the security team has been alerted.")
            }
            Self::Submitted => "Submitted. Whoever takes it up can enter for it, and nobody else.".to_owned(),
        }
    }
}

/// So many of them.
fn counted(number: u64, thing: &str) -> String {
    format!("{number} {thing}{}", if number == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_we_said_ourselves_is_read_back() {
        let query = |done: &str| DoneQuery { done: Some(done.to_owned()), sessions: 2, others: 1 };
        assert_eq!(query("revoked").read(), Some(Done::Revoked { sessions: 2, streams: 1 }));
        assert_eq!(query("reported").read().map(Done::query).as_deref(), Some("done=reported&sessions=2&others=1"));
        assert_eq!(query("granted").read().map(Done::query).as_deref(), Some("done=granted"));
        assert_eq!((query("paid").read(), DoneQuery::default().read()), (None, None));
    }

    #[test]
    fn a_revoke_says_what_it_ended() {
        let told = [(0, 0), (1, 0), (2, 1)].map(|(sessions, streams)| Done::Revoked { sessions, streams }.words());
        let expected = [
            "Access revoked. No session stood on it, and nobody can enter with it any more.",
            "Access revoked. 1 session ended; nothing passes with it any more.",
            "Access revoked. 2 sessions ended and 1 open connection cut off; nothing passes with it any more.",
        ];
        assert_eq!(told, expected);
    }
}
