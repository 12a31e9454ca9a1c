//! Goal: a body has only named members, and its refusal is in words of JSON.

use crate::calendar::Day;
use crate::json::{NoBody, Unread, from_slice};
use crate::rows;
use crate::testing::told;
use serde::Deserialize;
use std::collections::BTreeMap;

#[derive(Debug, Deserialize, Default)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "the tests compare some fields by `Debug` alone")]
struct Order {
    leg: Option<Part>,
    legs: Option<Vec<Part>>,
    word: Option<Word>,
    seconds: Option<u32>,
    offset: Option<i64>,
    notes: Option<BTreeMap<String, String>>,
    wrapped: Option<Wrapped>,
    nothing: Option<Nothing>,
    later: Option<Unread>,
    id: Option<uuid::Uuid>,
    flag: Option<bool>,
    day: Option<Day>,
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
struct Part {
    amount: String,
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(rename_all = "snake_case")]
enum Word {
    Debits,
    Credits,
}

#[derive(Debug, Deserialize, PartialEq)]
struct Wrapped(Part);

#[derive(Debug, Deserialize)]
struct Nothing;

fn read(text: &str) -> Order {
    from_slice(text.as_bytes()).unwrap_or_else(|problem| panic!("{text}: {problem:?}"))
}

fn refusal(text: &str) -> String {
    told(from_slice::<Order>(text.as_bytes()))
}

#[test]
fn a_struct_is_an_object_at_every_depth() {
    let elsewhere = r#"[] [null,null,"debits"] [[]] null 7 "text""#.split(' ');
    let members = [
        (r#"{"leg":["1.00"]}"#, "/leg"),
        (r#"{"leg":"1.00"}"#, "/leg"),
        (r#"{"legs":[{"amount":"1"},["1.00"]]}"#, "/legs/1"),
        (r#"{"wrapped":["1.00"]}"#, "/wrapped"),
        (r#"{"notes":[["a","b"]]}"#, "/notes"),
        (r#"{"nothing":[]}"#, "/nothing"),
    ];
    for (text, pointer) in elsewhere.map(|text| (text, "")).chain(members) {
        let expected = format!("{pointer} must be an object");
        assert_eq!(refusal(text), expected, "{text}");
    }
    let order = read(r#"{"leg":{"amount":"1"},"wrapped":{"amount":"2"}}"#);
    assert_eq!(order.leg.map(|leg| leg.amount).as_deref(), Some("1"));
    assert_eq!(order.wrapped.map(|it| it.0.amount).as_deref(), Some("2"));
}

#[test]
fn a_word_is_a_string() {
    assert_eq!(read(r#"{"word":"debits"}"#).word, Some(Word::Debits));
    for value in r#"{"debits":null} ["debits"] 0 true "Debits""#.split(' ') {
        let refused = refusal(&format!(r#"{{"word":{value}}}"#));
        assert_eq!(refused, "/word must be `debits` or `credits`", "{value}");
    }
}

#[test]
fn a_refusal_has_the_form_that_was_expected() {
    let number = "must be a whole number from -2^63 to 2^63 - 1";
    let date = "must be a date such as 2027-01-31";
    for (field, expected, values) in [
        ("id", "must be a UUID", r#"[1,2] 7 {} "x" """#),
        ("flag", "must be true or false", r#"1 "true" [] {}"#),
        ("day", date, r#""31.1.2027" "2027-02-29" "" "x""#),
        ("offset", number, r#"1.5 "1" true [] 1e30"#),
        ("legs", "must be a list", r#"{} "x" 7"#),
    ] {
        for value in values.split(' ') {
            let refused = refusal(&format!(r#"{{"{field}":{value}}}"#));
            assert_eq!(refused, format!("/{field} {expected}"), "{value}");
        }
    }
}

#[test]
fn an_unknown_field_is_told_which_there_are() {
    for name in rows! {
        "fee", "a` b", "`, expected `x`", "x`, there are no fields", " at line 1",
    } {
        let text = serde_json::json!({"leg": {"amount": "1", name: 0}}).to_string();
        let expected = format!("/leg/{name} is not a field here; there are: amount");
        assert_eq!(refusal(&text), expected);
    }
    let refused = told(NoBody::from_slice(br#"{"x`, expected `y`":0}"#));
    assert!(refused.ends_with("is not a field here; there are none"));
}

#[test]
fn null_for_an_optional_member_is_none() {
    let members = "leg legs word seconds offset notes wrapped nothing later id flag day";
    let members: Vec<_> = members
        .split(' ')
        .map(|name| format!(r#""{name}":null"#))
        .collect();
    let order = read(&format!("{{{}}}", members.join(",")));
    assert_eq!(format!("{order:?}"), format!("{:?}", Order::default()));
}

#[test]
fn a_whole_number_may_be_written_as_a_fraction_or_with_an_exponent() {
    for text in ["3600", "3600.0", "3600.000", "3.6e3", "36E+2", "360000e-2"] {
        let order = read(&format!(r#"{{"seconds":{text},"offset":-{text}}}"#));
        assert_eq!(order.seconds, Some(3_600), "{text}");
        assert_eq!(order.offset, Some(-3_600), "{text}");
    }
    assert_eq!(read(r#"{"seconds":-0.0}"#).seconds, Some(0));
    for text in r#"3600.5 -1 -1.0 1e30 4294967296 4294967296.0 "3600" []"#.split(' ') {
        let refused = refusal(&format!(r#"{{"seconds":{text}}}"#));
        let expected = "/seconds must be a whole number from 0 to 4294967295";
        assert_eq!(refused, expected, "{text}");
    }
}

#[test]
fn no_refusal_names_a_type_of_the_source_code() {
    let values = || r#"[] {} 7 -7.5 "x" true {"x":1} [1]"#.split(' ');
    let fields = "leg legs word seconds offset notes wrapped nothing id flag day other".split(' ');
    let bodies = fields
        .flat_map(|field| values().map(move |value| format!(r#"{{"{field}":{value}}}"#)))
        .chain(values().map(str::to_owned));
    let names = "struct variant Order Part Word map sequence unit u32 i64 Option";
    for body in bodies {
        let Err(problem) = from_slice::<Order>(body.as_bytes()) else {
            continue;
        };
        let detail = &problem.errors()[0].detail;
        let is_named = names.split(' ').any(|name| detail.contains(name));
        assert!(!is_named, "{body}: {detail}");
    }
}

#[test]
fn a_part_that_is_read_later_is_judged_then_and_as_strictly() {
    let later = |value: &str| read(&format!(r#"{{"later":{value}}}"#)).later.unwrap();
    assert_eq!(later(r#" "te\u0078t" "#).read::<String>().unwrap(), "text");
    let part: Part = later(r#"{"amount":"1"}"#).read().unwrap();
    assert_eq!(part.amount, "1");
    for (value, pointer) in [
        (r#"["1"]"#, ""),
        (r#"{"amount":7}"#, "/amount"),
        (r#"{"amount":"1","fee":0}"#, "/fee"),
    ] {
        let problem = later(value).read::<Part>().unwrap_err();
        assert_eq!(problem.errors()[0].pointer, pointer, "{value}");
    }
}
