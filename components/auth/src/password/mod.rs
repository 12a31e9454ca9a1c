//! Passwords: the rules, and the stored form.
//!
//! The rules are those of NIST SP 800-63B-4 section 3.1.1.2 and ASVS 5.0 V6.2: a length, and no
//! password that is common or made of words that belong to the user. There are no composition
//! rules. A password counts as received, after Unicode normalization.

mod guessable;
pub(crate) mod hash;

use icu_normalizer::ComposingNormalizerBorrowed;
use std::borrow::Cow;

/// The shortest password, in Unicode scalar values of its NFKC form. NIST asks for it where the
/// password is the only factor.
pub const LENGTH_MIN: usize = 15;

/// The longest password, in the same unit. It bounds the cost of a request.
pub const LENGTH_MAX: usize = 256;

/// Why the rules refuse a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// Fewer than [`LENGTH_MIN`] characters.
    #[error("must have at least 15 characters")]
    TooShort,
    /// More than [`LENGTH_MAX`] characters.
    #[error("must have at most 256 characters")]
    TooLong,
    /// A common password, a pattern, or one made of the user's own words.
    #[error(
        "is too easy to guess: it is common, a pattern, or made of words that are known of you"
    )]
    Blocked,
}

impl PasswordError {
    /// The stable code of the problem document.
    pub fn code(self) -> &'static str {
        match self {
            Self::TooShort => "password_too_short",
            Self::TooLong => "password_too_long",
            Self::Blocked => "password_blocked",
        }
    }
}

/// Passes a password that a user with this address and name may choose.
///
/// # Errors
/// [`PasswordError`], the first that applies in the order of its variants.
pub fn check(password: &str, email: &str, name: Option<&str>) -> Result<(), PasswordError> {
    let password = &*normalized(password);
    let length = password.chars().count();
    if length < LENGTH_MIN {
        return Err(PasswordError::TooShort);
    }
    if length > LENGTH_MAX {
        return Err(PasswordError::TooLong);
    }
    let about = [email, name.unwrap_or_default()].map(normalized);
    if guessable::is_guessable(password, about.each_ref().map(|text| &**text)) {
        return Err(PasswordError::Blocked);
    }
    Ok(())
}

/// The NFKC form, which the service measures and hashes. Keyboards and systems write the same
/// password in several ways, such as an accent apart from its letter, or digits of full width.
fn normalized(password: &str) -> Cow<'_, str> {
    ComposingNormalizerBorrowed::new_nfkc().normalize(password)
}

#[cfg(test)]
pub(crate) mod tests;
