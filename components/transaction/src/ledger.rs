//! The link to the ledger: the words of `strongroom:account/ledger` and `/directory`, as a trait.
//!
//! In the component it is the import; in native tests it is the account service's own library on its own store.

use crate::request::{Instruction, Kind, Metadata};
use crate::screening;
use uuid::Uuid;

/// Whose accounts may be debited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DebitAuthority {
    /// Those of this user alone.
    Owner(Uuid),
    /// Any customer's: bank staff.
    Bank,
}

/// What is asked of the ledger. The same `id` is decided at most once, for ever.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transfer {
    /// Derived from the client's idempotency key.
    pub id: Uuid,
    /// SHA-256 of the canonical request.
    pub fingerprint: [u8; 32],
    /// Whose accounts may be debited.
    pub authority: DebitAuthority,
    /// The user who asked.
    pub initiator: Uuid,
    /// What was asked.
    pub instruction: Instruction,
    /// When the client asked, in milliseconds since 1970 UTC.
    pub requested_at_ms: i64,
    /// The rule that forbids it, where the screening has denied it.
    pub denied_by: Option<String>,
}

impl Transfer {
    /// The same, denied by a rule of the screening.
    #[must_use]
    pub fn denied_by(self, rule: String) -> Self {
        Self {
            denied_by: Some(rule),
            ..self
        }
    }

    /// What the ledger keeps with it, as JSON: the client's notes, or the note of a denial in their place.
    pub fn metadata(&self) -> Option<String> {
        match &self.denied_by {
            Some(rule) => Some(screening::note(rule)),
            None => self.instruction.metadata.as_ref().map(Metadata::to_json),
        }
    }
}

/// What the ledger decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Money has moved.
    Posted,
    /// Money has not moved, and never will under this id.
    Declined(Decline),
    /// A hold: money is reserved.
    Held,
    /// A void: what was held is released.
    Voided,
    /// An expiry: what was held is released.
    Expired,
}

/// Why money has not moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decline {
    /// The source does not have that much available.
    InsufficientFunds,
    /// One of the accounts is frozen.
    AccountFrozen,
    /// One of the accounts is closed.
    AccountClosed,
    /// One of the accounts is kept in another currency.
    CurrencyMismatch,
    /// An account's counter would grow past its limit.
    LimitExceeded,
    /// Given up before it was decided.
    Cancelled,
    /// Given up because the screening has denied it.
    ScreeningDenied,
    /// The hold was captured before.
    AlreadyCaptured,
    /// The hold was voided before.
    AlreadyVoided,
    /// The hold's time is up.
    HoldExpired,
    /// A capture of more than is held.
    AmountExceedsHold,
    /// The transaction was reversed before.
    AlreadyReversed,
    /// What was to be reversed has not moved money, or is a reversal itself.
    NotReversible,
    /// Another transfer of the same atomic batch was declined.
    BatchDeclined,
}

impl Decline {
    /// Why an id was given up: the note that the ledger keeps with it tells.
    pub fn of_given_up(metadata: Option<&str>) -> Self {
        if screening::is_denial(metadata) {
            Self::ScreeningDenied
        } else {
            Self::Cancelled
        }
    }
}

/// A customer's account of a posting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Party {
    /// The account's id.
    pub account_id: Uuid,
    /// Its owner.
    pub owner_id: Uuid,
}

/// How a hold ended, or by what a transaction was reversed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Resolution {
    /// The capture, void, expiry, or reversal.
    pub id: Uuid,
    /// Which of these it is.
    pub kind: Kind,
    /// What was moved or released, in minor units.
    pub amount_minor: i64,
}

/// The ledger's record of a transfer. It never changes, but for `resolution`, and so neither does an answer that is made of the rest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posting {
    /// The transfer's id.
    pub id: Uuid,
    /// The place in the journal.
    pub sequence: u64,
    /// SHA-256 of the canonical request; only [`Ledger::lookup`] and the journal tell it.
    pub fingerprint: Option<[u8; 32]>,
    /// What it is for.
    pub kind: Kind,
    /// What was decided.
    pub outcome: Outcome,
    /// The user who asked.
    pub initiator: Uuid,
    /// The customer's account to debit; none where it is the bank's own.
    pub source: Option<Party>,
    /// The customer's account to credit; none where it is the bank's own.
    pub destination: Option<Party>,
    /// The hold that this captured, voided, or let expire, or the transaction that it reversed.
    pub subject: Option<Uuid>,
    /// Of holds: when the time is up, in milliseconds since 1970 UTC.
    pub expires_at_ms: Option<i64>,
    /// What came of a hold or transaction later; only [`Ledger::lookup`] and [`Ledger::history`] tell it.
    pub resolution: Option<Resolution>,
    /// Minor units of `currency`.
    pub amount_minor: i64,
    /// ISO 4217.
    pub currency: String,
    /// What the parties see.
    pub reference: Option<String>,
    /// The client's notes: a JSON object, as text.
    pub metadata: Option<String>,
    /// When the client asked, in milliseconds since 1970 UTC.
    pub requested_at_ms: i64,
    /// When the ledger decided, in milliseconds since 1970 UTC.
    pub recorded_at_ms: i64,
}

/// Which account of a transfer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The account to debit.
    Source,
    /// The account to credit.
    Destination,
}

/// Why the ledger recorded nothing, or did not say.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LedgerError {
    /// There is no such account, or this user may not debit it. Nothing is recorded.
    #[error("account not found")]
    AccountNotFound(Side),
    /// There is no such hold or transaction, or it is not this user's to capture, void, or reverse. Nothing is recorded.
    #[error("subject not found")]
    SubjectNotFound,
    /// Another transfer of the same atomic batch was refused. Nothing is recorded.
    #[error("another transfer of the batch was refused")]
    BatchRefused,
    /// The id is taken by a transfer with another fingerprint. Nothing is recorded.
    #[error("the id is taken")]
    IdReused,
    /// A field is not what it must be. Nothing is recorded.
    #[error("invalid: {0}")]
    Invalid(String),
    /// The ledger cannot answer now. The transfer may have been posted or not: ask again with the same id.
    #[error("unavailable: {0}")]
    Unavailable(String),
    /// The screening has no verdict now, and so the ledger was not asked to post.
    #[error("not screened: {0}")]
    NotScreened(String),
}

impl LedgerError {
    /// Whether the outcome is still open, and the same is to be asked again.
    pub fn leaves_open(&self) -> bool {
        matches!(self, Self::Unavailable(_) | Self::NotScreened(_))
    }
}

/// The one who decides.
pub trait Ledger {
    /// Posts or declines, durably; an id that is known answers its recorded posting.
    ///
    /// # Errors
    /// [`LedgerError`].
    fn post(&self, transfer: &Transfer) -> Result<Posting, LedgerError>;

    /// Gives an id up, so that a late [`Ledger::post`] can never move money.
    ///
    /// # Errors
    /// [`LedgerError`].
    fn fence(&self, transfer: &Transfer) -> Result<Posting, LedgerError>;

    /// Posts or declines transfers in their order, in one commit, with one outcome each; `atomic`: all or none.
    ///
    /// # Errors
    /// [`LedgerError`], of the whole: nothing is known of any.
    fn post_batch(
        &self,
        transfers: &[Transfer],
        atomic: bool,
    ) -> Result<Vec<Result<Posting, LedgerError>>, LedgerError>;

    /// Gives the ids of a batch up.
    ///
    /// # Errors
    /// [`LedgerError`].
    fn fence_batch(&self, transfers: &[Transfer]) -> Result<Vec<Posting>, LedgerError>;

    /// The posting of an id, if there is one.
    ///
    /// # Errors
    /// [`LedgerError::Unavailable`].
    fn lookup(&self, id: Uuid) -> Result<Option<Posting>, LedgerError>;

    /// The postings of an account, newest first, with a sequence below `before` (0: the newest), at most `limit`.
    ///
    /// # Errors
    /// [`LedgerError::Unavailable`].
    fn history(
        &self,
        account_id: Uuid,
        before: u64,
        limit: u32,
    ) -> Result<Vec<Posting>, LedgerError>;

    /// Whose an account is, if there is one.
    ///
    /// # Errors
    /// [`LedgerError::Unavailable`].
    fn owner_of(&self, account_id: Uuid) -> Result<Option<Uuid>, LedgerError>;
}
