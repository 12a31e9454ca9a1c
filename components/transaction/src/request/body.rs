//! The bodies of the calls that move money.

use super::amount::AmountField;
use super::{AccountRef, Instruction, Kind, Metadata};
use serde::Deserialize;
use strongroom_sdk::problem::Problem;
use uuid::Uuid;

/// The longest reference, in characters: that of a SEPA remittance text.
const REFERENCE_CHARACTERS_MAX: usize = 140;
/// The longest account number: that of an IBAN (ISO 13616).
const NUMBER_CHARACTERS_MAX: usize = 34;

/// The body of `POST /deposit`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DepositBody {
    account_id: Uuid,
    amount: AmountField,
    currency: String,
    reference: Option<String>,
}

/// The body of `POST /withdraw`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WithdrawBody {
    account_id: Uuid,
    amount: AmountField,
    currency: String,
    reference: Option<String>,
}

/// The body of `POST /transfer` and `POST /send`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TransferBody {
    from_account_id: Uuid,
    to_account_id: Option<Uuid>,
    to_account_number: Option<String>,
    amount: AmountField,
    currency: String,
    reference: Option<String>,
    metadata: Option<Metadata>,
}

impl DepositBody {
    /// The request in its canonical form.
    ///
    /// # Errors
    /// 422, with the field.
    pub fn into_instruction(self) -> Result<Instruction, Problem> {
        Ok(Instruction {
            kind: Kind::Deposit,
            source: None,
            destination: Some(AccountRef::Id(self.account_id)),
            amount_minor: self.amount.parse(&self.currency)?.minor(),
            currency: self.currency,
            reference: self.reference.map(reference).transpose()?,
            metadata: None,
        })
    }
}

impl WithdrawBody {
    /// The request in its canonical form.
    ///
    /// # Errors
    /// 422, with the field.
    pub fn into_instruction(self) -> Result<Instruction, Problem> {
        Ok(Instruction {
            kind: Kind::Withdrawal,
            source: Some(self.account_id),
            destination: None,
            amount_minor: self.amount.parse(&self.currency)?.minor(),
            currency: self.currency,
            reference: self.reference.map(reference).transpose()?,
            metadata: None,
        })
    }
}

impl TransferBody {
    /// The request in its canonical form.
    ///
    /// # Errors
    /// 422, with the field.
    pub fn into_instruction(self) -> Result<Instruction, Problem> {
        let destination = match (self.to_account_id, self.to_account_number) {
            (Some(id), None) if id == self.from_account_id => {
                return Err(invalid(
                    "/to_account_id",
                    "must be another account than from_account_id",
                ));
            }
            (Some(id), None) => AccountRef::Id(id),
            (None, Some(number)) => AccountRef::Number(account_number(&number)?),
            _ => {
                return Err(invalid(
                    "/to_account_id",
                    "give either to_account_id or to_account_number",
                ));
            }
        };
        Ok(Instruction {
            kind: Kind::Transfer,
            source: Some(self.from_account_id),
            destination: Some(destination),
            amount_minor: self.amount.parse(&self.currency)?.minor(),
            currency: self.currency,
            reference: self.reference.map(reference).transpose()?,
            metadata: self.metadata,
        })
    }
}

fn reference(text: String) -> Result<String, Problem> {
    let too_long = text.chars().count() > REFERENCE_CHARACTERS_MAX;
    if too_long || text.chars().any(char::is_control) {
        return Err(invalid(
            "/reference",
            "must have at most 140 characters, and no control characters",
        ));
    }
    Ok(text)
}

/// An account number as it is printed, in groups and perhaps small letters, in its one stored form.
fn account_number(text: &str) -> Result<String, Problem> {
    let number: String = text
        .chars()
        .filter(|character| *character != ' ')
        .map(|character| character.to_ascii_uppercase())
        .collect();
    let plain = number
        .chars()
        .all(|character| character.is_ascii_alphanumeric());
    if number.is_empty() || number.len() > NUMBER_CHARACTERS_MAX || !plain {
        return Err(invalid("/to_account_number", "must be an IBAN"));
    }
    Ok(number)
}

fn invalid(pointer: &str, detail: &str) -> Problem {
    Problem::validation_failed().with_error(pointer, "invalid", detail)
}
