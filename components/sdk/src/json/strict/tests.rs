//! Goal: a body has named members and nothing else, and its refusal is in words of JSON.
//! Method: a type with every kind of field that a body has, and each value in place of each.

use crate::json::{Unread, from_slice};
use serde::Deserialize;
use std::collections::BTreeMap;

#[derive(Debug, Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct Order {
    leg: Option<Leg>,
    legs: Option<Vec<Leg>>,
    word: Option<Word>,
    seconds: Option<u32>,
    offset: Option<i64>,
    notes: Option<BTreeMap<String, String>>,
    wrapped: Option<Wrapped>,
    nothing: Option<Nothing>,
    later: Option<Unread>,
    id: Option<uuid::Uuid>,
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
struct Leg {
    amount: String,
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(rename_all = "snake_case")]
enum Word {
    Debits,
    Credits,
}

#[derive(Debug, Deserialize, PartialEq)]
struct Wrapped(Leg);

#[derive(Debug, Deserialize)]
struct Nothing;

fn read(text: &str) -> Order {
    from_slice(text.as_bytes()).unwrap_or_else(|problem| panic!("{text}: {problem:?}"))
}

/// Where a body is wrong, and what is said of it.
fn refusal(text: &str) -> (String, String) {
    let problem = from_slice::<Order>(text.as_bytes()).expect_err(text);
    assert_eq!(problem.status().as_u16(), 422, "{text}");
    let error = &problem.errors()[0];
    (error.pointer.clone(), error.detail.clone())
}

#[test]
fn a_struct_is_an_object_at_every_depth() {
    for (text, pointer) in [
        ("[]", ""),
        (r#"[null,null,"debits"]"#, ""),
        ("[[]]", ""),
        ("null", ""),
        ("7", ""),
        (r#""text""#, ""),
        (r#"{"leg":["1.00"]}"#, "/leg"),
        (r#"{"leg":"1.00"}"#, "/leg"),
        (r#"{"legs":[{"amount":"1"},["1.00"]]}"#, "/legs/1"),
        (r#"{"wrapped":["1.00"]}"#, "/wrapped"),
        (r#"{"notes":[["a","b"]]}"#, "/notes"),
        (r#"{"nothing":[]}"#, "/nothing"),
    ] {
        let expected = (pointer.to_owned(), "must be an object".to_owned());
        assert_eq!(refusal(text), expected, "{text}");
    }
    let order = read(r#"{"leg":{"amount":"1"},"wrapped":{"amount":"2"}}"#);
    assert_eq!(order.leg.map(|leg| leg.amount).as_deref(), Some("1"));
    assert_eq!(order.wrapped.map(|it| it.0.amount).as_deref(), Some("2"));
}

#[test]
fn a_word_is_a_string() {
    assert_eq!(read(r#"{"word":"debits"}"#).word, Some(Word::Debits));
    for value in [
        r#"{"debits":null}"#,
        r#"["debits"]"#,
        "0",
        "true",
        r#""Debits""#,
    ] {
        let expected = "must be `debits` or `credits`".to_owned();
        let text = format!(r#"{{"word":{value}}}"#);
        assert_eq!(refusal(&text), ("/word".to_owned(), expected), "{text}");
    }
}

#[test]
fn an_id_is_a_string() {
    for value in ["[1,2]", "7", "{}", r#""x""#] {
        let (pointer, detail) = refusal(&format!(r#"{{"id":{value}}}"#));
        assert_eq!(
            (pointer.as_str(), detail.as_str()),
            ("/id", "must be a UUID")
        );
    }
}

#[test]
fn null_for_an_optional_member_is_none() {
    let order = read(
        r#"{"leg":null,"legs":null,"word":null,"seconds":null,"offset":null,"notes":null,"wrapped":null,
            "nothing":null,"later":null,"id":null}"#,
    );
    let Order {
        leg: None,
        legs: None,
        word: None,
        seconds: None,
        offset: None,
        notes: None,
        wrapped: None,
        nothing: None,
        later: None,
        id: None,
    } = order
    else {
        panic!("{order:?}")
    };
}

#[test]
fn a_whole_number_may_be_written_as_a_fraction_or_with_an_exponent() {
    for text in ["3600", "3600.0", "3600.000", "3.6e3", "36E+2", "360000e-2"] {
        let order = read(&format!(r#"{{"seconds":{text},"offset":-{text}}}"#));
        assert_eq!(order.seconds, Some(3_600), "{text}");
        assert_eq!(order.offset, Some(-3_600), "{text}");
    }
    assert_eq!(read(r#"{"seconds":-0.0}"#).seconds, Some(0));
    for text in [
        "3600.5",
        "-1",
        "-1.0",
        "1e30",
        "4294967296",
        "4294967296.0",
        r#""3600""#,
        "[]",
    ] {
        let refusal = refusal(&format!(r#"{{"seconds":{text}}}"#));
        let detail = "must be a whole number from 0 to 4294967295".to_owned();
        assert_eq!(refusal, ("/seconds".to_owned(), detail), "{text}");
    }
}

#[test]
fn no_refusal_names_a_type_of_the_source_code() {
    let values = [
        "[]",
        "{}",
        "7",
        "-7.5",
        "\"x\"",
        "true",
        r#"{"x":1}"#,
        "[1]",
    ];
    let fields = [
        "leg", "legs", "word", "seconds", "offset", "notes", "wrapped", "nothing", "id", "other",
    ];
    let bodies = fields
        .iter()
        .flat_map(|field| values.map(|value| format!(r#"{{"{field}":{value}}}"#)))
        .chain(values.map(str::to_owned));
    let names = [
        "struct", "variant", "Order", "Leg", "Word", "map", "sequence", "unit", "u32", "i64",
        "Option",
    ];
    for body in bodies {
        let Err(problem) = from_slice::<Order>(body.as_bytes()) else {
            continue;
        };
        let detail = &problem.errors()[0].detail;
        assert!(
            !names.iter().any(|name| detail.contains(name)),
            "{body}: {detail}"
        );
    }
}

#[test]
fn a_part_that_is_read_later_is_judged_then_and_as_strictly() {
    let later = |value: &str| read(&format!(r#"{{"later":{value}}}"#)).later.unwrap();
    assert_eq!(later(r#" "te\u0078t" "#).read::<String>().unwrap(), "text");
    assert_eq!(
        later(r#"{"amount":"1"}"#).read::<Leg>().unwrap().amount,
        "1"
    );
    for (value, pointer) in [
        (r#"["1"]"#, ""),
        (r#"{"amount":7}"#, "/amount"),
        (r#"{"amount":"1","fee":0}"#, "/fee"),
    ] {
        let problem = later(value).read::<Leg>().unwrap_err();
        assert_eq!(problem.errors()[0].pointer, pointer, "{value}");
    }
}
