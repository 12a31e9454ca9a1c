//! Goal: a body becomes the one instruction that it means, or a problem that names its field.
//! Method: bodies as JSON, through the strict reader that the routes use.

use super::*;
use serde_json::{Value, json};
use strongroom_sdk::json::from_slice;
use strongroom_sdk::problem::Problem;
use uuid::Uuid;

const FROM: &str = "018f0000-0000-7000-8000-000000000001";
const TO: &str = "018f0000-0000-7000-8000-000000000002";

fn parse(body: &Value) -> Result<Instruction, Problem> {
    from_slice::<TransferBody>(body.to_string().as_bytes())?.into_instruction()
}

fn good() -> Value {
    json!({"from_account_id": FROM, "to_account_id": TO, "amount": "12.30", "currency": "EUR", "reference": "rent",
        "metadata": {"b": "2", "a": "1"}})
}

fn with(field: &str, value: Value) -> Value {
    let mut body = good();
    body[field] = value;
    body
}

fn refusal(body: &Value) -> (u16, &'static str, String) {
    let problem = parse(body).unwrap_err();
    let pointer = problem
        .errors()
        .first()
        .map(|error| error.pointer.clone())
        .unwrap_or_default();
    (problem.status().as_u16(), problem.code(), pointer)
}

#[test]
fn requests_that_mean_the_same_have_one_fingerprint() {
    let instruction = parse(&good()).unwrap();
    assert_eq!(instruction.amount_minor, 1_230);
    for same in [
        with("amount", json!("12.3")),
        with("metadata", json!({"a": "1", "b": "2"})),
    ] {
        assert_eq!(
            parse(&same).unwrap().fingerprint(),
            instruction.fingerprint()
        );
    }
    for other in [
        with("amount", json!("12.31")),
        with("reference", Value::Null),
        with("metadata", Value::Null),
    ] {
        assert_ne!(
            parse(&other).unwrap().fingerprint(),
            instruction.fingerprint()
        );
    }
    assert_eq!(
        serde_json::from_str::<Instruction>(&instruction.to_json()).unwrap(),
        instruction
    );
}

#[test]
fn amounts_of_every_wrong_shape_are_amount_invalid() {
    for amount in [
        json!(12.3),
        json!(12),
        json!(null),
        json!([]),
        json!({}),
        json!(true),
        json!(""),
        json!("0"),
        json!("-1"),
        json!("+1"),
        json!("1e3"),
        json!("01"),
        json!("1.234"),
        json!(" 1"),
        json!("1,5"),
        json!("NaN"),
        json!("99999999999999999999"),
    ] {
        let refused = refusal(&with("amount", amount.clone()));
        assert_eq!(
            refused,
            (422, "amount_invalid", "/amount".to_owned()),
            "{amount}"
        );
    }
}

#[test]
fn every_other_wrong_field_is_named() {
    for (field, value, code) in [
        ("currency", json!("XAU"), "validation_failed"),
        ("currency", json!("eur"), "validation_failed"),
        ("currency", json!(7), "validation_failed"),
        ("from_account_id", json!("x"), "validation_failed"),
        ("to_account_id", json!(FROM), "validation_failed"),
        ("to_account_id", json!(null), "validation_failed"),
        ("reference", json!("x".repeat(141)), "validation_failed"),
        ("reference", json!("a\nb"), "validation_failed"),
        ("metadata", json!([]), "validation_failed"),
        (
            "metadata",
            json!({"a": "x".repeat(4_096)}),
            "validation_failed",
        ),
        ("surprise", json!(1), "validation_failed"),
    ] {
        assert_eq!(
            refusal(&with(field, value.clone())),
            (422, code, format!("/{field}")),
            "{value}"
        );
    }
    let many: serde_json::Map<_, _> = (0..51)
        .map(|number| (number.to_string(), json!("")))
        .collect();
    assert_eq!(
        refusal(&with("metadata", Value::Object(many))).1,
        "validation_failed"
    );
    assert_eq!(refusal(&with("metadata", json!({"a": 1}))).2, "/metadata/a");
}

#[test]
fn a_number_is_read_as_it_is_printed() {
    let mut body = with("to_account_number", json!("de44 5001 0517 5407 3249 31"));
    assert_eq!(refusal(&body).2, "/to_account_id");
    body["to_account_id"] = Value::Null;
    let destination = parse(&body).unwrap().destination;
    assert_eq!(
        destination,
        Some(AccountRef::Number("DE44500105175407324931".to_owned()))
    );
    for number in ["", " ", "DE-1", "\u{e9}", &"1".repeat(35)] {
        body["to_account_number"] = json!(number);
        assert_eq!(refusal(&body).2, "/to_account_number");
    }
}

#[test]
fn the_lines_of_a_batch_have_ids_of_their_own_side_by_side() {
    let (one, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
    let ids: Vec<Uuid> = (0..1_000).map(|index| line_id(one, index)).collect();
    assert!(ids.is_sorted(), "in the order of the lines");
    assert!(ids.windows(2).all(|pair| pair[0] != pair[1]));
    assert!(ids.iter().all(|id| id.get_version_num() == 8));
    assert!(!ids.contains(&line_id(other, 0)));
    // It never changes from release to release, or a batch that is repeated would be posted again. Computed apart from this code.
    assert_eq!(
        line_id(one, 3).to_string(),
        "0d890fa5-2091-80c2-84e3-0a4a00000003"
    );
}
