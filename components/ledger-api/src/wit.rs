//! The types of `strongroom:account/types`, and the conversions to and from the types of this crate.
//!
//! A component names this module in `with` of its own `wit_bindgen::generate!`, so that its imports and exports share these types.

#[expect(missing_docs, reason = "the WIT documents each of these")]
mod bindings {
    wit_bindgen::generate!({
        path: ["../../wit/store", "../../wit/config", "../../wit/service", "../../wit/account"],
        inline: "
            package strongroom:ledger-api;
            world words {
                import strongroom:account/types@0.1.0;
            }
        ",
        world: "strongroom:ledger-api/words",
        with: { "strongroom:account/types@0.1.0": generate },
    });
}

pub use bindings::strongroom::account::types;

use crate::batch::{Batch, BatchInstruction, BatchRecord, BatchReply, Line, LineOutcome, Refusal};
use crate::error::{LedgerError, Side};
use crate::posting::{Party, Posting, Reply, Resolution};
use crate::transfer::{AccountRef, Actor, DebitAuthority, Instruction, Transfer};
use crate::words::{ActorKind, Decline, Kind, Status};
use std::borrow::Cow;
use strongroom_sdk::money::{Currency, Money};
use uuid::Uuid;

/// A value of the other side does not hold what the WIT says of it; the text names the field.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` does not hold what the interface says of it")]
pub struct Malformed(pub &'static str);

impl From<Malformed> for types::Error {
    /// What the ledger replies to a request with such a field.
    fn from(Malformed(field): Malformed) -> Self {
        Self::Invalid(field.to_owned())
    }
}

impl From<Malformed> for LedgerError {
    /// A record with such a field says nothing about what the ledger did, so the request is to be sent again.
    fn from(malformed: Malformed) -> Self {
        Self::Unavailable(malformed.to_string())
    }
}

/// Both directions between two enumerations with the same variants.
macro_rules! same_variants {
    ($ours:ident: $($variant:ident),+ $(,)?) => {
        same_variants!($ours, $ours: $($variant),+);
    };
    ($ours:ident, $wit:ident: $($variant:ident),+ $(,)?) => {
        impl From<$ours> for types::$wit {
            fn from(value: $ours) -> Self {
                match value { $($ours::$variant => Self::$variant,)+ }
            }
        }
        impl From<types::$wit> for $ours {
            fn from(value: types::$wit) -> Self {
                match value { $(types::$wit::$variant => Self::$variant,)+ }
            }
        }
    };
}

same_variants!(Kind: Deposit, Withdrawal, Transfer, Hold, Capture, Void, Expiry, Reversal);
same_variants!(Status: Posted, Declined, Pending, Voided, Expired);
same_variants!(ActorKind: User, Bank);
same_variants!(Decline, DeclineCode: InsufficientFunds, AccountFrozen, AccountClosed, CurrencyMismatch, LimitExceeded, Cancelled,
    ScreeningDenied, AlreadyCaptured, AlreadyVoided, HoldExpired, AmountExceedsHold, AlreadyReversed, NotReversible, BatchDeclined);

fn uuid(text: &str, field: &'static str) -> Result<Uuid, Malformed> {
    Uuid::parse_str(text).map_err(|_| Malformed(field))
}

fn optional_uuid(text: Option<String>, field: &'static str) -> Result<Option<Uuid>, Malformed> {
    text.map(|text| uuid(&text, field)).transpose()
}

fn fingerprint(text: &str) -> Result<[u8; 32], Malformed> {
    let mut bytes = [0; 32];
    hex::decode_to_slice(text, &mut bytes).map_err(|_| Malformed("fingerprint"))?;
    Ok(bytes)
}

fn money(minor: i64, currency: &str) -> Result<Money, Malformed> {
    let currency = Currency::from_code(currency).map_err(|_| Malformed("currency"))?;
    Ok(Money::from_minor(minor, currency))
}

impl From<Actor> for types::Actor {
    fn from(actor: Actor) -> Self {
        Self {
            kind: actor.kind.into(),
            id: actor.id.to_string(),
        }
    }
}

impl TryFrom<types::Actor> for Actor {
    type Error = Malformed;

    fn try_from(actor: types::Actor) -> Result<Self, Malformed> {
        Ok(Self {
            kind: actor.kind.into(),
            id: uuid(&actor.id, "actor")?,
        })
    }
}

impl From<DebitAuthority> for types::DebitAuthority {
    fn from(authority: DebitAuthority) -> Self {
        match authority {
            DebitAuthority::Owner(owner) => Self::Owner(owner.to_string()),
            DebitAuthority::Bank => Self::Bank,
        }
    }
}

impl TryFrom<types::DebitAuthority> for DebitAuthority {
    type Error = Malformed;

    fn try_from(authority: types::DebitAuthority) -> Result<Self, Malformed> {
        Ok(match authority {
            types::DebitAuthority::Owner(owner) => Self::Owner(uuid(&owner, "authority")?),
            types::DebitAuthority::Bank => Self::Bank,
        })
    }
}

impl From<&AccountRef> for types::AccountRef {
    fn from(account: &AccountRef) -> Self {
        match account {
            AccountRef::Id(id) => Self::Id(id.to_string()),
            AccountRef::Number(number) => Self::Number(number.clone()),
        }
    }
}

impl TryFrom<types::AccountRef> for AccountRef {
    type Error = Malformed;

    fn try_from(account: types::AccountRef) -> Result<Self, Malformed> {
        Ok(match account {
            types::AccountRef::Id(id) => Self::Id(uuid(&id, "destination")?),
            types::AccountRef::Number(number) => Self::Number(number),
        })
    }
}

impl From<&Transfer> for types::Transfer {
    fn from(transfer: &Transfer) -> Self {
        let instruction = &transfer.instruction;
        Self {
            id: transfer.id.to_string(),
            fingerprint: hex::encode(transfer.fingerprint),
            kind: instruction.kind.into(),
            authority: transfer.authority.into(),
            actor: transfer.actor.into(),
            on_behalf_of: transfer.on_behalf_of.map(|id| id.to_string()),
            request_id: transfer.request_id.clone(),
            source: instruction.source.map(|id| id.to_string()),
            destination: instruction.destination.as_ref().map(Into::into),
            subject: instruction.subject.map(|id| id.to_string()),
            amount_minor: instruction.amount.minor(),
            currency: instruction.amount.currency().code().to_owned(),
            timeout_seconds: instruction.expires_in,
            reference: instruction.reference.clone(),
            metadata: instruction.metadata.clone(),
            denied_by: transfer.denied_by.clone(),
            requested_at_ms: transfer.requested_at_ms,
        }
    }
}

impl TryFrom<types::Transfer> for Transfer {
    type Error = Malformed;

    fn try_from(transfer: types::Transfer) -> Result<Self, Malformed> {
        Ok(Self {
            id: uuid(&transfer.id, "id")?,
            fingerprint: fingerprint(&transfer.fingerprint)?,
            authority: transfer.authority.try_into()?,
            actor: transfer.actor.try_into()?,
            on_behalf_of: optional_uuid(transfer.on_behalf_of, "on-behalf-of")?,
            request_id: transfer.request_id,
            instruction: Instruction {
                kind: transfer.kind.into(),
                source: optional_uuid(transfer.source, "source")?,
                destination: transfer.destination.map(TryInto::try_into).transpose()?,
                amount: money(transfer.amount_minor, &transfer.currency)?,
                reference: transfer.reference,
                metadata: transfer.metadata,
                subject: optional_uuid(transfer.subject, "subject")?,
                expires_in: transfer.timeout_seconds,
            },
            denied_by: transfer.denied_by,
            requested_at_ms: transfer.requested_at_ms,
        })
    }
}

impl From<Party> for types::Party {
    fn from(party: Party) -> Self {
        Self {
            account_id: party.account_id.to_string(),
            owner_id: party.owner_id.to_string(),
        }
    }
}

impl TryFrom<types::Party> for Party {
    type Error = Malformed;

    fn try_from(party: types::Party) -> Result<Self, Malformed> {
        Ok(Self {
            account_id: uuid(&party.account_id, "account-id")?,
            owner_id: uuid(&party.owner_id, "owner-id")?,
        })
    }
}

impl From<Posting> for types::Posting {
    fn from(posting: Posting) -> Self {
        Self {
            id: posting.id.to_string(),
            sequence: posting.sequence,
            fingerprint: hex::encode(posting.fingerprint),
            kind: posting.kind.into(),
            status: posting.status.into(),
            decline: posting.decline.map(Into::into),
            denied_by: posting.denied_by,
            actor: posting.actor.into(),
            on_behalf_of: posting.on_behalf_of.map(|id| id.to_string()),
            request_id: posting.request_id,
            source: posting.source.map(Into::into),
            destination: posting.destination.map(Into::into),
            subject: posting.subject.map(|id| id.to_string()),
            expires_at_ms: posting.expires_at_ms,
            resolution: posting.resolution.map(|resolution| types::Resolution {
                id: resolution.id.to_string(),
                kind: resolution.kind.into(),
                amount_minor: resolution.amount.minor(),
            }),
            amount_minor: posting.amount.minor(),
            currency: posting.amount.currency().code().to_owned(),
            reference: posting.reference,
            metadata: posting.metadata,
            requested_at_ms: posting.requested_at_ms,
            recorded_at_ms: posting.recorded_at_ms,
        }
    }
}

impl TryFrom<types::Posting> for Posting {
    type Error = Malformed;

    fn try_from(posting: types::Posting) -> Result<Self, Malformed> {
        let is_declined = posting.status == types::Status::Declined;
        if is_declined != posting.decline.is_some() {
            return Err(Malformed("decline"));
        }
        let amount = money(posting.amount_minor, &posting.currency)?;
        let resolution = posting.resolution.map(|resolution| {
            Ok(Resolution {
                id: uuid(&resolution.id, "resolution")?,
                kind: resolution.kind.into(),
                amount: Money::from_minor(resolution.amount_minor, amount.currency()),
            })
        });
        Ok(Self {
            id: uuid(&posting.id, "id")?,
            sequence: posting.sequence,
            fingerprint: fingerprint(&posting.fingerprint)?,
            kind: posting.kind.into(),
            status: posting.status.into(),
            decline: posting.decline.map(Into::into),
            denied_by: posting.denied_by,
            actor: posting.actor.try_into()?,
            on_behalf_of: optional_uuid(posting.on_behalf_of, "on-behalf-of")?,
            request_id: posting.request_id,
            source: posting.source.map(TryInto::try_into).transpose()?,
            destination: posting.destination.map(TryInto::try_into).transpose()?,
            subject: optional_uuid(posting.subject, "subject")?,
            expires_at_ms: posting.expires_at_ms,
            resolution: resolution.transpose()?,
            amount,
            reference: posting.reference,
            metadata: posting.metadata,
            requested_at_ms: posting.requested_at_ms,
            recorded_at_ms: posting.recorded_at_ms,
        })
    }
}

impl From<Reply> for types::Reply {
    fn from(reply: Reply) -> Self {
        Self {
            posting: reply.posting.into(),
            repeated: reply.repeated,
        }
    }
}

impl TryFrom<types::Reply> for Reply {
    type Error = Malformed;

    fn try_from(reply: types::Reply) -> Result<Self, Malformed> {
        Ok(Self {
            posting: reply.posting.try_into()?,
            repeated: reply.repeated,
        })
    }
}

impl From<Refusal> for types::Refusal {
    fn from(refusal: Refusal) -> Self {
        let Refusal {
            code,
            pointer,
            detail,
        } = refusal;
        Self {
            code,
            pointer,
            detail,
        }
    }
}

impl From<types::Refusal> for Refusal {
    fn from(refusal: types::Refusal) -> Self {
        let types::Refusal {
            code,
            pointer,
            detail,
        } = refusal;
        Self {
            code,
            pointer,
            detail,
        }
    }
}

impl TryFrom<&Batch> for types::Batch {
    type Error = Malformed;

    fn try_from(batch: &Batch) -> Result<Self, Malformed> {
        let lines = batch.instruction.lines.iter().map(|line| match line {
            Line::Refused(refusal) => Ok(types::BatchLine::Refused(refusal.clone().into())),
            Line::Transfer {
                instruction,
                denied_by,
            } => {
                let source = instruction.source.ok_or(Malformed("source"))?;
                let destination = instruction.destination.as_ref();
                Ok(types::BatchLine::Transfer(types::BatchTransfer {
                    source: source.to_string(),
                    destination: destination.ok_or(Malformed("destination"))?.into(),
                    amount_minor: instruction.amount.minor(),
                    currency: instruction.amount.currency().code().to_owned(),
                    reference: instruction.reference.clone(),
                    metadata: instruction.metadata.clone(),
                    denied_by: denied_by.clone(),
                }))
            }
        });
        Ok(Self {
            id: batch.id.to_string(),
            fingerprint: hex::encode(batch.fingerprint),
            authority: batch.authority.into(),
            actor: batch.actor.into(),
            on_behalf_of: batch.on_behalf_of.map(|id| id.to_string()),
            atomic: batch.instruction.atomic,
            lines: lines.collect::<Result<_, _>>()?,
            requested_at_ms: batch.requested_at_ms,
        })
    }
}

impl TryFrom<types::Batch> for Batch {
    type Error = Malformed;

    fn try_from(batch: types::Batch) -> Result<Self, Malformed> {
        let lines = batch.lines.into_iter().map(|line| match line {
            types::BatchLine::Refused(refusal) => Ok(Line::Refused(refusal.into())),
            types::BatchLine::Transfer(line) => Ok(Line::Transfer {
                instruction: Instruction {
                    source: Some(uuid(&line.source, "source")?),
                    destination: Some(line.destination.try_into()?),
                    reference: line.reference,
                    metadata: line.metadata,
                    ..Instruction::new(Kind::Transfer, money(line.amount_minor, &line.currency)?)
                },
                denied_by: line.denied_by,
            }),
        });
        Ok(Self {
            id: uuid(&batch.id, "id")?,
            fingerprint: fingerprint(&batch.fingerprint)?,
            authority: batch.authority.try_into()?,
            actor: batch.actor.try_into()?,
            on_behalf_of: optional_uuid(batch.on_behalf_of, "on-behalf-of")?,
            instruction: BatchInstruction {
                atomic: batch.atomic,
                lines: lines.collect::<Result<_, _>>()?,
            },
            requested_at_ms: batch.requested_at_ms,
        })
    }
}

impl From<LineOutcome> for types::LineOutcome {
    fn from(outcome: LineOutcome) -> Self {
        match outcome {
            LineOutcome::Recorded(posting) => Self::Recorded((*posting).into()),
            LineOutcome::Refused(refusal) => Self::Refused(refusal.into()),
        }
    }
}

impl TryFrom<types::LineOutcome> for LineOutcome {
    type Error = Malformed;

    fn try_from(outcome: types::LineOutcome) -> Result<Self, Malformed> {
        Ok(match outcome {
            types::LineOutcome::Recorded(posting) => Self::Recorded(Box::new(posting.try_into()?)),
            types::LineOutcome::Refused(refusal) => Self::Refused(refusal.into()),
        })
    }
}

fn outcomes_to_wit(outcomes: Vec<LineOutcome>) -> Vec<types::LineOutcome> {
    outcomes.into_iter().map(Into::into).collect()
}

fn outcomes_from_wit(outcomes: Vec<types::LineOutcome>) -> Result<Vec<LineOutcome>, Malformed> {
    outcomes.into_iter().map(TryInto::try_into).collect()
}

impl From<BatchReply> for types::BatchReply {
    fn from(reply: BatchReply) -> Self {
        Self {
            outcomes: outcomes_to_wit(reply.outcomes),
            repeated: reply.repeated,
        }
    }
}

impl TryFrom<types::BatchReply> for BatchReply {
    type Error = Malformed;

    fn try_from(reply: types::BatchReply) -> Result<Self, Malformed> {
        Ok(Self {
            outcomes: outcomes_from_wit(reply.outcomes)?,
            repeated: reply.repeated,
        })
    }
}

impl From<BatchRecord> for types::BatchRecord {
    fn from(record: BatchRecord) -> Self {
        Self {
            id: record.id.to_string(),
            fingerprint: hex::encode(record.fingerprint),
            actor: record.actor.into(),
            on_behalf_of: record.on_behalf_of.map(|id| id.to_string()),
            atomic: record.atomic,
            outcomes: outcomes_to_wit(record.outcomes),
            requested_at_ms: record.requested_at_ms,
            recorded_at_ms: record.recorded_at_ms,
        }
    }
}

impl TryFrom<types::BatchRecord> for BatchRecord {
    type Error = Malformed;

    fn try_from(record: types::BatchRecord) -> Result<Self, Malformed> {
        Ok(Self {
            id: uuid(&record.id, "id")?,
            fingerprint: fingerprint(&record.fingerprint)?,
            actor: record.actor.try_into()?,
            on_behalf_of: optional_uuid(record.on_behalf_of, "on-behalf-of")?,
            atomic: record.atomic,
            outcomes: outcomes_from_wit(record.outcomes)?,
            requested_at_ms: record.requested_at_ms,
            recorded_at_ms: record.recorded_at_ms,
        })
    }
}

impl From<LedgerError> for types::Error {
    fn from(error: LedgerError) -> Self {
        match error {
            LedgerError::AccountNotFound(side) => Self::AccountNotFound(side.as_str().to_owned()),
            LedgerError::SubjectNotFound => Self::SubjectNotFound,
            LedgerError::IdReused => Self::IdReused,
            LedgerError::SameAccount(side) => Self::Invalid(side.as_str().to_owned()),
            LedgerError::Invalid(field) => Self::Invalid(field.into_owned()),
            LedgerError::NotScreened(cause) => Self::NotScreened(cause),
            LedgerError::Unavailable(cause) => Self::Unavailable(cause),
        }
    }
}

impl From<types::Error> for LedgerError {
    fn from(error: types::Error) -> Self {
        let side = |text: &str| {
            [Side::Source, Side::DestinationId, Side::DestinationNumber]
                .into_iter()
                .find(|side| side.as_str() == text)
        };
        match error {
            types::Error::AccountNotFound(text) => {
                Self::AccountNotFound(side(&text).unwrap_or(Side::Source))
            }
            types::Error::SubjectNotFound => Self::SubjectNotFound,
            types::Error::IdReused => Self::IdReused,
            types::Error::Invalid(text) => match side(&text) {
                Some(side @ (Side::DestinationId | Side::DestinationNumber)) => {
                    Self::SameAccount(side)
                }
                _ => Self::Invalid(Cow::Owned(text)),
            },
            types::Error::NotScreened(cause) => Self::NotScreened(cause),
            types::Error::Unavailable(cause) => Self::Unavailable(cause),
        }
    }
}

#[cfg(test)]
mod tests;
