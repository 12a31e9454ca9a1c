//! Kinds, statuses, and declines: each with its word for SQL and JSON, and its code in the hash
//! chain.

use serde::{Deserialize, Serialize};
use strongroom_sdk::stored_enum;

stored_enum! {
    /// The kinds of transfers.
    #[derive(Serialize, Deserialize)]
    #[serde(rename_all = "snake_case")]
    pub enum Kind {
        /// From the bank's settlement account to a customer's account.
        Deposit = 1, "deposit";
        /// From a customer's account to the bank's settlement account.
        Withdrawal = 2, "withdrawal";
        /// From one customer's account to another.
        Transfer = 3, "transfer";
        /// Reserves money of one customer's account for another's.
        Hold = 4, "hold";
        /// Moves what a hold has reserved, or a part of it, and releases the rest.
        Capture = 5, "capture";
        /// Releases what a hold has reserved.
        Void = 6, "void";
        /// Releases a hold whose time is up. Only the ledger itself does this.
        Expiry = 7, "expiry";
        /// Moves a posted amount back.
        Reversal = 8, "reversal";
        /// Debits and credits several accounts at once.
        Posting = 9, "posting";
    }
}

stored_enum! {
    /// The side of an entry. A customer's account is a liability of the bank: a credit is money in,
    /// a debit money out.
    #[derive(Serialize, Deserialize)]
    #[serde(rename_all = "snake_case")]
    pub enum Direction {
        /// Money out of a customer's account.
        Debit = 1, "debit";
        /// Money into a customer's account.
        Credit = 2, "credit";
    }
}

impl Direction {
    /// The other side.
    pub const fn opposite(self) -> Self {
        match self {
            Self::Debit => Self::Credit,
            Self::Credit => Self::Debit,
        }
    }
}

stored_enum! {
    /// The ledger's decision.
    pub enum Status {
        /// Money has moved.
        Posted = 1, "posted";
        /// Money has not moved, and never will under this id.
        Declined = 2, "declined";
        /// A hold: money is reserved.
        Pending = 3, "pending";
        /// A void: what was held is released.
        Voided = 4, "voided";
        /// An expiry: what was held is released.
        Expired = 5, "expired";
    }
}

stored_enum! {
    /// Why money has not moved. Where several reasons apply, the ledger's decision documents which
    /// one counts.
    pub enum Decline {
        /// One of the accounts is closed.
        AccountClosed = 1, "account_closed";
        /// One of the accounts is frozen for debits or credits.
        AccountFrozen = 2, "account_frozen";
        /// One of the accounts is kept in another currency.
        CurrencyMismatch = 3, "currency_mismatch";
        /// A counter would grow past its limit.
        LimitExceeded = 4, "limit_exceeded";
        /// The source does not have that much available.
        InsufficientFunds = 5, "insufficient_funds";
        /// A standing order ended before this payment.
        Cancelled = 6, "cancelled";
        /// The hold has been captured already.
        AlreadyCaptured = 7, "already_captured";
        /// The hold has been voided already.
        AlreadyVoided = 8, "already_voided";
        /// The hold's time is up.
        HoldExpired = 9, "hold_expired";
        /// A capture of more than is held.
        AmountExceedsHold = 10, "amount_exceeds_hold";
        /// The posting has been reversed already.
        AlreadyReversed = 11, "already_reversed";
        /// The original has not moved money, or is a reversal.
        NotReversible = 12, "not_reversible";
        /// Another transfer of the same atomic batch was declined.
        BatchDeclined = 13, "batch_declined";
        /// A screening has denied the payment.
        ScreeningDenied = 14, "screening_denied";
    }
}

stored_enum! {
    /// The kinds of actors.
    pub enum ActorKind {
        /// A user of the bank: a customer or a member of staff.
        User = 1, "user";
        /// The bank itself.
        Bank = 2, "bank";
        /// A client with an API key.
        Client = 3, "client";
    }
}

impl Kind {
    /// Whether a transfer of this kind names a hold or posting, and no accounts.
    pub const fn has_original(self) -> bool {
        matches!(
            self,
            Self::Capture | Self::Void | Self::Expiry | Self::Reversal
        )
    }

    /// Whether it is a payment of its own, and does not follow from an earlier one.
    pub const fn is_payment(self) -> bool {
        matches!(
            self,
            Self::Deposit | Self::Withdrawal | Self::Transfer | Self::Hold | Self::Posting
        )
    }

    /// The status in the journal where it is not declined.
    pub const fn accepted_status(self) -> Status {
        match self {
            Self::Deposit
            | Self::Withdrawal
            | Self::Transfer
            | Self::Capture
            | Self::Reversal
            | Self::Posting => Status::Posted,
            Self::Hold => Status::Pending,
            Self::Void => Status::Voided,
            Self::Expiry => Status::Expired,
        }
    }
}

impl Decline {
    /// A sentence for the client.
    pub const fn detail(self) -> &'static str {
        match self {
            Self::InsufficientFunds => "The account does not have that much available.",
            Self::AccountFrozen => "One of the accounts is frozen.",
            Self::AccountClosed => "One of the accounts is closed.",
            Self::CurrencyMismatch => "One of the accounts is kept in another currency.",
            Self::LimitExceeded => "An account would hold more than it can.",
            Self::Cancelled => "The standing order ended before this payment. No money has moved.",
            Self::ScreeningDenied => "The bank does not make this payment. No money has moved.",
            Self::AlreadyCaptured => "The hold was captured before; a hold ends once.",
            Self::AlreadyVoided => "The hold was voided before; a hold ends once.",
            Self::HoldExpired => "The time of the hold is up, and its money is released.",
            Self::AmountExceedsHold => "The amount is more than the hold has reserved.",
            Self::AlreadyReversed => "The transaction was reversed before; it is reversed once.",
            Self::NotReversible => {
                "Only a posted transaction that is no reversal itself can be reversed."
            }
            Self::BatchDeclined => "Another transfer of the atomic batch was declined.",
        }
    }
}

#[cfg(test)]
mod tests;
