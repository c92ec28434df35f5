//! Identifiers: parsed once at the edge, then passed as types so that a grant's id is never taken for a session's.
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize, Serializer};

use super::random;
use super::schema::text_schema;
use super::time::Timestamp;

/// Why a text is not an identifier of the kind that was expected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{given}` is not {expected}")]
pub struct BadId {
    given: String,
    expected: &'static str,
}

impl BadId {
    fn new(given: &str, expected: &'static str) -> Self {
        Self { given: given.chars().take(80).filter(|c| !c.is_control()).collect(), expected }
    }

    /// For secrets: says what was expected, and nothing of what was given.
    pub(crate) fn withheld(expected: &'static str) -> Self {
        Self::new("…", expected)
    }
}

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident, $check:path, $pattern:expr, $expected:literal, $example:expr) => {
        text_schema!($name, $expected, $example, pattern = $pattern);

        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
        #[serde(try_from = "String")]
        pub struct $name(Arc<str>);

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.serialize_str(&self.0)
            }
        }

        impl $name {
            /// The identifier as users wrote it.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::str::FromStr for $name {
            type Err = BadId;
            fn from_str(given: &str) -> Result<Self, BadId> {
                if $check(given) { Ok(Self(given.into())) } else { Err(BadId::new(given, $expected)) }
            }
        }

        impl TryFrom<String> for $name {
            type Error = BadId;
            fn try_from(given: String) -> Result<Self, BadId> {
                given.parse()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0.as_ref().to_owned()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

/// `[A-Za-z0-9._-]{1,64}` (contract, section 1).
fn is_plain(given: &str) -> bool {
    (1..=64).contains(&given.len())
        && given.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
}

/// What [`is_plain`] takes, for the API's document.
const PLAIN: &str = "^[A-Za-z0-9._-]{1,64}$";

/// Visible ASCII, at most 255 bytes (contract, section 1).
fn is_visible(given: &str) -> bool {
    (1..=255).contains(&given.len()) && given.bytes().all(|b| b.is_ascii_graphic())
}

/// What [`is_visible`] takes, for the API's document.
const VISIBLE: &str = "^[!-~]{1,255}$";

text_id!(
    /// A workspace's id, chosen by the vendor.
    WorkspaceId, is_plain, PLAIN, "an id of 1 to 64 letters, digits, `.`, `_` or `-`", "acme"
);
text_id!(
    /// A member's id inside one workspace; the same id in two workspaces is two members.
    MemberId, is_plain, PLAIN, "an id of 1 to 64 letters, digits, `.`, `_` or `-`", "olga"
);
text_id!(
    /// An engineer's id: the `sub` of their staff identity.
    EngineerId, is_visible, VISIBLE, "an id of 1 to 255 visible ASCII characters", "ada"
);
text_id!(
    /// An e-mail address as the identity provider or the directory gave it; not checked for delivery.
    Email, is_visible, VISIBLE, "an e-mail address of 1 to 255 visible ASCII characters",
    "olga@acme.example"
);

macro_rules! minted_id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        text_id!(
            $(#[$doc])* $name, is_plain, PLAIN, "an id of ours",
            concat!($prefix, "019a6e0d1f3c7b52a4e19c0d5b7f2a61")
        );

        impl $name {
            /// Makes a new id: a prefix that tells its kind and a UUID version 7, so that ids sort by time.
            #[must_use]
            pub fn mint(now: Timestamp) -> Self {
                Self(format!(concat!($prefix, "{}"), random::uuid_v7(now).simple()).into())
            }
        }
    };
}

text_id!(
    /// What an event is about beside grants and sessions: the id of an access request or of a support request.
    CaseId, is_plain, PLAIN, "an id of ours", "ar_019a6e0d1f3c7b52a4e19c0d5b7f2a61"
);

minted_id!(
    /// A grant's id.
    GrantId, "gr_"
);
minted_id!(
    /// An access request's id.
    AccessRequestId, "ar_"
);
minted_id!(
    /// A session's id: public, unlike its token.
    SessionId, "se_"
);
minted_id!(
    /// The id of an engineer's sign-in by browser: public, unlike its cookie.
    SignInId, "si_"
);
minted_id!(
    /// A support request's id: the case.
    SupportRequestId, "sr_"
);
minted_id!(
    /// The id of an attachment to a support request.
    AttachmentId, "at_"
);
minted_id!(
    /// An emergency's id.
    EmergencyId, "em_"
);
minted_id!(
    /// One request's id: in the trail, in the answer and in `X-Request-Id` upstream.
    RequestId, "rq_"
);
minted_id!(
    /// An event's id in the trail.
    EventId, "ev_"
);
minted_id!(
    /// An API key's id: public, unlike the key.
    ApiKeyId, "ak_"
);

impl From<&AccessRequestId> for CaseId {
    fn from(id: &AccessRequestId) -> Self {
        Self(Arc::clone(&id.0))
    }
}

impl From<&SupportRequestId> for CaseId {
    fn from(id: &SupportRequestId) -> Self {
        Self(Arc::clone(&id.0))
    }
}

/// A member as the whole system knows them: by workspace and id (contract, section 1).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MemberKey {
    /// The workspace the member belongs to.
    pub workspace: WorkspaceId,
    /// The member's id inside it.
    pub id: MemberId,
}

impl fmt::Display for MemberKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.workspace, self.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_parsed_strictly() {
        for bad in ["", "a b", "a/b", "ä", &"x".repeat(65)] {
            assert!(bad.parse::<WorkspaceId>().is_err(), "{bad:?}");
        }
        assert!("Acme_1.eu-2".parse::<WorkspaceId>().is_ok());
        assert!("auth0|ada@example.com".parse::<EngineerId>().is_ok());
        assert!("ada\u{7f}".parse::<EngineerId>().is_err());
    }

    #[test]
    fn minted_ids_tell_their_kind_and_sort_by_time() {
        let (a, b) = (GrantId::mint(Timestamp::from_millis(1)), GrantId::mint(Timestamp::from_millis(2)));
        assert!(a.as_str().starts_with("gr_") && a < b);
    }
}
