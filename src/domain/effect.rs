//! What a request does to the customer's account, in the words that policies use.
use std::fmt;

use serde::{Deserialize, Serialize};

/// A request's effect, from the harmless to the forbidden; the order matters where several readings of a path differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// Looks at something.
    Read,
    /// Changes something.
    Write,
    /// Removes something.
    Delete,
    /// Becomes yet another user: never from inside.
    LoginAs,
    /// Gives or changes consent: the customer's own act, never from inside.
    Consent,
}

impl Effect {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Read, Self::Write, Self::Delete, Self::LoginAs, Self::Consent];

    /// The word in the configuration, in `context.http.effect` and in the trail.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Delete => "delete",
            Self::LoginAs => "login_as",
            Self::Consent => "consent",
        }
    }

    /// The name of the Cedar action that asks for this effect.
    #[must_use]
    pub const fn action(self) -> &'static str {
        match self {
            Self::Read => "Read",
            Self::Write => "Write",
            Self::Delete => "Delete",
            Self::LoginAs => "LoginAs",
            Self::Consent => "Consent",
        }
    }
}

impl fmt::Display for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
