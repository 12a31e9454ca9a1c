//! `strongroom:account/ledger`: the words of the interface, from and to the ledger's own types.

use super::Component;
use super::bindings::exports::strongroom::account::ledger as wit;
use crate::ledger::{
    AccountRef, DebitAuthority, Decline, Kind, LedgerError, Posting, Resolution, Status, Transfer,
    fence, fence_batch, history, journal, lookup, post, post_batch,
};
use strongroom_sdk::clock::SystemClock;
use strongroom_sdk::store::{HostStore, StoreError};
use uuid::Uuid;

impl wit::Guest for Component {
    fn post(transfer: wit::Transfer) -> Result<wit::Posting, wit::Error> {
        let posting = post(&HostStore, &SystemClock, &transfer.try_into()?)?;
        Ok(posting.into())
    }

    fn fence(transfer: wit::Transfer) -> Result<wit::Posting, wit::Error> {
        let posting = fence(&HostStore, &SystemClock, &transfer.try_into()?)?;
        Ok(posting.into())
    }

    fn post_batch(
        transfers: Vec<wit::Transfer>,
        atomic: bool,
    ) -> Result<Vec<Result<wit::Posting, wit::Error>>, wit::Error> {
        let outcomes = post_batch(&HostStore, &SystemClock, &native(transfers)?, atomic)?;
        let outcomes = outcomes
            .into_iter()
            .map(|outcome| outcome.map(wit::Posting::from).map_err(wit::Error::from));
        Ok(outcomes.collect())
    }

    fn fence_batch(transfers: Vec<wit::Transfer>) -> Result<Vec<wit::Posting>, wit::Error> {
        let postings = fence_batch(&HostStore, &SystemClock, &native(transfers)?)?;
        Ok(postings.into_iter().map(wit::Posting::from).collect())
    }

    fn lookup(id: String) -> Result<Option<wit::Posting>, wit::Error> {
        let posting = lookup(&HostStore, uuid(&id, "id")?)?;
        Ok(posting.map(with_fingerprint))
    }

    fn journal(after: u64, limit: u32) -> Result<Vec<wit::Posting>, wit::Error> {
        let postings = journal(&HostStore, sequence(after), limit)?;
        Ok(postings.into_iter().map(with_fingerprint).collect())
    }

    fn history(
        account_id: String,
        before: u64,
        limit: u32,
    ) -> Result<Vec<wit::Posting>, wit::Error> {
        let postings = history(
            &HostStore,
            uuid(&account_id, "account-id")?,
            sequence(before),
            limit,
        )?;
        Ok(postings.into_iter().map(wit::Posting::from).collect())
    }
}

fn native(transfers: Vec<wit::Transfer>) -> Result<Vec<Transfer>, wit::Error> {
    transfers.into_iter().map(Transfer::try_from).collect()
}

fn uuid(text: &str, field: &str) -> Result<Uuid, wit::Error> {
    Uuid::parse_str(text).map_err(|_| wit::Error::Invalid(field.to_owned()))
}

/// No journal reaches the sequences that do not fit.
fn sequence(sequence: u64) -> i64 {
    i64::try_from(sequence).unwrap_or(i64::MAX)
}

impl TryFrom<wit::Transfer> for Transfer {
    type Error = wit::Error;

    fn try_from(transfer: wit::Transfer) -> Result<Self, wit::Error> {
        Ok(Self {
            id: uuid(&transfer.id, "id")?,
            fingerprint: transfer
                .fingerprint
                .try_into()
                .map_err(|_| wit::Error::Invalid("fingerprint".to_owned()))?,
            kind: match transfer.kind {
                wit::Kind::Deposit => Kind::Deposit,
                wit::Kind::Withdrawal => Kind::Withdrawal,
                wit::Kind::Transfer => Kind::Transfer,
                wit::Kind::Hold => Kind::Hold,
                wit::Kind::Capture => Kind::Capture,
                wit::Kind::Void => Kind::Void,
                wit::Kind::Reversal => Kind::Reversal,
                // Time alone lets a hold expire.
                wit::Kind::Expiry => return Err(wit::Error::Invalid("kind".to_owned())),
            },
            authority: match transfer.authority {
                wit::DebitAuthority::Owner(owner) => {
                    DebitAuthority::Owner(uuid(&owner, "authority")?)
                }
                wit::DebitAuthority::Bank => DebitAuthority::Bank,
            },
            initiator: uuid(&transfer.initiator, "initiator")?,
            source: transfer.source.map(|id| uuid(&id, "source")).transpose()?,
            destination: transfer.destination.map(account_ref).transpose()?,
            subject: transfer
                .subject
                .map(|id| uuid(&id, "subject"))
                .transpose()?,
            amount_minor: transfer.amount_minor,
            currency: transfer.currency,
            timeout_seconds: transfer.timeout_seconds,
            reference: transfer.reference,
            metadata: transfer.metadata,
            requested_at_ms: transfer.requested_at_ms,
        })
    }
}

fn account_ref(account: wit::AccountRef) -> Result<AccountRef, wit::Error> {
    Ok(match account {
        wit::AccountRef::Id(id) => AccountRef::Id(uuid(&id, "destination")?),
        wit::AccountRef::Number(number) => AccountRef::Number(number),
    })
}

/// A value of 32 parts takes some time to cross a link, and whoever posts knows it.
fn with_fingerprint(posting: Posting) -> wit::Posting {
    let fingerprint = Some(posting.fingerprint.to_vec());
    wit::Posting {
        fingerprint,
        ..posting.into()
    }
}

impl From<Posting> for wit::Posting {
    fn from(posting: Posting) -> Self {
        Self {
            id: posting.id.to_string(),
            sequence: posting.sequence.unsigned_abs(),
            fingerprint: None,
            kind: kind(posting.kind),
            status: match posting.status {
                Status::Posted => wit::Status::Posted,
                Status::Declined => wit::Status::Declined,
                Status::Pending => wit::Status::Pending,
                Status::Voided => wit::Status::Voided,
                Status::Expired => wit::Status::Expired,
            },
            decline: posting.decline.map(decline_code),
            initiator: posting.initiator.to_string(),
            source: posting.source.map(|party| party.account_id.to_string()),
            source_owner: posting.source.map(|party| party.owner_id.to_string()),
            destination: posting
                .destination
                .map(|party| party.account_id.to_string()),
            destination_owner: posting.destination.map(|party| party.owner_id.to_string()),
            subject: posting.subject.map(|id| id.to_string()),
            expires_at_ms: posting.expires_at_ms,
            resolution: posting.resolution.map(resolution),
            amount_minor: posting.amount_minor,
            currency: posting.currency,
            reference: posting.reference,
            metadata: posting.metadata,
            requested_at_ms: posting.requested_at_ms,
            recorded_at_ms: posting.recorded_at_ms,
        }
    }
}

fn kind(kind: Kind) -> wit::Kind {
    match kind {
        Kind::Deposit => wit::Kind::Deposit,
        Kind::Withdrawal => wit::Kind::Withdrawal,
        Kind::Transfer => wit::Kind::Transfer,
        Kind::Hold => wit::Kind::Hold,
        Kind::Capture => wit::Kind::Capture,
        Kind::Void => wit::Kind::Void,
        Kind::Expiry => wit::Kind::Expiry,
        Kind::Reversal => wit::Kind::Reversal,
    }
}

fn resolution(resolution: Resolution) -> wit::Resolution {
    wit::Resolution {
        id: resolution.id.to_string(),
        kind: kind(resolution.kind),
        amount_minor: resolution.amount_minor,
    }
}

fn decline_code(decline: Decline) -> wit::DeclineCode {
    match decline {
        Decline::AccountClosed => wit::DeclineCode::AccountClosed,
        Decline::AccountFrozen => wit::DeclineCode::AccountFrozen,
        Decline::CurrencyMismatch => wit::DeclineCode::CurrencyMismatch,
        Decline::LimitExceeded => wit::DeclineCode::LimitExceeded,
        Decline::InsufficientFunds => wit::DeclineCode::InsufficientFunds,
        Decline::Cancelled => wit::DeclineCode::Cancelled,
        Decline::AlreadyCaptured => wit::DeclineCode::AlreadyCaptured,
        Decline::AlreadyVoided => wit::DeclineCode::AlreadyVoided,
        Decline::HoldExpired => wit::DeclineCode::HoldExpired,
        Decline::AmountExceedsHold => wit::DeclineCode::AmountExceedsHold,
        Decline::AlreadyReversed => wit::DeclineCode::AlreadyReversed,
        Decline::NotReversible => wit::DeclineCode::NotReversible,
        Decline::BatchDeclined => wit::DeclineCode::BatchDeclined,
    }
}

impl From<LedgerError> for wit::Error {
    fn from(error: LedgerError) -> Self {
        match error {
            LedgerError::AccountNotFound(side) => Self::AccountNotFound(side.as_str().to_owned()),
            LedgerError::SubjectNotFound => Self::SubjectNotFound,
            LedgerError::BatchRefused => Self::BatchRefused,
            LedgerError::IdReused => Self::IdReused,
            LedgerError::Invalid(field) => Self::Invalid(field.to_owned()),
            LedgerError::Store(error) => error.into(),
        }
    }
}

impl From<StoreError> for wit::Error {
    fn from(error: StoreError) -> Self {
        Self::Unavailable(error.to_string())
    }
}
