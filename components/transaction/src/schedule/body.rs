//! A standing order, as a client requests it.

use super::calendar::{Interval, Plan};
use super::order::{OnInsufficientFunds, StandingOrder};
use crate::request::TransferBody;
use serde::Deserialize;
use serde_json::{Value, json};
use strongroom_sdk::calendar::Day;
use strongroom_sdk::openapi::{Amount, CurrencyCode};
use strongroom_sdk::problem::Problem;
use utoipa::ToSchema;

/// The most payments that a `count` may ask for: a daily payment of 27 years.
pub const COUNT_MAX: u32 = 10_000;
/// The longest pause between two payments, in the interval's unit.
pub const EVERY_MAX: u16 = 366;

/// The body of `POST /schedules`.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewStandingOrder, examples(json!({
    "from_account_id": "0198c0de-0000-7000-8000-000000000001",
    "to_account_id": "0198c0de-0000-7000-8000-000000000002",
    "amount": "12.34", "currency": "EUR", "reference": "rent",
    "start": "2099-01-31", "interval": "monthly", "count": 12
})))]
pub struct ScheduleBody {
    #[schema(value_type = Uuid)]
    from_account_id: Value,
    #[schema(value_type = Option<Uuid>)]
    to_account_id: Option<Value>,
    #[schema(value_type = Option<String>)]
    to_account_number: Option<Value>,
    #[schema(value_type = Amount)]
    amount: Value,
    #[schema(value_type = CurrencyCode)]
    currency: Value,
    #[schema(value_type = Option<String>, max_length = 140)]
    reference: Option<Value>,
    start: Day,
    #[schema(inline)]
    interval: Interval,
    #[schema(minimum = 1, maximum = 366, default = 1)]
    every: Option<u16>,
    until: Option<Day>,
    #[schema(minimum = 1, maximum = 10_000)]
    count: Option<u32>,
    #[schema(inline)]
    on_insufficient_funds: Option<OnInsufficientFunds>,
}

impl ScheduleBody {
    /// The request in its canonical form. It may start in the past: this does not know the time.
    pub fn into_order(self) -> Result<StandingOrder, Problem> {
        let every = self.every.unwrap_or(1);
        if !(1..=EVERY_MAX).contains(&every) {
            let detail = format!("must be a whole number from 1 to {EVERY_MAX}");
            return Err(Problem::invalid("/every", detail));
        }
        if self
            .count
            .is_some_and(|count| !(1..=COUNT_MAX).contains(&count))
        {
            let detail = format!("must be a whole number from 1 to {COUNT_MAX}");
            return Err(Problem::invalid("/count", detail));
        }
        if self.until.is_some() && self.count.is_some() {
            return Err(Problem::invalid("/count", "give either until or count"));
        }
        if self.until.is_some_and(|until| until < self.start) {
            return Err(Problem::invalid("/until", "must not be before start"));
        }
        let plan = Plan {
            start: self.start,
            interval: self.interval,
            every,
            until: self.until,
            count: self.count,
        };
        let on_insufficient_funds = self.on_insufficient_funds.unwrap_or_default();
        Ok(StandingOrder {
            instruction: self.into_transfer()?.into_instruction()?,
            plan,
            on_insufficient_funds,
        })
    }

    /// The body of its transfer, so that both are checked by the same code.
    fn into_transfer(self) -> Result<TransferBody, Problem> {
        let transfer = json!({
            "from_account_id": self.from_account_id,
            "to_account_id": self.to_account_id,
            "to_account_number": self.to_account_number,
            "amount": self.amount,
            "currency": self.currency,
            "reference": self.reference,
        });
        strongroom_sdk::json::from_slice(transfer.to_string().as_bytes())
    }
}
