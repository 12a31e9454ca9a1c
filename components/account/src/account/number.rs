//! Account numbers: IBANs (ISO 13616) of the bank's country and bank code.

use iban::Iban;
use uuid::Uuid;

/// The most digits that an account's own part has in any country.
const SERIAL_DIGITS_MAX: usize = 18;
/// The fewest digits of an account's own part: with fewer, numbers would run out or collide.
const SERIAL_DIGITS_MIN: usize = 6;

/// How this bank's account numbers look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NumberFormat {
    country: String,
    bank_code: String,
    serial_digits: usize,
}

/// The country and bank code cannot make an IBAN.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "config `iban_country` {country:?} and `bank_code` {bank_code:?} make no valid IBAN: give a country of the IBAN registry, and the bank \
     code (with branch, if it has one) in the letters and digits that country uses"
)]
pub struct NumberFormatError {
    country: String,
    bank_code: String,
}

impl NumberFormat {
    /// The format of a country (ISO 3166, two letters) and a bank code: the part of the IBAN that is the same for all accounts.
    ///
    /// The IBAN registry says how long each country's IBANs are: what the bank code leaves over is the account's own part.
    ///
    /// # Errors
    /// [`NumberFormatError`] where no length of the account's own part gives a valid IBAN.
    pub fn new(country: &str, bank_code: &str) -> Result<Self, NumberFormatError> {
        let ascii = country.is_ascii() && bank_code.is_ascii();
        (SERIAL_DIGITS_MIN..=SERIAL_DIGITS_MAX)
            .map(|serial_digits| Self {
                country: country.to_owned(),
                bank_code: bank_code.to_owned(),
                serial_digits,
            })
            .find(|format| ascii && format.compose(0).parse::<Iban>().is_ok())
            .ok_or_else(|| NumberFormatError {
                country: country.to_owned(),
                bank_code: bank_code.to_owned(),
            })
    }

    /// The number of the account with this id. Its own part comes from the id's random bits, so that numbers tell nothing of
    /// how many accounts there are; two ids may give the same number, and the store then refuses the second.
    pub fn number_of(&self, id: Uuid) -> String {
        let (_, random) = id.as_u64_pair();
        // The two highest bits are the UUID's variant, the same in all ids.
        let number = self.compose(random & (u64::MAX >> 2));
        debug_assert!(number.parse::<Iban>().is_ok());
        number
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
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_check_digits_are_those_of_the_standard_s_example() {
        let format = NumberFormat::new("DE", "50010517").unwrap();
        assert_eq!(format.compose(5_407_324_931), "DE44500105175407324931");
    }

    #[test]
    fn countries_with_other_shapes_work() {
        for (country, bank_code, length) in [
            ("DE", "10000000", 22),
            ("AT", "10000", 20),
            ("GB", "STRG100000", 22),
            ("NL", "STRG", 18),
            ("FR", "1000010000", 27),
            ("CH", "10000", 21),
        ] {
            let number = NumberFormat::new(country, bank_code)
                .map(|format| format.number_of(Uuid::now_v7()));
            assert_eq!(number.as_ref().map(String::len), Ok(length), "{country}");
        }
    }

    #[test]
    fn a_wrong_country_or_bank_code_is_refused() {
        for (country, bank_code) in [
            ("", ""),
            ("XX", "1"),
            ("DE", "ABC"),
            ("de", "10000000"),
            ("\u{e9}", "1"),
        ] {
            assert!(
                NumberFormat::new(country, bank_code).is_err(),
                "{country:?} {bank_code:?}"
            );
        }
    }

    const FORMATS: &[(&str, &str)] = &[
        ("DE", "10000000"),
        ("AT", "10000"),
        ("GB", "STRG100000"),
        ("NL", "STRG"),
        ("FR", "1000010000"),
        ("CH", "10000"),
    ];

    /// ISO 7064 as the standard writes it: the digits as one number, modulo 97.
    fn checks(number: &str) -> bool {
        let (front, account) = number.split_at(4);
        let digits: String = format!("{account}{front}")
            .chars()
            .map(|character| character.to_digit(36).unwrap().to_string())
            .collect();
        let remainder = |remainder: u32, digit: u8| (remainder * 10 + u32::from(digit - b'0')) % 97;
        digits.bytes().fold(0, remainder) == 1
    }

    proptest! {
        #[test]
        fn every_number_is_a_valid_iban(bytes in any::<[u8; 16]>(), format in 0..FORMATS.len()) {
            let (country, bank_code) = FORMATS[format];
            let number = NumberFormat::new(country, bank_code).unwrap().number_of(Uuid::from_bytes(bytes));
            prop_assert!(checks(&number) && number.parse::<Iban>().is_ok(), "{}", number);
        }

        #[test]
        fn one_mistyped_digit_makes_no_iban(bytes in any::<[u8; 16]>(), place in 2_usize..22, by in 1_u8..10) {
            let number = NumberFormat::new("DE", "10000000").unwrap().number_of(Uuid::from_bytes(bytes));
            let mut mistyped = number.into_bytes();
            mistyped[place] = b'0' + (mistyped[place] - b'0' + by) % 10;
            let mistyped = String::from_utf8(mistyped).unwrap();
            prop_assert!(!checks(&mistyped) && mistyped.parse::<Iban>().is_err(), "{}", mistyped);
        }
    }
}
