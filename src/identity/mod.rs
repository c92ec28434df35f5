//! Who presents what, and is it genuine. Says nothing of rights; look-ups are passed in.
//!
//! * `jwt`: tokens of the vendor's staff and of customers, verified by the keys of their issuer (`jwks`).
//! * `jws`: a signed token taken apart; its claims come out only through its signature.
//! * `secret`: our own bearers, API keys and session tokens: random, shown once, stored as hashes.
//! * `cookie`: how ours are set and cleared.
//! * `keys`: the signing key of assertions, made on first start.
//! * `assertion`: what the app gets to see, signed.
mod assertion;
mod cookie;
mod jwks;
mod jws;
mod jwt;
mod keys;
mod secret;
#[cfg(test)]
mod testing;

pub use assertion::{Act, Claims, SignError, Signer};
pub use cookie::{clear_cookie, clear_site_data, set_cookie};
pub use jwks::{Jwks, JwksError};
pub use jwt::{JwtError, VerifiedJwt, Verifier, unverified_issuer};
pub use keys::{KeyError, Keys};
pub use secret::{ApiKey, SecretHash, SessionToken};
