//! The names of events. A released name never changes: programs compare it.

use crate::ledger::{Outcome, Posting};
use crate::request::Kind;

/// Every type that there is, for whoever chooses among them.
pub const EVERY_TYPE: &[&str] = &[
    "deposit.posted",
    "deposit.declined",
    "withdrawal.posted",
    "withdrawal.declined",
    "transfer.posted",
    "transfer.declined",
    "transfer.reversed",
    "reversal.declined",
    "hold.placed",
    "hold.declined",
    "hold.captured",
    "capture.declined",
    "hold.voided",
    "void.declined",
    "hold.expired",
];

/// What a row of the journal tells.
pub fn event_type(posting: &Posting) -> &'static str {
    let is_declined = matches!(posting.outcome, Outcome::Declined(_));
    match (posting.kind, is_declined) {
        (Kind::Deposit, false) => "deposit.posted",
        (Kind::Deposit, true) => "deposit.declined",
        (Kind::Withdrawal, false) => "withdrawal.posted",
        (Kind::Withdrawal, true) => "withdrawal.declined",
        (Kind::Transfer, false) => "transfer.posted",
        (Kind::Transfer, true) => "transfer.declined",
        (Kind::Reversal, false) => "transfer.reversed",
        (Kind::Reversal, true) => "reversal.declined",
        (Kind::Hold, false) => "hold.placed",
        (Kind::Hold, true) => "hold.declined",
        (Kind::Capture, false) => "hold.captured",
        (Kind::Capture, true) => "capture.declined",
        (Kind::Void, false) => "hold.voided",
        (Kind::Void, true) => "void.declined",
        // The ledger lets a hold expire by itself, and does not decline that.
        (Kind::Expiry, _) => "hold.expired",
    }
}
