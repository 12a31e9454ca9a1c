//! Transactions and declines as a client sees them.
//!
//! The answer to a request that moves money is made of the ledger's record alone, so that it has the same bytes each time, whatever
//! this service has forgotten.

use super::batch::answer_of_batch;
use crate::intent::Final;
use crate::ledger::{Decline, LedgerError, Outcome, Posting, Side, Transfer};
use crate::order::{Decided, Order};
use crate::request::{AccountRef, Instruction, Kind, Refusal};
use axum::http::StatusCode;
use serde::Serialize;
use serde_json::value::RawValue;
use strongroom_sdk::clock::format_rfc3339;
use strongroom_sdk::identity::Identity;
use strongroom_sdk::money::{Currency, Money};
use strongroom_sdk::problem::Problem;
use uuid::Uuid;

/// A transaction.
#[derive(Debug, Clone, Serialize)]
pub struct TransactionView {
    id: Uuid,
    r#type: &'static str,
    status: &'static str,
    from_account_id: Option<Uuid>,
    to_account_id: Option<Uuid>,
    amount: String,
    currency: String,
    reference: Option<String>,
    metadata: Option<Box<RawValue>>,
    decline_code: Option<&'static str>,
    created_at: String,
    posted_at: Option<String>,
    sequence: Option<u64>,
    /// Of a hold: when its time is up.
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<String>,
    /// Of a capture, a void, or an expiry: its hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    hold_id: Option<Uuid>,
    /// Of a reversal: what it reversed.
    #[serde(skip_serializing_if = "Option::is_none")]
    reverses: Option<Uuid>,
    /// Of a hold that was captured: how much of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    captured_amount: Option<String>,
    /// Of a hold that has ended: its capture, void, or expiry.
    #[serde(skip_serializing_if = "Option::is_none")]
    resolved_by: Option<Uuid>,
    /// Of a transaction that was reversed: its reversal.
    #[serde(skip_serializing_if = "Option::is_none")]
    reversed_by: Option<Uuid>,
    /// Of what staff did, for staff: in which request.
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<String>,
}

impl TransactionView {
    /// A posting, as `viewer` may see it: the client's notes are for the one who asked, the source's owner, and staff.
    ///
    /// # Errors
    /// 500 where the ledger's record is not one.
    pub fn of_posting(posting: &Posting, viewer: &Identity) -> Result<Self, Problem> {
        let mut view = Self::whole(posting)?;
        view.resolve(posting)?;
        let owns_source = posting
            .source
            .is_some_and(|party| party.owner_id == viewer.subject);
        let is_party = posting.initiator == viewer.subject || owns_source;
        // Of a denial it names the rule, and who knows the rule that caught him knows how to pass it.
        let is_denial = posting.outcome == Outcome::Declined(Decline::ScreeningDenied);
        if !viewer.is_staff() && (!is_party || is_denial) {
            view.metadata = None;
        }
        Ok(view)
    }

    /// With the request in which staff asked for it.
    #[must_use]
    pub fn asked_in(self, request_id: Option<String>) -> Self {
        Self { request_id, ..self }
    }

    /// What came of it later.
    fn resolve(&mut self, posting: &Posting) -> Result<(), Problem> {
        let Some(resolution) = posting.resolution else {
            return Ok(());
        };
        match resolution.kind {
            Kind::Reversal => {
                self.status = "reversed";
                self.reversed_by = Some(resolution.id);
                return Ok(());
            }
            Kind::Capture => {
                self.status = "posted";
                self.captured_amount = Some(amount(resolution.amount_minor, &posting.currency)?);
            }
            Kind::Void => self.status = "voided",
            _ => self.status = "expired",
        }
        self.resolved_by = Some(resolution.id);
        Ok(())
    }

    /// A posting as the ledger has recorded it, whatever came of it later.
    ///
    /// # Errors
    /// 500 where the ledger's record is not one.
    pub(crate) fn whole(posting: &Posting) -> Result<Self, Problem> {
        let (status, decline_code) = match posting.outcome {
            Outcome::Posted => ("posted", None),
            Outcome::Held => ("pending", None),
            Outcome::Voided => ("voided", None),
            Outcome::Expired => ("expired", None),
            Outcome::Declined(decline) => ("declined", Some(decline.code())),
        };
        let metadata = posting
            .metadata
            .clone()
            .map(RawValue::from_string)
            .transpose();
        Ok(Self {
            id: posting.id,
            r#type: posting.kind.as_str(),
            status,
            from_account_id: posting.source.map(|party| party.account_id),
            to_account_id: posting.destination.map(|party| party.account_id),
            amount: amount(posting.amount_minor, &posting.currency)?,
            currency: posting.currency.clone(),
            reference: posting.reference.clone(),
            metadata: metadata.map_err(Problem::internal)?,
            decline_code,
            created_at: format_rfc3339(posting.requested_at_ms),
            posted_at: (posting.outcome == Outcome::Posted)
                .then(|| format_rfc3339(posting.recorded_at_ms)),
            sequence: Some(posting.sequence),
            expires_at: posting.expires_at_ms.map(format_rfc3339),
            hold_id: posting.subject.filter(|_| posting.kind != Kind::Reversal),
            reverses: posting.subject.filter(|_| posting.kind == Kind::Reversal),
            captured_amount: None,
            resolved_by: None,
            reversed_by: None,
            request_id: None,
        })
    }

    /// What was accepted, and has no outcome yet.
    ///
    /// # Errors
    /// 500 where the intent is not one.
    pub fn of_accepted(transfer: &Transfer) -> Result<Self, Problem> {
        let instruction = &transfer.instruction;
        let metadata = instruction
            .metadata
            .as_ref()
            .map(|metadata| RawValue::from_string(metadata.to_json()));
        Ok(Self {
            id: transfer.id,
            r#type: instruction.kind.as_str(),
            status: "pending",
            from_account_id: instruction.source,
            to_account_id: match instruction.destination {
                Some(AccountRef::Id(id)) => Some(id),
                Some(AccountRef::Number(_)) | None => None,
            },
            amount: amount(instruction.amount_minor, &instruction.currency)?,
            currency: instruction.currency.clone(),
            reference: instruction.reference.clone(),
            metadata: metadata.transpose().map_err(Problem::internal)?,
            decline_code: None,
            created_at: format_rfc3339(transfer.requested_at_ms),
            posted_at: None,
            sequence: None,
            expires_at: None,
            hold_id: instruction
                .subject
                .filter(|_| instruction.kind != Kind::Reversal),
            reverses: instruction
                .subject
                .filter(|_| instruction.kind == Kind::Reversal),
            captured_amount: None,
            resolved_by: None,
            reversed_by: None,
            request_id: None,
        })
    }
}

fn amount(minor: i64, currency_code: &str) -> Result<String, Problem> {
    let currency = Currency::from_code(currency_code).map_err(Problem::internal)?;
    Ok(Money::from_minor(minor, currency).to_string())
}

impl Decline {
    /// The code that clients see.
    pub const fn code(self) -> &'static str {
        match self {
            Self::InsufficientFunds => "insufficient_funds",
            Self::AccountFrozen => "account_frozen",
            Self::AccountClosed => "account_closed",
            Self::CurrencyMismatch => "currency_mismatch",
            Self::LimitExceeded => "limit_exceeded",
            Self::Cancelled => "cancelled",
            Self::ScreeningDenied => "screening_denied",
            Self::AlreadyCaptured => "already_captured",
            Self::AlreadyVoided => "already_voided",
            Self::HoldExpired => "hold_expired",
            Self::AmountExceedsHold => "amount_exceeds_hold",
            Self::AlreadyReversed => "already_reversed",
            Self::NotReversible => "not_reversible",
            Self::BatchDeclined => "batch_declined",
        }
    }

    const fn title(self) -> &'static str {
        match self {
            Self::InsufficientFunds => "Insufficient funds",
            Self::AccountFrozen => "Account frozen",
            Self::AccountClosed => "Account closed",
            Self::CurrencyMismatch => "Currency mismatch",
            Self::LimitExceeded => "Limit exceeded",
            Self::Cancelled => "Cancelled",
            Self::ScreeningDenied => "Denied by the screening",
            Self::AlreadyCaptured => "Already captured",
            Self::AlreadyVoided => "Already voided",
            Self::HoldExpired => "Hold expired",
            Self::AmountExceedsHold => "Amount exceeds hold",
            Self::AlreadyReversed => "Already reversed",
            Self::NotReversible => "Not reversible",
            Self::BatchDeclined => "Batch declined",
        }
    }

    pub(super) const fn detail(self) -> &'static str {
        match self {
            Self::InsufficientFunds => "The account does not have that much available.",
            Self::AccountFrozen => "One of the accounts is frozen.",
            Self::AccountClosed => "One of the accounts is closed.",
            Self::CurrencyMismatch => "One of the accounts is kept in another currency.",
            Self::LimitExceeded => "An account would hold more than it can.",
            Self::Cancelled => {
                "The request could not be decided in time, and was given up. No money has moved."
            }
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

/// A decline as a problem document (RFC 9457). It names the transaction and not the exchange, so that each repetition has the same
/// bytes.
#[derive(Serialize)]
pub(super) struct DeclineDocument {
    r#type: String,
    title: &'static str,
    status: u16,
    detail: &'static str,
    instance: String,
    code: &'static str,
    transaction_id: Uuid,
}

impl DeclineDocument {
    pub(super) fn type_of(code: &str) -> String {
        format!("urn:strongroom:problem:{code}")
    }

    pub(super) fn instance_of(id: Uuid) -> String {
        format!("/api/transactions/{id}")
    }
}

/// The answer to the request that led to this.
///
/// # Errors
/// 500 where the ledger's record is not one.
pub(crate) fn answer_to(order: &Order, decided: &Decided) -> Result<Final, Problem> {
    match (order, decided) {
        (Order::Transfer(_), Decided::Transfer(posting)) => answer_of(posting),
        (Order::Batch(batch), Decided::Batch(outcomes)) => answer_of_batch(batch, outcomes),
        _ => Err(Problem::internal("the ledger answered another question")),
    }
}

/// The answer to the request for one transfer.
///
/// # Errors
/// As [`answer_to`].
pub(crate) fn answer_of(posting: &Posting) -> Result<Final, Problem> {
    let (status, body) = match posting.outcome {
        Outcome::Posted | Outcome::Held | Outcome::Voided | Outcome::Expired => (
            StatusCode::CREATED,
            serde_json::to_string(&TransactionView::whole(posting)?),
        ),
        Outcome::Declined(decline) => {
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            let document = DeclineDocument {
                r#type: DeclineDocument::type_of(decline.code()),
                title: decline.title(),
                status: status.as_u16(),
                detail: decline.detail(),
                instance: DeclineDocument::instance_of(posting.id),
                code: decline.code(),
                transaction_id: posting.id,
            };
            (status, serde_json::to_string(&document))
        }
    };
    Ok(Final {
        status: status.as_u16(),
        body: body.map_err(Problem::internal)?,
    })
}

/// The answer where the ledger records nothing.
pub(crate) fn refusal_of(error: &LedgerError, order: &Order) -> Problem {
    match order {
        Order::Transfer(transfer) => refusal_of_transfer(error, &transfer.instruction),
        Order::Batch(_) => Problem::internal(error),
    }
}

/// Why the ledger records nothing of a line.
pub(super) fn refusal_of_line(error: &LedgerError, instruction: &Instruction) -> Refusal {
    match error {
        LedgerError::BatchRefused => Refusal {
            code: "batch_refused".to_owned(),
            pointer: String::new(),
            detail: "Another transfer of the atomic batch was refused.".to_owned(),
        },
        other => Refusal::of(&refusal_of_transfer(other, instruction)),
    }
}

pub(super) fn refusal_of_transfer(error: &LedgerError, instruction: &Instruction) -> Problem {
    match error {
        LedgerError::SubjectNotFound => Problem::not_found(),
        LedgerError::AccountNotFound(side) => Problem::new(
            StatusCode::NOT_FOUND,
            "account_not_found",
            "There is no such account, or it is not yours to debit.",
        )
        .with_error(
            pointer(*side, instruction),
            "account_not_found",
            "is no account that can be used here",
        ),
        LedgerError::Invalid(field) if field == "destination" => Problem::validation_failed()
            .with_error(
                pointer(Side::Destination, instruction),
                "invalid",
                "must be another account than from_account_id",
            ),
        other => Problem::internal(other),
    }
}

fn pointer(side: Side, instruction: &Instruction) -> &'static str {
    match (instruction.kind, side, &instruction.destination) {
        (Kind::Deposit | Kind::Withdrawal, _, _) => "/account_id",
        (_, Side::Source, _) => "/from_account_id",
        (_, Side::Destination, Some(AccountRef::Number(_))) => "/to_account_number",
        (_, Side::Destination, _) => "/to_account_id",
    }
}
