//! What is asked of the ledger, and what it answers.

use super::{JournalRow, LedgerError, Party};
use crate::stored_enum::stored_enum;
use strongroom_sdk::money::{AMOUNT_MINOR_MAX, Currency};
use uuid::Uuid;

/// The longest reference, in characters: that of a SEPA remittance text.
pub const REFERENCE_CHARACTERS_MAX: usize = 140;
/// The longest metadata, in bytes of JSON.
pub const METADATA_BYTES_MAX: usize = 4_096;

stored_enum! {
    /// What a transfer is for.
    pub enum Kind {
        /// From the bank's settlement account to a customer's account.
        Deposit = 1, "deposit";
        /// From a customer's account to the bank's settlement account.
        Withdrawal = 2, "withdrawal";
        /// From one customer's account to another.
        Transfer = 3, "transfer";
    }
}

stored_enum! {
    /// What the ledger decided.
    pub enum Status {
        /// Money has moved.
        Posted = 1, "posted";
        /// Money has not moved, and never will under this id.
        Declined = 2, "declined";
    }
}

stored_enum! {
    /// Why money has not moved. [`decide`](super::decide) documents which one is told where several apply.
    pub enum Decline {
        /// One of the accounts is closed.
        AccountClosed = 1, "account_closed";
        /// One of the accounts is frozen.
        AccountFrozen = 2, "account_frozen";
        /// One of the accounts is kept in another currency.
        CurrencyMismatch = 3, "currency_mismatch";
        /// A counter would grow past its limit.
        LimitExceeded = 4, "limit_exceeded";
        /// The source does not have that much available.
        InsufficientFunds = 5, "insufficient_funds";
        /// Given up before it was decided.
        Cancelled = 6, "cancelled";
    }
}

/// How the account to credit is named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AccountRef {
    /// By its id.
    Id(Uuid),
    /// By its number (IBAN, no spaces).
    Number(String),
}

/// Whose accounts may be debited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DebitAuthority {
    /// Those of this user alone; any other is as if it did not exist.
    Owner(Uuid),
    /// Any customer's: bank staff.
    Bank,
}

/// A request to move money. The same `id` is decided at most once, for ever.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transfer {
    /// Derived from the client's idempotency key, so that a retry has the same id.
    pub id: Uuid,
    /// SHA-256 of the canonical request.
    pub fingerprint: [u8; 32],
    /// What it is for.
    pub kind: Kind,
    /// Whose accounts may be debited.
    pub authority: DebitAuthority,
    /// The user who asked.
    pub initiator: Uuid,
    /// The account to debit; none for a deposit.
    pub source: Option<Uuid>,
    /// The account to credit; none for a withdrawal.
    pub destination: Option<AccountRef>,
    /// Minor units of `currency`.
    pub amount_minor: i64,
    /// ISO 4217.
    pub currency: String,
    /// What the parties see.
    pub reference: Option<String>,
    /// A JSON object, as text.
    pub metadata: Option<String>,
    /// When the client asked, in milliseconds since 1970 UTC.
    pub requested_at_ms: i64,
}

impl Transfer {
    /// Checks what can be checked without the store.
    ///
    /// # Errors
    /// [`LedgerError::Invalid`] with the name of the field.
    pub fn validate(&self) -> Result<Currency, LedgerError> {
        let ends = match self.kind {
            Kind::Deposit => self.source.is_none() && self.destination.is_some(),
            Kind::Withdrawal => self.source.is_some() && self.destination.is_none(),
            Kind::Transfer => self.source.is_some() && self.destination.is_some(),
        };
        if !ends {
            return Err(LedgerError::Invalid("kind"));
        }
        if self.kind == Kind::Deposit && self.authority != DebitAuthority::Bank {
            return Err(LedgerError::Invalid("authority"));
        }
        if !(1..=AMOUNT_MINOR_MAX).contains(&self.amount_minor) {
            return Err(LedgerError::Invalid("amount-minor"));
        }
        let currency =
            Currency::from_code(&self.currency).map_err(|_| LedgerError::Invalid("currency"))?;
        let reference_length = self
            .reference
            .as_ref()
            .map_or(0, |text| text.chars().count());
        if reference_length > REFERENCE_CHARACTERS_MAX {
            return Err(LedgerError::Invalid("reference"));
        }
        if !self.metadata.as_deref().is_none_or(is_metadata) {
            return Err(LedgerError::Invalid("metadata"));
        }
        Ok(currency)
    }
}

fn is_metadata(text: &str) -> bool {
    text.len() <= METADATA_BYTES_MAX
        && serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(text).is_ok()
}

/// The ledger's record of a transfer, as others may see it. It never changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posting {
    /// The transfer's id.
    pub id: Uuid,
    /// The place in the journal: 1, 2, 3, .. without gaps.
    pub sequence: i64,
    /// What it is for.
    pub kind: Kind,
    /// What was decided.
    pub status: Status,
    /// Why not, if it was declined.
    pub decline: Option<Decline>,
    /// The user who asked.
    pub initiator: Uuid,
    /// The customer's account that was to be debited; none where it is the bank's own.
    pub source: Option<PostingParty>,
    /// The customer's account that was to be credited; none where it is the bank's own.
    pub destination: Option<PostingParty>,
    /// Minor units of `currency`.
    pub amount_minor: i64,
    /// ISO 4217.
    pub currency: String,
    /// What the parties see.
    pub reference: Option<String>,
    /// A JSON object, as text.
    pub metadata: Option<String>,
    /// When the client asked, in milliseconds since 1970 UTC.
    pub requested_at_ms: i64,
    /// When the ledger decided, in milliseconds since 1970 UTC; never goes back along the journal.
    pub recorded_at_ms: i64,
}

/// A customer's account of a [`Posting`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PostingParty {
    /// The account's id.
    pub account_id: Uuid,
    /// Its owner.
    pub owner_id: Uuid,
}

impl From<JournalRow> for Posting {
    fn from(row: JournalRow) -> Self {
        Self {
            id: row.id,
            sequence: row.sequence,
            kind: row.kind,
            status: row.status,
            decline: row.decline,
            initiator: row.initiator,
            source: row.debit.and_then(customer),
            destination: row.credit.and_then(customer),
            amount_minor: row.amount_minor,
            currency: row.currency,
            reference: row.reference,
            metadata: row.metadata,
            requested_at_ms: row.requested_at_ms,
            recorded_at_ms: row.recorded_at_ms,
        }
    }
}

fn customer(party: Party) -> Option<PostingParty> {
    (party.owner_id != super::BANK_OWNER).then_some(PostingParty {
        account_id: party.id,
        owner_id: party.owner_id,
    })
}
