//! SQLite's errors in the words of `strongroom:store/sql`.

use super::bindings::Error;
use super::failed_sync::end_if_failed_sync;
use rusqlite::ErrorCode;

/// A name for the kind of an error, for traces: its text may have values of rows.
pub(super) fn code(error: &Error) -> &'static str {
    match error {
        Error::Constraint(_) => "constraint",
        Error::Invalid(_) => "invalid",
        Error::Denied(_) => "denied",
        Error::TooLarge(_) => "too_large",
        Error::TimedOut => "timed_out",
        Error::Busy => "busy",
        Error::Clock => "clock",
        Error::Aborted(_) => "aborted",
        Error::UnexpectedRows(_) => "unexpected_rows",
        Error::Full => "full",
        Error::Io(_) => "io",
    }
}

/// Returns the error for the guest.
pub(super) fn for_guest(error: &rusqlite::Error) -> Error {
    // A large transaction writes to the log before its commit.
    end_if_failed_sync(error);
    match error.sqlite_error_code() {
        Some(ErrorCode::ConstraintViolation) => Error::Constraint(error.to_string()),
        // Only a statement's budget interrupts it.
        Some(ErrorCode::OperationInterrupted) => Error::TimedOut,
        Some(ErrorCode::AuthorizationForStatementDenied | ErrorCode::ReadOnly) => {
            Error::Denied(error.to_string())
        }
        // SQLite has no code of its own for a function that the authorizer denies.
        _ if error.to_string().starts_with("not authorized") => Error::Denied(error.to_string()),
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Error::Busy,
        Some(ErrorCode::DiskFull) => Error::Full,
        Some(ErrorCode::TooBig) => Error::TooLarge(error.to_string()),
        Some(
            ErrorCode::SystemIoFailure
            | ErrorCode::CannotOpen
            | ErrorCode::DatabaseCorrupt
            | ErrorCode::NotADatabase,
        ) => Error::Io(error.to_string()),
        // So SQLite ends a statement of too many steps; the host itself does not outlive the lack.
        Some(ErrorCode::OutOfMemory) => {
            Error::Invalid("the statement needs too many steps or too much memory".to_owned())
        }
        _ => Error::Invalid(error.to_string()),
    }
}
