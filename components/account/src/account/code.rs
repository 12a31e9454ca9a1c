//! The code of an internal account: the bank's name for it in its books, such as `fees`.

use std::str::FromStr;
use strongroom_sdk::store::Value;
use utoipa::openapi::schema::{ObjectBuilder, Type};

/// The longest code, in characters.
pub const CODE_CHARACTERS_MAX: usize = 64;

/// 1 to [`CODE_CHARACTERS_MAX`] of `a` to `z`, `0` to `9`, and `_`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountCode(String);

/// The text is no code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must have 1 to {CODE_CHARACTERS_MAX} characters, each one of a to z, 0 to 9, and _")]
pub struct AccountCodeError;

impl AccountCode {
    /// The code as a text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

strongroom_sdk::schema!(
    AccountCode,
    ObjectBuilder::new()
        .schema_type(Type::String)
        .pattern(Some("^[a-z0-9_]{1,64}$"))
        .examples(["fees"])
);

impl FromStr for AccountCode {
    type Err = AccountCodeError;

    fn from_str(text: &str) -> Result<Self, AccountCodeError> {
        let fits = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_');
        if (1..=CODE_CHARACTERS_MAX).contains(&text.len()) && text.bytes().all(fits) {
            Ok(Self(text.to_owned()))
        } else {
            Err(AccountCodeError)
        }
    }
}

impl From<&AccountCode> for Value {
    fn from(code: &AccountCode) -> Self {
        Self::from(code.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use strongroom_sdk::rows;

    #[test]
    fn a_code_is_of_small_letters_digits_and_underscores() {
        let longest = "x".repeat(CODE_CHARACTERS_MAX);
        for good in ["a", "fees", "fx_eur_2", "_", "7", &longest] {
            assert_eq!(good.parse().as_ref().map(AccountCode::as_str), Ok(good));
        }
        let too_long = "x".repeat(CODE_CHARACTERS_MAX + 1);
        for wrong in rows! {
            "", "Fees", "fee s", "fees-2", "f\u{e9}es", "fees\n", &too_long,
        } {
            let parsed = wrong.parse::<AccountCode>();
            assert_eq!(parsed, Err(AccountCodeError), "{wrong:?}");
        }
    }
}
