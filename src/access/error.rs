//! Why the control plane says no.
use crate::domain::refusal::{Code, Refusal};
use crate::store::StoreError;

/// Why the control plane says no.
#[derive(Debug, thiserror::Error)]
pub enum AccessError {
    /// Refused: the caller is told why and what to do.
    #[error("refused: {}", .0.code)]
    Refused(Box<Refusal>),
    /// Several grants fit: the caller chooses one of these.
    #[error("several grants fit")]
    ChooseGrant(Vec<crate::domain::id::GrantId>),
    /// The store cannot be used: the caller is told to try again, the log tells why.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<Refusal> for AccessError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(Box::new(refusal))
    }
}

impl From<Code> for AccessError {
    fn from(code: Code) -> Self {
        Refusal::from(code).into()
    }
}
