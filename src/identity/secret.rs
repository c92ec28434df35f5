//! Our own bearers: 256 random bits behind a prefix, shown once, stored as a SHA-256 hash.
use std::fmt;

use aws_lc_rs::digest;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::domain::id::BadId;
use crate::domain::random;

/// The random bytes of a bearer.
const RANDOM: usize = 32;

/// The hash under which a secret is stored and looked up.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct SecretHash([u8; 32]);

impl SecretHash {
    /// The hash that the store kept as `bytes`.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes, for the store.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl SecretHash {
    fn of(secret: &str) -> Self {
        let mut hash = [0; 32];
        hash.copy_from_slice(digest::digest(&digest::SHA256, secret.as_bytes()).as_ref());
        Self(hash)
    }
}

impl fmt::Debug for SecretHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretHash(…)")
    }
}

/// Whether `given` is `prefix` and then exactly what `RANDOM` bytes look like in base64url, in their one spelling.
fn has_shape(given: &str, prefix: &str) -> bool {
    let decoded = given.strip_prefix(prefix).and_then(|encoded| URL_SAFE_NO_PAD.decode(encoded).ok());
    decoded.is_some_and(|bytes| bytes.len() == RANDOM)
}

macro_rules! bearer {
    ($(#[$doc:meta])* $name:ident, $prefix:literal, $expected:literal) => {
        $(#[$doc])*
        pub struct $name(secrecy::SecretString);

        impl $name {
            /// Its prefix.
            pub const PREFIX: &'static str = $prefix;

            /// Makes a new one.
            #[must_use]
            pub fn mint() -> Self {
                let random = URL_SAFE_NO_PAD.encode(random::bytes::<RANDOM>());
                Self(format!(concat!($prefix, "{}"), random).into())
            }

            /// Reads one that somebody presents; says nothing of whether it is known.
            ///
            /// # Errors
            /// When it has not our shape. The text does not repeat it.
            pub fn parse(given: &str) -> Result<Self, BadId> {
                if has_shape(given, $prefix) { Ok(Self(given.into())) } else { Err(BadId::withheld($expected)) }
            }

            /// The hash under which it is stored.
            #[must_use]
            pub fn hash(&self) -> SecretHash {
                SecretHash::of(self.reveal())
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
    ApiKey, "chap_", "an API key (`chap_` and 43 characters)"
);
bearer!(
    /// A support session's token: the value of its cookie.
    SessionToken, "chs_", "a session token (`chs_` and 43 characters)"
);
bearer!(
    /// An engineer's sign-in by browser: the value of the staff cookie.
    StaffToken, "che_", "a sign-in (`che_` and 43 characters)"
);
bearer!(
    /// A member's sign-in to our own pages: the value of the member cookie.
    MemberToken, "chm_", "a member's sign-in (`chm_` and 43 characters)"
);
bearer!(
    /// Lets a browser enter one session at the session's own origin, once.
    EntryCode, "chc_", "a code for entering (`chc_` and 43 characters)"
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_key_is_its_prefix_and_43_characters_and_is_read_back() {
        let key = ApiKey::mint();
        assert_eq!(key.reveal().len(), "chap_".len() + 43);
        let read = ApiKey::parse(key.reveal()).expect("our own key has our shape");
        assert_eq!(read.hash(), key.hash());
        assert_ne!(ApiKey::mint().hash(), key.hash(), "two keys are never the same");
    }

    #[test]
    fn the_hash_is_sha_256_of_the_whole_text_prefix_included() {
        let token = SessionToken::parse("chs_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA").expect("well-formed");
        let hash = URL_SAFE_NO_PAD.encode(token.hash().as_bytes());
        assert_eq!(hash, "U0KnJZjYvmdu8toQ6tjz4mNqUIkpHIKKolrYWf_AXC4");
        assert_eq!(SecretHash::from_bytes(*token.hash().as_bytes()), token.hash());
    }

    #[test]
    fn what_has_not_the_exact_shape_is_refused_and_not_repeated() {
        let good = SessionToken::mint();
        let random = good.reveal().trim_start_matches("chs_");
        let mut bad = ["", "CHS_", "chap_", " chs_"].map(|prefix| format!("{prefix}{random}")).to_vec();
        bad.extend([String::new(), "chs_".to_owned(), format!("chs_{random}A"), format!("chs_{random}=")]);
        bad.extend([format!("chs_{}", &random[1..]), format!("chs_{}+", &random[1..])]);
        bad.push(format!("chs_{}B", "A".repeat(42))); // a second spelling of 32 zero bytes
        for given in bad {
            let refused = SessionToken::parse(&given).expect_err(&given).to_string();
            assert_eq!(refused, "`…` is not a session token (`chs_` and 43 characters)");
        }
    }

    #[test]
    fn debug_output_shows_neither_secret_nor_hash() {
        let key = ApiKey::mint();
        assert_eq!(format!("{key:?} {:?}", key.hash()), "ApiKey(…) SecretHash(…)");
    }
}
