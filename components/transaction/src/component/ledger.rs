//! The link: this service's own words, to and from the imports `strongroom:account/ledger` and `/directory`.

use super::bindings::strongroom::account::{directory, ledger as wit};
use crate::ledger::{
    DebitAuthority, Decline, Ledger, LedgerError, Outcome, Party, Posting, Resolution, Side,
    Transfer,
};
use crate::request::{AccountRef, Kind};
use uuid::Uuid;

/// The ledger that the registry links this service to.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct LinkedLedger;

impl Ledger for LinkedLedger {
    fn post(&self, transfer: &Transfer) -> Result<Posting, LedgerError> {
        wit::post(&transfer.into())?.try_into()
    }

    fn fence(&self, transfer: &Transfer) -> Result<Posting, LedgerError> {
        wit::fence(&transfer.into())?.try_into()
    }

    fn post_batch(
        &self,
        transfers: &[Transfer],
        atomic: bool,
    ) -> Result<Vec<Result<Posting, LedgerError>>, LedgerError> {
        let transfers: Vec<wit::Transfer> = transfers.iter().map(Into::into).collect();
        let outcomes = wit::post_batch(&transfers, atomic)?;
        let outcomes = outcomes
            .into_iter()
            .map(|outcome| outcome.map_err(LedgerError::from)?.try_into());
        Ok(outcomes.collect())
    }

    fn fence_batch(&self, transfers: &[Transfer]) -> Result<Vec<Posting>, LedgerError> {
        let transfers: Vec<wit::Transfer> = transfers.iter().map(Into::into).collect();
        let postings = wit::fence_batch(&transfers)?;
        postings.into_iter().map(Posting::try_from).collect()
    }

    fn lookup(&self, id: Uuid) -> Result<Option<Posting>, LedgerError> {
        wit::lookup(&id.to_string())?
            .map(Posting::try_from)
            .transpose()
    }

    fn history(
        &self,
        account_id: Uuid,
        before: u64,
        limit: u32,
    ) -> Result<Vec<Posting>, LedgerError> {
        let postings = wit::history(&account_id.to_string(), before, limit)?;
        postings.into_iter().map(Posting::try_from).collect()
    }

    fn owner_of(&self, account_id: Uuid) -> Result<Option<Uuid>, LedgerError> {
        let account = directory::find(&account_id.to_string()).map_err(|error| match error {
            directory::Error::Invalid(text) => LedgerError::Invalid(text),
            directory::Error::Unavailable(text) => LedgerError::Unavailable(text),
        })?;
        account.map(|account| uuid(&account.owner_id)).transpose()
    }
}

/// An id that is no UUID is a fault of the ledger: nothing can be said about what it did, so the answer is to ask again.
fn uuid(text: &str) -> Result<Uuid, LedgerError> {
    Uuid::parse_str(text).map_err(|error| {
        LedgerError::Unavailable(format!("the ledger answered an id that is none: {error}"))
    })
}

fn fingerprint(bytes: Vec<u8>) -> Result<[u8; 32], LedgerError> {
    bytes.try_into().map_err(|_| {
        LedgerError::Unavailable("the ledger answered a fingerprint that is none".to_owned())
    })
}

impl From<&Transfer> for wit::Transfer {
    fn from(transfer: &Transfer) -> Self {
        let instruction = &transfer.instruction;
        Self {
            id: transfer.id.to_string(),
            fingerprint: transfer.fingerprint.to_vec(),
            kind: match instruction.kind {
                Kind::Deposit => wit::Kind::Deposit,
                Kind::Withdrawal => wit::Kind::Withdrawal,
                Kind::Transfer => wit::Kind::Transfer,
                Kind::Hold => wit::Kind::Hold,
                Kind::Capture => wit::Kind::Capture,
                Kind::Void => wit::Kind::Void,
                Kind::Expiry => wit::Kind::Expiry,
                Kind::Reversal => wit::Kind::Reversal,
            },
            authority: match transfer.authority {
                DebitAuthority::Owner(owner) => wit::DebitAuthority::Owner(owner.to_string()),
                DebitAuthority::Bank => wit::DebitAuthority::Bank,
            },
            initiator: transfer.initiator.to_string(),
            source: instruction.source.map(|id| id.to_string()),
            destination: instruction
                .destination
                .as_ref()
                .map(|account| match account {
                    AccountRef::Id(id) => wit::AccountRef::Id(id.to_string()),
                    AccountRef::Number(number) => wit::AccountRef::Number(number.clone()),
                }),
            amount_minor: instruction.amount_minor,
            currency: instruction.currency.clone(),
            subject: instruction.subject.map(|id| id.to_string()),
            timeout_seconds: instruction.expires_in,
            reference: instruction.reference.clone(),
            metadata: transfer.metadata(),
            requested_at_ms: transfer.requested_at_ms,
        }
    }
}

impl TryFrom<wit::Posting> for Posting {
    type Error = LedgerError;

    fn try_from(posting: wit::Posting) -> Result<Self, LedgerError> {
        Ok(Self {
            id: uuid(&posting.id)?,
            sequence: posting.sequence,
            fingerprint: posting.fingerprint.map(fingerprint).transpose()?,
            kind: kind(posting.kind),
            outcome: match (posting.status, posting.decline) {
                (wit::Status::Posted, None) => Outcome::Posted,
                (wit::Status::Pending, None) => Outcome::Held,
                (wit::Status::Voided, None) => Outcome::Voided,
                (wit::Status::Expired, None) => Outcome::Expired,
                (wit::Status::Declined, Some(code)) => {
                    Outcome::Declined(decline(code, posting.metadata.as_deref()))
                }
                _ => {
                    return Err(LedgerError::Unavailable(
                        "the ledger answered half a decline".to_owned(),
                    ));
                }
            },
            initiator: uuid(&posting.initiator)?,
            source: party(posting.source, posting.source_owner)?,
            destination: party(posting.destination, posting.destination_owner)?,
            subject: posting.subject.map(|id| uuid(&id)).transpose()?,
            expires_at_ms: posting.expires_at_ms,
            resolution: posting.resolution.map(resolution).transpose()?,
            amount_minor: posting.amount_minor,
            currency: posting.currency,
            reference: posting.reference,
            metadata: posting.metadata,
            requested_at_ms: posting.requested_at_ms,
            recorded_at_ms: posting.recorded_at_ms,
        })
    }
}

fn kind(kind: wit::Kind) -> Kind {
    match kind {
        wit::Kind::Deposit => Kind::Deposit,
        wit::Kind::Withdrawal => Kind::Withdrawal,
        wit::Kind::Transfer => Kind::Transfer,
        wit::Kind::Hold => Kind::Hold,
        wit::Kind::Capture => Kind::Capture,
        wit::Kind::Void => Kind::Void,
        wit::Kind::Expiry => Kind::Expiry,
        wit::Kind::Reversal => Kind::Reversal,
    }
}

fn resolution(resolution: wit::Resolution) -> Result<Resolution, LedgerError> {
    Ok(Resolution {
        id: uuid(&resolution.id)?,
        kind: kind(resolution.kind),
        amount_minor: resolution.amount_minor,
    })
}

fn party(account: Option<String>, owner: Option<String>) -> Result<Option<Party>, LedgerError> {
    match (account, owner) {
        (Some(account), Some(owner)) => Ok(Some(Party {
            account_id: uuid(&account)?,
            owner_id: uuid(&owner)?,
        })),
        _ => Ok(None),
    }
}

fn decline(code: wit::DeclineCode, metadata: Option<&str>) -> Decline {
    match code {
        wit::DeclineCode::InsufficientFunds => Decline::InsufficientFunds,
        wit::DeclineCode::AccountFrozen => Decline::AccountFrozen,
        wit::DeclineCode::AccountClosed => Decline::AccountClosed,
        wit::DeclineCode::CurrencyMismatch => Decline::CurrencyMismatch,
        wit::DeclineCode::LimitExceeded => Decline::LimitExceeded,
        wit::DeclineCode::Cancelled => Decline::of_given_up(metadata),
        wit::DeclineCode::AlreadyCaptured => Decline::AlreadyCaptured,
        wit::DeclineCode::AlreadyVoided => Decline::AlreadyVoided,
        wit::DeclineCode::HoldExpired => Decline::HoldExpired,
        wit::DeclineCode::AmountExceedsHold => Decline::AmountExceedsHold,
        wit::DeclineCode::AlreadyReversed => Decline::AlreadyReversed,
        wit::DeclineCode::NotReversible => Decline::NotReversible,
        wit::DeclineCode::BatchDeclined => Decline::BatchDeclined,
    }
}

impl From<wit::Error> for LedgerError {
    fn from(error: wit::Error) -> Self {
        match error {
            wit::Error::AccountNotFound(side) if side == "source" => {
                Self::AccountNotFound(Side::Source)
            }
            wit::Error::AccountNotFound(_) => Self::AccountNotFound(Side::Destination),
            wit::Error::SubjectNotFound => Self::SubjectNotFound,
            wit::Error::BatchRefused => Self::BatchRefused,
            wit::Error::IdReused => Self::IdReused,
            wit::Error::Invalid(field) => Self::Invalid(field),
            wit::Error::Unavailable(cause) => Self::Unavailable(cause),
        }
    }
}
