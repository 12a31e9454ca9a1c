//! The response to a client after an error of the store.

use super::{Problem, RETRY_AFTER_SECONDS};
use crate::store::StoreError;
use http::StatusCode;

impl From<StoreError> for Problem {
    /// A full queue and a time limit pass by themselves (503). An untrusted clock, a full disk, and
    /// a broken disk do not (503, 507, 503). Every other error is a fault of the service (500), and
    /// its cause goes only to the log.
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Busy | StoreError::TimedOut | StoreError::Aborted(_) => Self::unavailable(),
            StoreError::Clock => Self::clock_not_trusted(),
            StoreError::Full => Self::new(
                StatusCode::INSUFFICIENT_STORAGE,
                "storage_full",
                "The service has no room for more. Nothing was changed.",
            ),
            StoreError::Io(cause) => {
                eprintln!("store: {cause}");
                Self::new(
                    StatusCode::SERVICE_UNAVAILABLE,
                    "storage_unavailable",
                    "The service cannot reach its storage.",
                )
                .with_retry_after(RETRY_AFTER_SECONDS)
            }
            StoreError::Constraint(_)
            | StoreError::Invalid(_)
            | StoreError::Schema(_)
            | StoreError::Denied(_)
            | StoreError::TooLarge(_)
            | StoreError::UnexpectedRows(_)
            | StoreError::Row(_) => Self::internal(error),
        }
    }
}

#[cfg(test)]
mod tests;
