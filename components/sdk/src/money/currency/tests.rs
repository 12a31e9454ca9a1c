use super::*;

#[test]
fn scales_are_those_of_iso_4217() {
    for (codes, scale) in [
        ("JPY KRW", 0),
        ("EUR USD", 2),
        ("KWD BHD TND", 3),
        ("CLF UYW", 4),
    ] {
        for code in codes.split(' ') {
            let currency = Currency::from_code(code).unwrap();
            assert_eq!((currency.code(), currency.scale()), (code, scale));
        }
    }
}

#[test]
fn codes_without_a_minor_unit_are_refused() {
    for code in ["XAU", "XAG", "XPT", "XPD", "XXX", "XTS", "XDR"] {
        let refused = Currency::from_code(code);
        assert_eq!(refused, Err(CurrencyError::NoMinorUnit), "{code}");
    }
}

#[test]
fn anything_but_three_capital_letters_is_refused() {
    for code in [
        "", "E", "EU", "eur", "Eur", "EURO", " EUR", "EUR ", "978", "ZZZ", "\u{20ac}",
    ] {
        let refused = Currency::from_code(code);
        assert_eq!(refused, Err(CurrencyError::Unknown), "{code:?}");
    }
}

#[test]
fn a_replaced_currency_is_known_as_such() {
    assert!(Currency::from_code("HRK").unwrap().is_superseded());
    assert!(!Currency::from_code("EUR").unwrap().is_superseded());
}
