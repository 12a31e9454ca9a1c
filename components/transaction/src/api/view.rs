//! Transactions and declines as a client sees them.
//!
//! The answer to a request that moves money is made of the ledger's record alone, so that it has the same bytes each time, whatever
//! this service has forgotten.

use crate::intent::{Accepted, Final};
use crate::ledger::{Decline, LedgerError, Outcome, Posting, Side};
use crate::request::{AccountRef, Instruction, Kind};
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
}

impl TransactionView {
    /// A posting, as `viewer` may see it: the client's notes are for the one who asked, the source's owner, and staff.
    ///
    /// # Errors
    /// 500 where the ledger's record is not one.
    pub fn of_posting(posting: &Posting, viewer: &Identity) -> Result<Self, Problem> {
        let mut view = Self::whole(posting)?;
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

    fn whole(posting: &Posting) -> Result<Self, Problem> {
        let (status, decline_code) = match posting.outcome {
            Outcome::Posted => ("posted", None),
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
        })
    }

    /// What was accepted, and has no outcome yet.
    ///
    /// # Errors
    /// 500 where the intent is not one.
    pub fn of_accepted(accepted: &Accepted) -> Result<Self, Problem> {
        let transfer = &accepted.transfer;
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
        }
    }

    const fn detail(self) -> &'static str {
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
        }
    }
}

/// A decline as a problem document (RFC 9457). It names the transaction and not the exchange, so that each repetition has the same
/// bytes.
#[derive(Serialize)]
struct DeclineDocument {
    r#type: String,
    title: &'static str,
    status: u16,
    detail: &'static str,
    instance: String,
    code: &'static str,
    transaction_id: Uuid,
}

/// The answer to the request that led to this posting.
///
/// # Errors
/// 500 where the ledger's record is not one.
pub(crate) fn answer_of(posting: &Posting) -> Result<Final, Problem> {
    let (status, body) = match posting.outcome {
        Outcome::Posted => (
            StatusCode::CREATED,
            serde_json::to_string(&TransactionView::whole(posting)?),
        ),
        Outcome::Declined(decline) => {
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            let document = DeclineDocument {
                r#type: format!("urn:strongroom:problem:{}", decline.code()),
                title: decline.title(),
                status: status.as_u16(),
                detail: decline.detail(),
                instance: format!("/api/transactions/{}", posting.id),
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
pub(crate) fn refusal_of(error: &LedgerError, instruction: &Instruction) -> Problem {
    match error {
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
        (Kind::Transfer, Side::Source, _) => "/from_account_id",
        (Kind::Transfer, Side::Destination, Some(AccountRef::Number(_))) => "/to_account_number",
        (Kind::Transfer, Side::Destination, _) => "/to_account_id",
    }
}
