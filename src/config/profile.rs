//! The built-in profiles: whose rules decide beside the guardrails.
use std::fmt;
use std::str::FromStr;

/// A set of rules inside the program, each after a support access that exists (docs/POLICIES.md).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Profile {
    /// Owners and administrators grant for the organization, until somebody revokes it.
    Lambdatest,
    /// Owners grant, for at most seven days.
    #[default]
    Segment,
    /// Every user grants their own login, until a date, to one named organization.
    Salesforce,
    /// As `Salesforce`, to a third party, for diagnosis or configuration.
    Bizible,
    /// Support asks first, or works on a case that the customer filed.
    Tsa,
}

/// Why a word is no profile.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no profile `{0}`: use `lambdatest`, `segment`, `salesforce`, `bizible` or `tsa`")]
pub struct BadProfile(String);

impl Profile {
    /// Every profile.
    pub const ALL: [Self; 5] = [Self::Lambdatest, Self::Segment, Self::Salesforce, Self::Bizible, Self::Tsa];

    /// The word in the configuration and on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Lambdatest => "lambdatest",
            Self::Segment => "segment",
            Self::Salesforce => "salesforce",
            Self::Bizible => "bizible",
            Self::Tsa => "tsa",
        }
    }
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Profile {
    type Err = BadProfile;
    fn from_str(word: &str) -> Result<Self, BadProfile> {
        Self::ALL.into_iter().find(|profile| profile.name() == word).ok_or_else(|| BadProfile(word.to_owned()))
    }
}
