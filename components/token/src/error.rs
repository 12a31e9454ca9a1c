//! Why an operation failed, and what a client learns of it.

use strongroom_sdk::problem::Problem;
use strongroom_sdk::store::StoreError;

/// Why an operation failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// An argument has the wrong form.
    #[error("{0}")]
    Invalid(String),
    /// Sessions of a later security version of the user have been ended.
    #[error("the user's sessions of this security version have been ended")]
    Superseded,
    /// See [`StoreError`].
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The host refused to sign, or could not.
    #[error("the host did not sign: {0}")]
    Sign(String),
    /// The host could not make a revocation durable. The end of the session is committed, and the
    /// gateway does not know it yet. The next tick delivers it.
    #[error("the host did not revoke: {0}")]
    Revocation(String),
}

impl From<TokenError> for Problem {
    fn from(error: TokenError) -> Self {
        match error {
            TokenError::Store(error) => error.into(),
            TokenError::Sign(_) => {
                eprintln!("{error}");
                Self::unavailable()
            }
            TokenError::Revocation(_) => {
                eprintln!("{error}");
                Self::not_in_force()
            }
            TokenError::Invalid(_) | TokenError::Superseded => Self::internal(error),
        }
    }
}
