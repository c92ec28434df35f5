//! The keys of an issuer: from a file or an address, cached, fetched again for an unknown `kid`, never too often.
//!
//! * `document`: which keys of a JWKS document we use, and for which algorithm.
//! * `source`: reads the document from a file, an address or by discovery, within limits of time and size.
//! * `cache`: [`Jwks`] itself: when to read again, and how long to go on without.
mod cache;
mod document;
mod source;
#[cfg(test)]
mod tests;

pub(super) use cache::Attested;
pub use cache::Jwks;
pub use source::JwksError;
