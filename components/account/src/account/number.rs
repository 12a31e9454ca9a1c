//! Account numbers: IBANs (ISO 13616) of the bank's country and bank code.

use iban::Iban;
use uuid::Uuid;

/// The most digits that an account's own part has in any country.
const SERIAL_DIGITS_MAX: usize = 18;
/// The fewest digits of an account's own part: with fewer, numbers would run out or collide.
const SERIAL_DIGITS_MIN: usize = 6;

/// The form of this bank's account numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NumberFormat {
    country: String,
    bank_code: String,
    serial_digits: usize,
}

/// The country and bank code cannot make an IBAN.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "config `iban_country` {country:?} and `bank_code` {bank_code:?} make no valid IBAN: give a \
     country of the IBAN registry, and the bank code (with branch, if it has one) in the letters \
     and digits that country uses"
)]
pub struct NumberFormatError {
    country: String,
    bank_code: String,
}

impl NumberFormat {
    /// The format of a country (ISO 3166, two letters) and a bank code: the part of the IBAN that
    /// all accounts share.
    ///
    /// The IBAN registry has the length of each country's IBANs. The account's own part is what the
    /// bank code leaves.
    ///
    /// # Errors
    /// [`NumberFormatError`] where no length of the account's own part gives valid IBANs of one
    /// bank and branch.
    pub fn new(country: &str, bank_code: &str) -> Result<Self, NumberFormatError> {
        let ascii = country.is_ascii() && bank_code.is_ascii();
        (SERIAL_DIGITS_MIN..=SERIAL_DIGITS_MAX)
            .map(|serial_digits| Self {
                country: country.to_owned(),
                bank_code: bank_code.to_owned(),
                serial_digits,
            })
            .find(|format| ascii && format.has_one_bank())
            .ok_or_else(|| NumberFormatError {
                country: country.to_owned(),
                bank_code: bank_code.to_owned(),
            })
    }

    /// The number of the account with this id. Its own part comes from the id's random bits, so
    /// that a number does not reveal how many accounts there are. Two ids may have one number; then
    /// the store refuses the second.
    pub fn number_of(&self, id: Uuid) -> String {
        let (_, random) = id.as_u64_pair();
        // The two highest bits are the UUID's variant, the same in all ids.
        let number = self.compose(random & (u64::MAX >> 2));
        debug_assert!(number.parse::<Iban>().is_ok());
        number
    }

    /// Whether its numbers are IBANs of one bank and branch, whatever the account's own part is.
    fn has_one_bank(&self) -> bool {
        let [first, last] =
            [0, 999_999_999_999_999_999].map(|serial| self.compose(serial).parse::<Iban>());
        let (Ok(first), Ok(last)) = (first, last) else {
            return false;
        };
        first.bank_identifier() == last.bank_identifier()
            && first.branch_identifier() == last.branch_identifier()
    }

    fn compose(&self, serial: u64) -> String {
        let digits = self.serial_digits;
        let modulus = 10_u64.pow(u32::try_from(digits).unwrap_or_default());
        let account = format!("{}{:0digits$}", self.bank_code, serial % modulus);
        let check = 98 - remainder_97(&format!("{account}{}00", self.country));
        format!("{}{check:02}{account}", self.country)
    }
}

/// ISO 7064 MOD 97-10 over the letters (A = 10 .. Z = 35) and digits of a rearranged IBAN.
fn remainder_97(text: &str) -> u32 {
    text.chars()
        .filter_map(|character| character.to_digit(36))
        .fold(0, |remainder, value| {
            let shift = if value < 10 { 10 } else { 100 };
            (remainder * shift + value) % 97
        })
}

#[cfg(test)]
mod tests;
