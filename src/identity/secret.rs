//! Our own bearers: 256 random bits behind a prefix, shown once, stored as a SHA-256 hash.
use std::fmt;

use crate::domain::id::BadId;

/// The hash under which a secret is stored and looked up.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct SecretHash([u8; 32]);

impl SecretHash {
    /// The bytes, for the store.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for SecretHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretHash(…)")
    }
}

macro_rules! bearer {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        pub struct $name(secrecy::SecretString);

        impl $name {
            /// Its prefix.
            pub const PREFIX: &'static str = $prefix;

            /// Makes a new one.
            #[must_use]
            pub fn mint() -> Self {
                todo!()
            }

            /// Reads one that somebody presents; says nothing of whether it is known.
            ///
            /// # Errors
            /// When it has not our shape. The text does not repeat it.
            pub fn parse(given: &str) -> Result<Self, BadId> {
                let _ = given;
                todo!()
            }

            /// The hash under which it is stored.
            #[must_use]
            pub fn hash(&self) -> SecretHash {
                todo!()
            }

            /// The secret itself, for its owner.
            #[must_use]
            pub fn reveal(&self) -> &str {
                use secrecy::ExposeSecret;
                self.0.expose_secret()
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(…)"))
            }
        }
    };
}

bearer!(
    /// A key for the API.
    ApiKey, "chap_"
);
bearer!(
    /// A support session's token: the value of its cookie.
    SessionToken, "chs_"
);
