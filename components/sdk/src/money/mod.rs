//! Money: whole minor units of one currency, never a float.
//!
//! An amount is an `i64` of minor units (cents for EUR, yen for JPY). Outside it is a plain decimal string at the currency's scale.
//! What an amount may look like, and how large it may be, is decided here and nowhere else.

mod amount;
mod currency;

pub use amount::{AMOUNT_MINOR_MAX, AmountError, Money};
pub use currency::{Currency, CurrencyError};
