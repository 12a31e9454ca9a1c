//! The checks of a transfer that need no store.

use super::row_legs::is_balanced;
use std::collections::BTreeSet;
use strongroom_ledger_api::{
    DebitAuthority, HOLD_SECONDS_MAX, Instruction, Kind, LEGS_MAX, LEGS_MIN, LedgerError, Leg,
    REFERENCE_CHARACTERS_MAX, Transfer, is_rule,
};
use strongroom_sdk::metadata;
use strongroom_sdk::money::{AMOUNT_MINOR_MAX, Money};

/// The longest id of a request, in characters; the host has the same limit.
const REQUEST_ID_CHARACTERS_MAX: usize = 128;

/// Checks every field.
///
/// # Errors
/// [`LedgerError::Invalid`] with the name of the field.
pub fn validate(transfer: &Transfer) -> Result<(), LedgerError> {
    let instruction = &transfer.instruction;
    let ends = (
        instruction.source.is_some(),
        instruction.destination.is_some(),
        instruction.original.is_some(),
    );
    let ends_of_kind = match instruction.kind {
        Kind::Deposit => (false, true, false),
        Kind::Withdrawal => (true, false, false),
        Kind::Transfer | Kind::Hold => (true, true, false),
        Kind::Capture | Kind::Void | Kind::Expiry | Kind::Reversal => (false, false, true),
        Kind::Posting => (false, false, false),
    };
    let is_of_bank = matches!(
        instruction.kind,
        Kind::Deposit | Kind::Expiry | Kind::Reversal
    );
    let timeout_fits = match instruction.expires_in {
        None => instruction.kind != Kind::Hold,
        Some(seconds) => {
            instruction.kind == Kind::Hold && (1..=HOLD_SECONDS_MAX).contains(&seconds)
        }
    };
    let reference = instruction.reference.as_ref();
    let reference_characters = reference.map_or(0, |text| text.chars().count());
    let rule_fits = match &transfer.denied_by {
        None => true,
        // Each leg has its own.
        Some(rule) => {
            instruction.kind.is_payment() && instruction.kind != Kind::Posting && is_rule(rule)
        }
    };
    let request_id = transfer.request_id.as_ref();
    let request_id_fits =
        request_id.is_none_or(|id| (1..=REQUEST_ID_CHARACTERS_MAX).contains(&id.len()));
    let checks = [
        ("kind", ends == ends_of_kind),
        (
            "authority",
            !is_of_bank || transfer.authority == DebitAuthority::Bank,
        ),
        ("expires-in", timeout_fits),
        ("amount", amount_fits(instruction)),
        ("legs", legs_fit(instruction)),
        (
            "reference",
            reference_characters <= REFERENCE_CHARACTERS_MAX,
        ),
        (
            "metadata",
            instruction.metadata.as_deref().is_none_or(is_metadata),
        ),
        ("denied-by", rule_fits),
        ("request-id", request_id_fits),
    ];
    match checks.into_iter().find(|(_, holds)| !holds) {
        Some((field, _)) => Err(LedgerError::invalid(field)),
        None => Ok(()),
    }
}

/// Only a posting of several legs has no amount, and its reversal.
fn amount_fits(instruction: &Instruction) -> bool {
    match instruction.amount {
        Some(amount) => instruction.kind != Kind::Posting && is_amount(amount),
        None => matches!(instruction.kind, Kind::Posting | Kind::Reversal),
    }
}

fn is_amount(amount: Money) -> bool {
    (1..=AMOUNT_MINOR_MAX).contains(&amount.minor())
}

/// The legs of a posting: as many accounts, whose debits equal its credits in each currency.
fn legs_fit(instruction: &Instruction) -> bool {
    let legs = &instruction.legs;
    if instruction.kind != Kind::Posting {
        return legs.is_empty();
    }
    let accounts: BTreeSet<_> = legs.iter().map(|leg| leg.account).collect();
    let is_leg = |leg: &Leg| is_amount(leg.amount) && leg.denied_by.as_deref().is_none_or(is_rule);
    (LEGS_MIN..=LEGS_MAX).contains(&legs.len())
        && accounts.len() == legs.len()
        && legs.iter().all(is_leg)
        && is_balanced(legs.iter().map(|leg| (leg.direction, leg.amount)))
}

fn is_metadata(text: &str) -> bool {
    text.len() <= metadata::BYTES_MAX
        && serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(text).is_ok()
}
