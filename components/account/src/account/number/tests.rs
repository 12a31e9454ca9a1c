use super::*;
use proptest::prelude::*;
use strongroom_sdk::rows;

#[test]
fn the_check_digits_are_those_of_the_standard_s_example() {
    let format = NumberFormat::new("DE", "50010517").unwrap();
    assert_eq!(format.compose(5_407_324_931), "DE44500105175407324931");
}

#[test]
fn a_wrong_country_or_bank_code_is_refused() {
    for (country, bank_code) in rows! {
        ("", ""), ("XX", "1"), ("DE", "ABC"), ("de", "10000000"), ("\u{e9}", "1"),
        // What is missing would be another bank or branch for each account.
        ("DE", ""), ("DE", "1000000"), ("CH", "762"), ("GB", "STRG"),
        ("AT", "1000"), ("NO", "100"),
    } {
        let format = NumberFormat::new(country, bank_code);
        assert!(format.is_err(), "{country:?} {bank_code:?}");
    }
}

/// Countries, bank codes, and the lengths of their numbers.
const FORMATS: &[(&str, &str, usize)] = &rows! {
    ("DE", "10000000", 22), ("AT", "10000", 20), ("GB", "STRG100000", 22), ("NL", "STRG", 18),
    ("FR", "1000010000", 27), ("CH", "10000", 21),
};

proptest! {
    #[test]
    fn every_number_is_a_valid_iban(
        bytes in any::<[u8; 16]>(),
        format in prop::sample::select(FORMATS),
    ) {
        let (country, bank_code, length) = format;
        let number = NumberFormat::new(country, bank_code).unwrap().number_of(Uuid::from_bytes(bytes));
        prop_assert_eq!(number.len(), length);
        prop_assert!(number.parse::<Iban>().is_ok(), "{}", number);
    }

    #[test]
    fn one_mistyped_digit_makes_no_iban(bytes in any::<[u8; 16]>(), place in 2_usize..22, by in 1_u8..10) {
        let number = NumberFormat::new("DE", "10000000").unwrap().number_of(Uuid::from_bytes(bytes));
        let mut mistyped = number.into_bytes();
        mistyped[place] = b'0' + (mistyped[place] - b'0' + by) % 10;
        let mistyped = String::from_utf8(mistyped).unwrap();
        prop_assert!(mistyped.parse::<Iban>().is_err(), "{}", mistyped);
    }
}
