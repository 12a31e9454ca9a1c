//! Money: whole minor units of one currency, never a float.
//!
//! An amount is an `i64` of minor units (cents for EUR, yen for JPY). Clients send and read it as a
//! plain decimal string at the currency's scale. The form and the limits of amounts are rules of
//! this module alone.
//!
//! ```
//! use strongroom_sdk::money::{AmountError, Currency, Money};
//!
//! let eur = Currency::from_code("EUR").expect("a currency");
//! let amount = Money::parse_positive("12.3", eur).expect("an amount");
//! assert_eq!((amount.minor(), amount.to_string().as_str()), (1230, "12.30"));
//! assert_eq!(Money::parse_positive("0.001", eur), Err(AmountError::Scale(2)));
//! ```

mod amount;
mod currency;

pub use amount::{AMOUNT_MINOR_MAX, AmountError, Money};
pub use currency::{Currency, CurrencyError, SCALE_MAX};
