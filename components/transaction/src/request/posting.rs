//! The body of `POST /postings`.

use super::amount;
use super::body::reference;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use strongroom_ledger_api::{Direction, Instruction, LEGS_MAX, LEGS_MIN, Leg};
use strongroom_sdk::json::Unread;
use strongroom_sdk::metadata::Metadata;
use strongroom_sdk::money::{Currency, Money};
use strongroom_sdk::openapi::{Amount, CurrencyCode};
use strongroom_sdk::problem::Problem;
use utoipa::ToSchema;
use uuid::Uuid;

/// Debits and credits that are made together.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewPosting, examples(json!({
    "entries": [
        {"account_id": "0198c0de-0000-7000-8000-000000000001", "direction": "debit",
            "amount": "12.34", "currency": "EUR"},
        {"account_id": "0198c0de-0000-7000-8000-000000000002", "direction": "credit",
            "amount": "12.34", "currency": "EUR"}
    ],
    "reference": "rent", "metadata": {"order": "4711"}
})))]
pub struct PostingBody {
    #[schema(min_items = 2, max_items = 100)]
    entries: Vec<EntryBody>,
    #[schema(max_length = 140)]
    reference: Option<String>,
    metadata: Option<Metadata>,
}

/// A debit or a credit.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewEntry)]
struct EntryBody {
    account_id: Uuid,
    #[schema(inline)]
    direction: Direction,
    #[schema(value_type = Amount)]
    amount: Unread,
    #[schema(value_type = CurrencyCode)]
    currency: String,
}

impl PostingBody {
    /// The request in its canonical form.
    pub fn into_instruction(self) -> Result<Instruction, Problem> {
        if !(LEGS_MIN..=LEGS_MAX).contains(&self.entries.len()) {
            let detail = format!("must have {LEGS_MIN} to {LEGS_MAX} entries");
            return Err(Problem::invalid("/entries", detail));
        }
        let entries = self.entries.iter().enumerate();
        let legs = entries.map(|(index, entry)| entry.leg(index));
        let legs: Vec<Leg> = legs.collect::<Result<_, _>>()?;
        refuse_repeated_account(&legs)?;
        refuse_unbalanced(&legs)?;
        Ok(Instruction {
            reference: self.reference.map(reference).transpose()?,
            metadata: self.metadata.as_ref().map(Metadata::to_json),
            ..Instruction::of_legs(legs)
        })
    }
}

impl EntryBody {
    fn leg(&self, index: usize) -> Result<Leg, Problem> {
        let amount = amount::parse(&self.amount, &self.currency);
        Ok(Leg {
            account: self.account_id,
            direction: self.direction,
            amount: amount.map_err(|problem| problem.within(&format!("/entries/{index}")))?,
            denied_by: None,
        })
    }
}

fn refuse_repeated_account(legs: &[Leg]) -> Result<(), Problem> {
    let mut named = BTreeSet::new();
    match legs.iter().position(|leg| !named.insert(leg.account)) {
        Some(index) => Err(Problem::invalid(
            format!("/entries/{index}/account_id"),
            "must be of no other entry: add up what moves on one account",
        )),
        None => Ok(()),
    }
}

fn refuse_unbalanced(legs: &[Leg]) -> Result<(), Problem> {
    // At most 100 amounts of 10^15.
    let mut sums: BTreeMap<&str, (Currency, i64)> = BTreeMap::new();
    for leg in legs {
        let currency = leg.amount.currency();
        let (_, sum) = sums.entry(currency.code()).or_insert((currency, 0));
        *sum = match leg.direction {
            Direction::Debit => sum.saturating_sub(leg.amount.minor()),
            Direction::Credit => sum.saturating_add(leg.amount.minor()),
        };
    }
    let Some((currency, sum)) = sums.into_values().find(|(_, sum)| *sum != 0) else {
        return Ok(());
    };
    let more = if sum < 0 { "debits are" } else { "credits are" };
    let difference = Money::from_minor(sum.saturating_abs(), currency);
    let detail = format!("the {more} {difference} {} more", currency.code());
    Err(Problem::unprocessable(
        "posting_unbalanced",
        "The debits of each currency must equal its credits.",
    )
    .with_error("/entries", "posting_unbalanced", detail))
}
