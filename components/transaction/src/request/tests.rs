//! Goal: a body becomes the one instruction that it means, or a problem that names its field.

use super::*;
use crate::tests::kit::*;
use strongroom_ledger_api::{AccountRef, BatchLine, Instruction};
use strongroom_sdk::json::from_slice;

const FROM: &str = "018f0000-0000-7000-8000-000000000001";
const TO: &str = "018f0000-0000-7000-8000-000000000002";
const OTHER: &str = "018f0000-0000-7000-8000-000000000003";

fn parse(body: &Value) -> Result<Instruction, Problem> {
    from_slice::<TransferBody>(body.to_string().as_bytes())?.into_instruction()
}

fn parse_batch(atomic: bool, lines: &[Value]) -> Result<BatchRequest, Problem> {
    let body = json!({"transfers": lines, "atomic": atomic}).to_string();
    from_slice::<BatchBody>(body.as_bytes())?.into_request()
}

fn good() -> Value {
    json!({"from_account_id": FROM, "to_account_id": TO, "amount": "12.30", "currency": "EUR",
        "reference": "rent", "metadata": {"b": "2", "a": "1"}})
}

fn with(field: &str, value: Value) -> Value {
    let mut body = good();
    body[field] = value;
    body
}

fn refused(body: &Value) -> String {
    refusal(parse(body))
}

#[test]
fn requests_that_mean_the_same_have_one_fingerprint() {
    let instruction = parse(&good()).unwrap();
    assert_eq!(instruction.amount.unwrap().minor(), 1_230);
    let fingerprint_of = |body| parse(&body).unwrap().fingerprint();
    for (field, value, is_same) in rows! {
        ("amount", json!("12.3"), true), ("metadata", json!({"a": "1", "b": "2"}), true),
        ("amount", json!("12.31"), false), ("reference", Value::Null, false),
        ("metadata", Value::Null, false), ("currency", json!("USD"), false),
        ("from_account_id", json!(OTHER), false), ("to_account_id", json!(OTHER), false),
    } {
        let other = fingerprint_of(with(field, value));
        assert_eq!(other == instruction.fingerprint(), is_same, "{field}");
    }
}

#[test]
fn amounts_of_every_wrong_shape_are_amount_invalid() {
    for amount in rows! {
        json!(12.3), json!(12), json!(null), json!([]), json!({}), json!(true), json!(""),
        json!("0"), json!("-1"), json!("+1"), json!("1e3"), json!("01"), json!("1.234"),
        json!(" 1"), json!("1,5"), json!("NaN"), json!("99999999999999999999"),
    } {
        let refused = refused(&with("amount", amount.clone()));
        assert_eq!(refused, "422 amount_invalid /amount", "{amount}");
    }
}

#[test]
fn every_other_wrong_field_is_named() {
    for (field, value, pointer) in rows! {
        ("currency", json!("XAU"), "/currency"), ("currency", json!("eur"), "/currency"),
        ("currency", json!(7), "/currency"), ("from_account_id", json!("x"), "/from_account_id"),
        ("to_account_id", json!(FROM), "/to_account_id"),
        ("to_account_id", json!(null), "/to_account_id"),
        ("to_account_number", json!("DE1"), "/to_account_id"),
        ("reference", json!("x".repeat(141)), "/reference"),
        ("reference", json!("a\nb"), "/reference"),
        ("reference", json!("\u{202e} \u{200b}"), "/reference"),
        ("metadata", json!([]), "/metadata"), ("metadata", json!({"a": 1}), "/metadata/a"),
        ("metadata", json!({"k".repeat(300): "a"}), "/metadata"),
        ("surprise", json!(1), "/surprise"),
    } {
        let expected = format!("422 validation_failed {pointer}");
        assert_eq!(refused(&with(field, value.clone())), expected, "{value}");
    }
}

#[test]
fn deposits_and_withdrawals_have_metadata_too() {
    let parse = |metadata: &Value| {
        let cash = json!({"account_id": TO, "amount": "1", "currency": "EUR"});
        let body = changed(cash, &json!({"metadata": metadata}));
        from_slice::<CashBody>(body.to_string().as_bytes())
    };
    for (metadata, stored) in rows! {
        (json!({"till": "4", "a": ""}), Some(r#"{"a":"","till":"4"}"#)),
        (Value::Null, None),
    } {
        let body = parse(&metadata).unwrap();
        for instruction in [body.clone().into_deposit(), body.into_withdrawal()] {
            assert_eq!(instruction.unwrap().metadata.as_deref(), stored);
        }
    }
    let refused = refusal(parse(&json!({"till": 4})));
    assert_eq!(refused, "422 validation_failed /metadata/till");
}

#[test]
fn a_number_is_read_as_it_is_printed() {
    let with_number = |number: &str| changed(good(), &to_number(number));
    for number in [
        "de44 5001 0517 5407 3249 31",
        "DE44\u{a0}5001-0517\t5407\u{200b}3249\u{2013}31",
    ] {
        let destination = parse(&with_number(number)).unwrap().destination;
        let stored = AccountRef::Number("DE44500105175407324931".to_owned());
        assert_eq!(destination, Some(stored), "{number:?}");
    }
    for (number, detail) in rows! {
        ("", "must be an IBAN"), (" - ", "must be an IBAN"), ("DE-1", "must be an IBAN"),
        ("\u{e9}", "must be an IBAN"), (&"1".repeat(35), "must be an IBAN"),
        ("DE44500105175407324932", "has wrong check digits: look for a misspelt letter or digit"),
    } {
        let problem = parse(&with_number(number)).unwrap_err();
        let error = &problem.errors()[0];
        assert_eq!(error.pointer, "/to_account_number", "{number:?}");
        assert_eq!(error.detail, detail, "{number:?}");
    }
}

#[test]
fn a_batch_is_bounded() {
    let text = |characters: usize| {
        let reference = "x".repeat(characters);
        changed(good(), &json!({"reference": reference, "metadata": null}))
    };
    for (line, count, is_good) in rows! {
        (good(), 0, false), (good(), 1, true), (good(), 1_000, true), (good(), 1_001, false),
        // Quotes, and a null for the metadata, are six more bytes of each line.
        (text(59), 1_000, true), (text(60), 1_000, false),
    } {
        let refused = parse_batch(true, &vec![line; count]).err();
        let pointer = refused.map(|problem| problem.errors()[0].pointer.clone());
        let expected = (!is_good).then_some("/transfers");
        assert_eq!(pointer.as_deref(), expected, "{count} lines");
    }
}

/// Our words for a refusal may change, and the client's may not.
#[test]
fn the_fingerprint_of_a_batch_has_its_bad_lines_as_they_were_written() {
    let fingerprint = |changes: Value| {
        let lines = [good(), changed(good(), &changes)];
        parse_batch(false, &lines).unwrap().fingerprint
    };
    let bad = fingerprint(json!({"amount": "1,00"}));
    assert_eq!(fingerprint(json!({"amount": "1,00"})), bad);
    assert_ne!(fingerprint(json!({"amount": "2,00"})), bad);
    let to_another = json!({"amount": "1,00", "to_account_id": OTHER});
    assert_ne!(fingerprint(to_another), bad);
}

#[test]
fn a_bad_line_is_refused_alone_or_refuses_an_atomic_batch() {
    let by_position = json!([FROM, TO, null, "1.00", "EUR", null, null]);
    let lines = [good(), with("amount", json!("0")), by_position.clone()];
    let parsed = parse_batch(false, &lines).unwrap().instruction;
    let pointers = parsed.lines.iter().map(|line| match line {
        BatchLine::Refused(refusal) => Some(refusal.pointer.as_str()),
        BatchLine::Transfer { .. } => None,
    });
    assert!(pointers.eq([None, Some("/amount"), Some("")]));

    let lines = rows! {
        good(), with("amount", json!("0")), by_position, with("surprise", json!(1)),
    };
    let problem = parse_batch(true, &lines).unwrap_err();
    let errors = problem.errors().iter();
    let errors = errors.map(|error| format!("{} {}", error.pointer, error.code));
    let expected = "/transfers/1/amount amount_invalid, /transfers/2 invalid, \
                    /transfers/3/surprise unknown_field";
    assert_eq!(errors.collect::<Vec<_>>().join(", "), expected);
    let problem = parse_batch(true, &vec![json!(7); 50]).unwrap_err();
    assert_eq!(problem.errors().len(), 20);
}
