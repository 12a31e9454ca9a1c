//! An amount of one currency, and its text form.

use super::Currency;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The largest amount of one transfer, in minor units: ten trillion euros, or a quadrillion yen.
///
/// It is far above any payment. The sum of thousands of such amounts still fits into `i64`.
pub const AMOUNT_MINOR_MAX: i64 = 1_000_000_000_000_000;

/// The longest text of an amount within [`AMOUNT_MINOR_MAX`]: sixteen digits, and the point.
const TEXT_LENGTH_MAX: usize = 17;

/// Whole minor units of a currency. They may be negative, as a balance may.
///
/// The serialized form (`{"minor":1234,"currency":"EUR"}`) is for the bank's own records. Clients
/// send and read decimal strings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Money {
    minor: i64,
    currency: Currency,
}

/// Why a text is not an amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AmountError {
    /// Not a plain decimal: digits, perhaps with a point between digits. It has no sign, exponent,
    /// space, or leading zero.
    #[error("must be a plain decimal number such as \"12.34\"")]
    Malformed,
    /// More digits after the point than the currency has. The bank does not round amounts.
    #[error("has more decimal places than the currency's {0}")]
    Scale(u32),
    /// Zero, where an amount must be positive.
    #[error("must be greater than zero")]
    Zero,
    /// Above [`AMOUNT_MINOR_MAX`].
    #[error("is larger than the largest amount")]
    TooLarge,
}

impl Money {
    /// The amount of so many minor units.
    pub fn from_minor(minor: i64, currency: Currency) -> Self {
        Self { minor, currency }
    }

    /// Reads an amount to move: positive, within the currency's scale, at most
    /// [`AMOUNT_MINOR_MAX`].
    ///
    /// # Errors
    /// [`AmountError`], the first that applies in the order of its variants.
    pub fn parse_positive(text: &str, currency: Currency) -> Result<Self, AmountError> {
        let money = Self::parse_non_negative(text, currency)?;
        if money.minor == 0 {
            return Err(AmountError::Zero);
        }
        Ok(money)
    }

    /// Reads an amount that may be zero, such as an overdraft limit.
    ///
    /// # Errors
    /// As [`Money::parse_positive`], without [`AmountError::Zero`].
    pub fn parse_non_negative(text: &str, currency: Currency) -> Result<Self, AmountError> {
        if !is_plain_decimal(text) {
            return Err(AmountError::Malformed);
        }
        let fraction_digits = text
            .split_once('.')
            .map_or(0, |(_, fraction)| fraction.len());
        if fraction_digits > currency.scale() as usize {
            return Err(AmountError::Scale(currency.scale()));
        }
        if text.len() > TEXT_LENGTH_MAX {
            return Err(AmountError::TooLarge);
        }
        let mut decimal = Decimal::from_str_exact(text).map_err(|_| AmountError::Malformed)?;
        decimal.rescale(currency.scale());
        // Where the mantissa is too small for the scale, `rescale` sets a smaller one.
        if decimal.scale() != currency.scale() {
            return Err(AmountError::TooLarge);
        }
        match i64::try_from(decimal.mantissa()) {
            Ok(minor) if minor <= AMOUNT_MINOR_MAX => Ok(Self { minor, currency }),
            _ => Err(AmountError::TooLarge),
        }
    }

    /// The amount in minor units.
    pub fn minor(self) -> i64 {
        self.minor
    }

    /// The currency of the amount.
    pub fn currency(self) -> Currency {
        self.currency
    }
}

impl fmt::Display for Money {
    /// Writes exactly the currency's scale: `12.30` EUR, `1200` JPY, `1.234` KWD.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let decimal = Decimal::from_i128_with_scale(i128::from(self.minor), self.currency.scale());
        write!(formatter, "{decimal}")
    }
}

fn is_plain_decimal(text: &str) -> bool {
    let (whole, fraction) = match text.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (text, None),
    };
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let leading_zero = whole.len() > 1 && whole.starts_with('0');
    digits(whole) && !leading_zero && fraction.is_none_or(digits)
}

#[cfg(test)]
mod tests;
