//! Who presents what, and is it genuine. Says nothing of rights; look-ups are passed in.
//!
//! * `jwt`: tokens of the vendor's staff and of customers, verified by the keys of their issuer (`jwks`).
//! * `staff`: of these, everybody who speaks for engineers: the vendor's issuer, and those of partners.
//! * `oidc`: the sign-in of engineers by browser at their identity provider; `flow` is what it keeps in the browser
//!   meanwhile, sealed, and `proof` what it is worth afterwards. `fetch`: one request to an issuer.
//! * `jws`: a signed token taken apart; its claims come out only through its signature.
//! * `secret`: our own bearers, API keys and session tokens: random, shown once, stored as hashes.
//! * `answer`: the token in a mail's link, by which a member answers an access request.
//! * `cookie`: how ours are set and cleared.
//! * `keys`: the signing keys of assertions: the first is made on first start, others replace it with overlap.
//! * `assertion`: what the app gets to see, signed.
//! * `webhook`: what others send us, signed by a secret that we share.
//! * `trusted`: other gates, whose assertions tell that a request comes from inside a login of theirs.
mod answer;
mod assertion;
mod cookie;
mod fetch;
mod flow;
mod jwks;
mod jws;
mod jwt;
mod keys;
mod oidc;
mod proof;
mod secret;
mod staff;
#[cfg(test)]
mod testing;
mod trusted;
mod webhook;

pub use answer::{ANSWER_PATH, AnswerKey, AnswerLink};
pub use assertion::{Act, Claims, SignError, Signer, SigningKey};
pub use cookie::{clear_cookie, clear_site_data, set_cookie};
pub use fetch::FetchError;
pub use flow::{Flow, Seal};
pub use jwks::{Jwks, JwksError};
pub use jwt::{JwtError, VerifiedJwt, Verifier, unverified_issuer};
pub use keys::{KeyError, KeyShown, KeyState, Keys, Rotated, begins, keys_folder};
pub use oidc::{Identified, OidcError, Provider, Returned};
pub use proof::{Bound, Proof};
pub use secret::{ApiKey, EntryCode, MemberToken, SecretHash, SessionToken, StaffToken};
pub use staff::{StaffKeys, StaffVerifiers};
pub use trusted::TrustedGates;
pub use webhook::{Envelope, NotSigned, verify as verify_webhook};
