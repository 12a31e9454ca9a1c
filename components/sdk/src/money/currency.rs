//! The currencies of ISO 4217 that an account can have.

use serde::{Deserialize, Serialize};
use std::fmt;

/// The largest scale in ISO 4217 (CLF, UYW).
pub const SCALE_MAX: u32 = 4;

/// A currency that has a minor unit.
///
/// The codes whose minor unit is "n.a." in ISO 4217 (metals such as XAU, the test code XTS, XXX)
/// are no [`Currency`]: an amount of them has no defined scale.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "&'static str", try_from = "String")]
pub struct Currency {
    iso: iso_currency::Currency,
    scale: u32,
}

/// Why a text is no [`Currency`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CurrencyError {
    /// The text is no ISO 4217 code of three capital letters.
    #[error("is not an ISO 4217 currency code of three capital letters")]
    Unknown,
    /// The code has no minor unit.
    #[error("is a code without a minor unit, which cannot be held in an account")]
    NoMinorUnit,
}

impl Currency {
    /// The currency of an ISO 4217 code: exactly three capital letters.
    ///
    /// # Errors
    /// [`CurrencyError`] where there is no such code, or it has no minor unit.
    pub fn from_code(code: &str) -> Result<Self, CurrencyError> {
        if code.len() != 3 || !code.bytes().all(|byte| byte.is_ascii_uppercase()) {
            return Err(CurrencyError::Unknown);
        }
        let iso = iso_currency::Currency::from_code(code).ok_or(CurrencyError::Unknown)?;
        match iso.exponent().map(u32::from) {
            Some(scale) if scale <= SCALE_MAX => Ok(Self { iso, scale }),
            _ => Err(CurrencyError::NoMinorUnit),
        }
    }

    /// The ISO 4217 code.
    pub fn code(self) -> &'static str {
        self.iso.code()
    }

    /// How many decimal digits the minor unit has: 0 to 4.
    pub fn scale(self) -> u32 {
        self.scale
    }

    /// Whether another currency has replaced this one (EUR replaced HRK): existing accounts go on,
    /// and no new one begins.
    pub fn is_superseded(self) -> bool {
        self.iso.is_superseded().is_some()
    }
}

impl From<Currency> for &'static str {
    fn from(currency: Currency) -> Self {
        currency.code()
    }
}

impl TryFrom<String> for Currency {
    type Error = CurrencyError;

    fn try_from(code: String) -> Result<Self, CurrencyError> {
        Self::from_code(&code)
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.code())
    }
}

#[cfg(test)]
mod tests;
