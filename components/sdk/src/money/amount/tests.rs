//! Goal: a text is read as exactly its amount, or refused; a written amount reads back as itself.

use super::*;
use crate::rows;
use proptest::prelude::*;

fn currency(code: &str) -> Currency {
    Currency::from_code(code).unwrap()
}

fn any_currency() -> impl Strategy<Value = Currency> {
    prop::sample::select(vec!["JPY", "EUR", "KWD", "CLF"]).prop_map(currency)
}

#[test]
fn amounts_are_read_at_the_currency_s_scale_or_refused_each_with_its_error() {
    let long = "9".repeat(1_000);
    for (text, code, minor) in rows! {
        ("12.34", "EUR", Ok(1_234)), ("12.3", "EUR", Ok(1_230)), ("12", "EUR", Ok(1_200)),
        ("1.2", "KWD", Ok(1_200)), ("10000000000000.00", "EUR", Ok(AMOUNT_MINOR_MAX)),
        ("1000000000000000", "JPY", Ok(AMOUNT_MINOR_MAX)), ("0", "EUR", Err(AmountError::Zero)),
        ("0.00", "EUR", Err(AmountError::Zero)), ("0.001", "EUR", Err(AmountError::Scale(2))),
        ("1.0", "JPY", Err(AmountError::Scale(0))),
        ("10000000000000.01", "EUR", Err(AmountError::TooLarge)),
        (&*long, "EUR", Err(AmountError::TooLarge)),
    } {
        let money = Money::parse_positive(text, currency(code));
        assert_eq!(money.map(Money::minor), minor, "{text} {code}");
    }
    let zero = Money::parse_non_negative("0", currency("EUR"));
    assert_eq!(zero.map(Money::minor), Ok(0));
}

#[test]
fn every_wrong_shape_is_refused() {
    for text in [
        "", " ", ".", "1.", ".5", "-1", "+1", "1e3", "1E3", "01", "00", "00.10", "1,5", "1 000",
        " 1", "1 ", "1\n", "0x10", "1_000", "1.2.3", "NaN", "inf", "\u{0661}", "--", "1\0",
    ] {
        let read = Money::parse_positive(text, currency("EUR"));
        assert_eq!(read, Err(AmountError::Malformed), "{text:?}");
    }
}

proptest! {
    #[test]
    fn what_is_written_reads_back(minor in 0..=AMOUNT_MINOR_MAX, currency in any_currency()) {
        let money = Money::from_minor(minor, currency);
        prop_assert_eq!(Money::parse_non_negative(&money.to_string(), currency), Ok(money));
    }

    #[test]
    fn any_balance_is_written_at_exactly_the_scale(minor: i64, currency in any_currency()) {
        let text = Money::from_minor(minor, currency).to_string();
        let fraction_digits = text.split_once('.').map_or(0, |(_, fraction)| fraction.len());
        prop_assert_eq!(fraction_digits, currency.scale() as usize);
        prop_assert_eq!(text.replace('.', "").parse::<i64>(), Ok(minor));
    }

    #[test]
    fn no_text_panics(text in ".*", currency in any_currency()) {
        let _ = Money::parse_positive(&text, currency);
    }

    #[test]
    fn near_numbers_are_exact_or_refused(
        text in "[0-9]{0,18}\\.?[0-9]{0,6}",
        currency in any_currency(),
    ) {
        if let Ok(money) = Money::parse_positive(&text, currency) {
            let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
            prop_assert!(fraction.len() <= currency.scale() as usize);
            let digits = format!("{whole}{fraction:0<width$}", width = currency.scale() as usize);
            prop_assert_eq!(digits.parse::<i64>(), Ok(money.minor()));
            prop_assert!(money.minor() > 0 && money.minor() <= AMOUNT_MINOR_MAX);
        }
    }
}
