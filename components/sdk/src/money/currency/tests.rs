use super::*;
use crate::rows;

#[test]
fn scales_are_those_of_iso_4217() {
    for (codes, scale) in rows! {
        ("JPY KRW", 0), ("EUR USD", 2), ("KWD BHD TND", 3), ("CLF UYW", 4),
    } {
        for code in codes.split(' ') {
            let currency = Currency::from_code(code).unwrap();
            assert_eq!((currency.code(), currency.scale()), (code, scale));
        }
    }
}

#[test]
fn codes_without_a_minor_unit_and_all_but_three_capital_letters_are_refused() {
    for (codes, error) in rows! {
        ("XAU|XAG|XPT|XPD|XXX|XTS|XDR", CurrencyError::NoMinorUnit),
        ("|E|EU|eur|Eur|EURO| EUR|EUR |978|ZZZ|\u{20ac}", CurrencyError::Unknown),
    } {
        for code in codes.split('|') {
            assert_eq!(Currency::from_code(code), Err(error), "{code:?}");
        }
    }
}

#[test]
fn a_replaced_currency_is_known_as_such() {
    assert!(Currency::from_code("HRK").unwrap().is_superseded());
    assert!(!Currency::from_code("EUR").unwrap().is_superseded());
}
