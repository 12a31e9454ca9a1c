//! `strongroom:account/ledger`: the words of the interface, from and to the ledger's own types.

use super::Component;
use super::bindings::exports::strongroom::account::ledger as wit;
use crate::ledger::{
    AccountRef, DebitAuthority, Decline, Kind, LedgerError, Posting, Status, Transfer, fence,
    history, journal, lookup, post,
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

    fn lookup(id: String) -> Result<Option<wit::Posting>, wit::Error> {
        let posting = lookup(&HostStore, uuid(&id, "id")?)?;
        Ok(posting.map(wit::Posting::from))
    }

    fn journal(after: u64, limit: u32) -> Result<Vec<wit::Posting>, wit::Error> {
        let postings = journal(&HostStore, sequence(after), limit)?;
        Ok(postings.into_iter().map(wit::Posting::from).collect())
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
            amount_minor: transfer.amount_minor,
            currency: transfer.currency,
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

impl From<Posting> for wit::Posting {
    fn from(posting: Posting) -> Self {
        Self {
            id: posting.id.to_string(),
            sequence: posting.sequence.unsigned_abs(),
            kind: match posting.kind {
                Kind::Deposit => wit::Kind::Deposit,
                Kind::Withdrawal => wit::Kind::Withdrawal,
                Kind::Transfer => wit::Kind::Transfer,
            },
            status: match posting.status {
                Status::Posted => wit::Status::Posted,
                Status::Declined => wit::Status::Declined,
            },
            decline: posting.decline.map(decline_code),
            initiator: posting.initiator.to_string(),
            source: posting.source.map(|party| party.account_id.to_string()),
            source_owner: posting.source.map(|party| party.owner_id.to_string()),
            destination: posting
                .destination
                .map(|party| party.account_id.to_string()),
            destination_owner: posting.destination.map(|party| party.owner_id.to_string()),
            amount_minor: posting.amount_minor,
            currency: posting.currency,
            reference: posting.reference,
            metadata: posting.metadata,
            requested_at_ms: posting.requested_at_ms,
            recorded_at_ms: posting.recorded_at_ms,
        }
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
    }
}

impl From<LedgerError> for wit::Error {
    fn from(error: LedgerError) -> Self {
        match error {
            LedgerError::AccountNotFound(side) => Self::AccountNotFound(side.as_str().to_owned()),
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
