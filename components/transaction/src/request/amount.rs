//! The fields `amount` and `currency`.

use strongroom_sdk::json::Unread;
use strongroom_sdk::money::{Currency, Money};
use strongroom_sdk::problem::Problem;

/// The amount of a body, in the currency of the body. The field may hold any JSON: a number is as
/// wrong an amount as `"12,34"`, and gets the same code.
pub(super) fn parse(amount: &Unread, currency_code: &str) -> Result<Money, Problem> {
    let currency = Currency::from_code(currency_code).map_err(|error| {
        Problem::validation_failed().with_error("/currency", "currency_invalid", error.to_string())
    })?;
    parse_in(amount, currency)
}

/// The amount of a body, in a known currency.
pub(super) fn parse_in(amount: &Unread, currency: Currency) -> Result<Money, Problem> {
    let text: String = amount.read().map_err(|_| {
        amount_invalid("must be a string with a plain decimal number such as \"12.34\"")
    })?;
    Money::parse_positive(&text, currency).map_err(|error| amount_invalid(error.to_string()))
}

fn amount_invalid(detail: impl Into<String>) -> Problem {
    Problem::unprocessable(
        "amount_invalid",
        "The amount is not an amount of the currency.",
    )
    .with_error("/amount", "amount_invalid", detail)
}
