//! The response to a request of which the ledger records nothing.

use axum::http::StatusCode;
use std::fmt::Display;
use strongroom_ledger_api::{Kind, LedgerError};
use strongroom_sdk::idempotency::key_reused;
use strongroom_sdk::problem::Problem;

/// The problem of a request of `kind`.
pub fn problem_of(error: &LedgerError, kind: Kind) -> Problem {
    match error {
        LedgerError::IdReused => key_reused(),
        LedgerError::OriginalNotFound => Problem::not_found(),
        LedgerError::AccountNotFound(_) => refused(
            Problem::new(
                StatusCode::NOT_FOUND,
                "account_not_found",
                "There is no such account, or it is not yours to debit.",
            ),
            error,
            kind,
        ),
        LedgerError::OwnAccount => Problem::new(
            StatusCode::FORBIDDEN,
            "own_account",
            "The account is your own: a colleague must do this.",
        ),
        LedgerError::SameAccount(_) => refused(Problem::validation_failed(), error, kind),
        LedgerError::Invalid(_) => Problem::internal(error),
        LedgerError::Clock => Problem::clock_not_trusted(),
        LedgerError::NotScreened(_) | LedgerError::Unavailable(_) => unavailable(error),
    }
}

fn refused(problem: Problem, error: &LedgerError, kind: Kind) -> Problem {
    let Some(refusal) = error.refusal() else {
        return problem;
    };
    let (pointer, code) = match (kind, error) {
        // Their body names one account, as `account_id`.
        (Kind::Deposit | Kind::Withdrawal, _) => ("/account_id".to_owned(), "account_not_found"),
        (_, LedgerError::SameAccount(_)) => (refusal.pointer, "invalid"),
        _ => (refusal.pointer, "account_not_found"),
    };
    problem.with_error(pointer, code, refusal.detail)
}

/// 503: the ledger, or the screening in front of it, does not respond. This service stores nothing
/// of the request, so the client may send the same key again.
pub fn unavailable(error: impl Display) -> Problem {
    eprintln!("ledger: {error}");
    Problem::unavailable()
}
