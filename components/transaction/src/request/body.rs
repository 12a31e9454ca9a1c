//! The bodies of the calls that move money.

use super::amount;
use iban::{BaseIban, ParseBaseIbanError};
use serde::Deserialize;
use strongroom_ledger_api::{
    AccountRef, HOLD_SECONDS_MAX, Instruction, Kind, REFERENCE_CHARACTERS_MAX,
};
use strongroom_sdk::json::Unread;
use strongroom_sdk::metadata::Metadata;
use strongroom_sdk::money::Money;
use strongroom_sdk::openapi::{Amount, CurrencyCode};
use strongroom_sdk::problem::Problem;
use strongroom_sdk::text;
use utoipa::ToSchema;
use uuid::Uuid;

/// How long a hold lasts where its request does not say: 7 days.
const HOLD_SECONDS_DEFAULT: u32 = 7 * 24 * 60 * 60;

/// The body of `POST /deposit` and `POST /withdraw`.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Cash, examples(json!({
    "account_id": "0198c0de-0000-7000-8000-000000000001",
    "amount": "12.34", "currency": "EUR", "reference": "at the counter"
})))]
pub struct CashBody {
    account_id: Uuid,
    #[schema(value_type = Amount)]
    amount: Unread,
    #[schema(value_type = CurrencyCode)]
    currency: String,
    #[schema(max_length = 140)]
    reference: Option<String>,
    metadata: Option<Metadata>,
}

/// The body of `POST /transfer` and `POST /send`.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Payment, examples(json!({
    "from_account_id": "0198c0de-0000-7000-8000-000000000001",
    "to_account_id": "0198c0de-0000-7000-8000-000000000002",
    "amount": "12.34", "currency": "EUR", "reference": "rent", "metadata": {"order": "4711"}
})))]
pub struct TransferBody {
    from_account_id: Uuid,
    to_account_id: Option<Uuid>,
    to_account_number: Option<String>,
    #[schema(value_type = Amount)]
    amount: Unread,
    #[schema(value_type = CurrencyCode)]
    currency: String,
    #[schema(max_length = 140)]
    reference: Option<String>,
    metadata: Option<Metadata>,
}

/// The body of `POST /holds`.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewHold, examples(json!({
    "from_account_id": "0198c0de-0000-7000-8000-000000000001",
    "to_account_id": "0198c0de-0000-7000-8000-000000000002",
    "amount": "12.34", "currency": "EUR", "reference": "rent", "metadata": {"order": "4711"},
    "expires_in": 3600
})))]
pub struct HoldBody {
    from_account_id: Uuid,
    to_account_id: Option<Uuid>,
    to_account_number: Option<String>,
    #[schema(value_type = Amount)]
    amount: Unread,
    #[schema(value_type = CurrencyCode)]
    currency: String,
    /// Seconds until the hold expires by itself.
    #[schema(minimum = 1, maximum = 7_776_000, default = 604_800)]
    expires_in: Option<u32>,
    #[schema(max_length = 140)]
    reference: Option<String>,
    metadata: Option<Metadata>,
}

/// The body of `POST /holds/{id}/capture`. Without an amount, the call captures the whole hold.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CaptureRequest, examples(json!({"amount": "10.00"})))]
pub struct CaptureBody {
    #[schema(value_type = Option<Amount>)]
    amount: Option<Unread>,
}

/// The body of `POST /{id}/reverse`. It may be empty.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ReverseRequest, examples(json!({"reference": "paid twice"})))]
pub struct ReverseBody {
    #[schema(max_length = 140)]
    reference: Option<String>,
}

impl CashBody {
    /// A deposit, in its canonical form.
    pub fn into_deposit(self) -> Result<Instruction, Problem> {
        Ok(Instruction {
            destination: Some(AccountRef::Id(self.account_id)),
            ..self.into_instruction(Kind::Deposit)?
        })
    }

    /// A withdrawal, in its canonical form.
    pub fn into_withdrawal(self) -> Result<Instruction, Problem> {
        Ok(Instruction {
            source: Some(self.account_id),
            ..self.into_instruction(Kind::Withdrawal)?
        })
    }

    fn into_instruction(self, kind: Kind) -> Result<Instruction, Problem> {
        let amount = amount::parse(&self.amount, &self.currency)?;
        Ok(Instruction {
            reference: self.reference.map(reference).transpose()?,
            metadata: self.metadata.as_ref().map(Metadata::to_json),
            ..Instruction::new(kind, amount)
        })
    }
}

impl TransferBody {
    /// The request in its canonical form.
    pub fn into_instruction(self) -> Result<Instruction, Problem> {
        let source = self.from_account_id;
        let number = self.to_account_number.as_deref();
        let destination = destination(source, self.to_account_id, number)?;
        let amount = amount::parse(&self.amount, &self.currency)?;
        Ok(Instruction {
            source: Some(source),
            destination: Some(destination),
            reference: self.reference.map(reference).transpose()?,
            metadata: self.metadata.as_ref().map(Metadata::to_json),
            ..Instruction::new(Kind::Transfer, amount)
        })
    }
}

impl HoldBody {
    /// The request in its canonical form: a transfer that waits.
    pub fn into_instruction(self) -> Result<Instruction, Problem> {
        let expires_in = self.expires_in.unwrap_or(HOLD_SECONDS_DEFAULT);
        if !(1..=HOLD_SECONDS_MAX).contains(&expires_in) {
            return Err(Problem::invalid(
                "/expires_in",
                "must be a number of seconds from 1 to 7776000, which are 90 days",
            ));
        }
        let transfer = TransferBody {
            from_account_id: self.from_account_id,
            to_account_id: self.to_account_id,
            to_account_number: self.to_account_number,
            amount: self.amount,
            currency: self.currency,
            reference: self.reference,
            metadata: self.metadata,
        };
        Ok(Instruction {
            kind: Kind::Hold,
            expires_in: Some(expires_in),
            ..transfer.into_instruction()?
        })
    }
}

impl CaptureBody {
    /// The capture of a hold, in its canonical form.
    pub fn into_instruction(self, hold: Uuid, held: Money) -> Result<Instruction, Problem> {
        let amount = match self.amount {
            Some(amount) => amount::parse_in(&amount, held.currency())?,
            None => held,
        };
        Ok(of_original(Kind::Capture, hold, Some(amount)))
    }
}

impl ReverseBody {
    /// The reversal of a transaction, in its canonical form.
    pub fn into_instruction(
        self,
        original: Uuid,
        amount: Option<Money>,
    ) -> Result<Instruction, Problem> {
        Ok(Instruction {
            reference: self.reference.map(reference).transpose()?,
            ..of_original(Kind::Reversal, original, amount)
        })
    }
}

/// The instruction to end a hold or to reverse a transaction.
pub fn of_original(kind: Kind, original: Uuid, amount: Option<Money>) -> Instruction {
    Instruction {
        kind,
        original: Some(original),
        amount,
        ..Instruction::of_legs(Vec::new())
    }
}

/// The account to credit, by its id or by its number.
fn destination(
    source: Uuid,
    id: Option<Uuid>,
    number: Option<&str>,
) -> Result<AccountRef, Problem> {
    match (id, number) {
        (Some(id), None) if id == source => Err(Problem::invalid(
            "/to_account_id",
            "must be another account than from_account_id",
        )),
        (Some(id), None) => Ok(AccountRef::Id(id)),
        (None, Some(number)) => Ok(AccountRef::Number(account_number(number)?)),
        _ => Err(Problem::invalid(
            "/to_account_id",
            "give either to_account_id or to_account_number",
        )),
    }
}

pub(super) fn reference(text: String) -> Result<String, Problem> {
    let is_too_long = text.chars().count() > REFERENCE_CHARACTERS_MAX;
    // A client that has no reference may send an empty one.
    if is_too_long || !(text.is_empty() || text::is_readable(&text)) {
        return Err(Problem::invalid(
            "/reference",
            "must have at most 140 characters, one of them visible, and no control characters",
        ));
    }
    Ok(text)
}

/// The stored form of an account number as people write and copy it. A number with wrong check
/// digits is misspelt: it is refused before the ledger looks for an account.
fn account_number(text: &str) -> Result<String, Problem> {
    let number = text::ungrouped(text).to_ascii_uppercase();
    match number.parse::<BaseIban>() {
        Ok(_) => Ok(number),
        Err(ParseBaseIbanError::InvalidFormat) => {
            Err(Problem::invalid("/to_account_number", "must be an IBAN"))
        }
        Err(ParseBaseIbanError::InvalidChecksum) => Err(Problem::invalid(
            "/to_account_number",
            "has wrong check digits: look for a misspelt letter or digit",
        )),
    }
}
