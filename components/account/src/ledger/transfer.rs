//! What is asked of the ledger, and what it answers.

use super::{JournalRow, LedgerError, Party};
use crate::stored_enum::stored_enum;
use strongroom_sdk::money::{AMOUNT_MINOR_MAX, Currency};
use uuid::Uuid;

/// The longest reference, in characters: that of a SEPA remittance text.
pub const REFERENCE_CHARACTERS_MAX: usize = 140;
/// The longest time of a hold: 90 days.
pub const HOLD_SECONDS_MAX: u32 = 90 * 24 * 60 * 60;
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
        /// Reserves money of one customer's account for another's.
        Hold = 4, "hold";
        /// Moves what a hold has reserved, or a part of it, and releases the rest.
        Capture = 5, "capture";
        /// Releases what a hold has reserved.
        Void = 6, "void";
        /// Releases a hold whose time is up. The ledger does it by itself.
        Expiry = 7, "expiry";
        /// Moves a posted amount back.
        Reversal = 8, "reversal";
    }
}

stored_enum! {
    /// What the ledger decided.
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
    /// Why money has not moved. [`decide`](super::decide) documents which one is told where several apply.
    pub enum Decline {
        /// One of the accounts is closed.
        AccountClosed = 1, "account_closed";
        /// One of the accounts is frozen for this direction.
        AccountFrozen = 2, "account_frozen";
        /// One of the accounts is kept in another currency.
        CurrencyMismatch = 3, "currency_mismatch";
        /// A counter would grow past its limit.
        LimitExceeded = 4, "limit_exceeded";
        /// The source does not have that much available.
        InsufficientFunds = 5, "insufficient_funds";
        /// Given up before it was decided.
        Cancelled = 6, "cancelled";
        /// The hold was captured before.
        AlreadyCaptured = 7, "already_captured";
        /// The hold was voided before.
        AlreadyVoided = 8, "already_voided";
        /// The hold's time is up.
        HoldExpired = 9, "hold_expired";
        /// A capture of more than is held.
        AmountExceedsHold = 10, "amount_exceeds_hold";
        /// The posting was reversed before.
        AlreadyReversed = 11, "already_reversed";
        /// What was to be reversed has not moved money, or is a reversal itself.
        NotReversible = 12, "not_reversible";
        /// Another transfer of the same atomic batch was declined.
        BatchDeclined = 13, "batch_declined";
    }
}

impl Kind {
    /// Whether it names a hold or posting of before, and not accounts.
    pub const fn has_subject(self) -> bool {
        matches!(
            self,
            Self::Capture | Self::Void | Self::Expiry | Self::Reversal
        )
    }

    /// What the journal says where it is not declined.
    pub const fn accepted_status(self) -> Status {
        match self {
            Self::Deposit | Self::Withdrawal | Self::Transfer | Self::Capture | Self::Reversal => {
                Status::Posted
            }
            Self::Hold => Status::Pending,
            Self::Void => Status::Voided,
            Self::Expiry => Status::Expired,
        }
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
    /// The account to debit; none for a deposit, and none where a subject says it.
    pub source: Option<Uuid>,
    /// The account to credit; none for a withdrawal, and none where a subject says it.
    pub destination: Option<AccountRef>,
    /// The hold to capture, void, or let expire, or the posting to reverse; of no other kind.
    pub subject: Option<Uuid>,
    /// Minor units of `currency`. A void, an expiry, and a reversal name the whole amount of their subject.
    pub amount_minor: i64,
    /// ISO 4217.
    pub currency: String,
    /// How long a hold lasts from the moment it is recorded, in seconds; of holds only.
    pub timeout_seconds: Option<u32>,
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
        let ends = (
            self.source.is_some(),
            self.destination.is_some(),
            self.subject.is_some(),
        );
        let ends_of_kind = match self.kind {
            Kind::Deposit => (false, true, false),
            Kind::Withdrawal => (true, false, false),
            Kind::Transfer | Kind::Hold => (true, true, false),
            Kind::Capture | Kind::Void | Kind::Expiry | Kind::Reversal => (false, false, true),
        };
        if ends != ends_of_kind {
            return Err(LedgerError::Invalid("kind"));
        }
        let bank_only = matches!(self.kind, Kind::Deposit | Kind::Expiry | Kind::Reversal);
        if bank_only && self.authority != DebitAuthority::Bank {
            return Err(LedgerError::Invalid("authority"));
        }
        let timeout_fits = match self.timeout_seconds {
            Some(seconds) => self.kind == Kind::Hold && (1..=HOLD_SECONDS_MAX).contains(&seconds),
            None => self.kind != Kind::Hold,
        };
        if !timeout_fits {
            return Err(LedgerError::Invalid("timeout-seconds"));
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

/// How a hold ended, or by what a posting was reversed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Resolution {
    /// The id of the capture, void, expiry, or reversal.
    pub id: Uuid,
    /// Which of these it is.
    pub kind: Kind,
    /// What was moved or released, in minor units.
    pub amount_minor: i64,
}

/// The ledger's record of a transfer, as others may see it. It never changes, but for `resolution`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posting {
    /// The transfer's id.
    pub id: Uuid,
    /// The place in the journal: 1, 2, 3, .. without gaps.
    pub sequence: i64,
    /// SHA-256 of the canonical request.
    pub fingerprint: [u8; 32],
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
    /// The hold that this captured, voided, or let expire, or the posting that it reversed.
    pub subject: Option<Uuid>,
    /// Of holds: when the time is up, in milliseconds since 1970 UTC.
    pub expires_at_ms: Option<i64>,
    /// What came of a hold or posting later. Only [`lookup`](super::lookup) and [`history`](super::history) tell it.
    pub resolution: Option<Resolution>,
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
            fingerprint: row.fingerprint,
            kind: row.kind,
            status: row.status,
            decline: row.decline,
            initiator: row.initiator,
            source: row.debit.and_then(customer),
            destination: row.credit.and_then(customer),
            subject: row.subject.map(|subject| subject.id),
            expires_at_ms: row.expires_at_ms,
            resolution: None,
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
