//! Goal: a wrong body has one problem, which points at the field and never repeats a value.

use super::*;
use crate::rows;
use crate::testing::{now, words_of};
use proptest::prelude::*;
use serde::Deserialize;
use std::collections::HashMap;

#[derive(Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
struct Credentials {
    email: String,
    password: String,
    #[serde(default)]
    legs: Vec<Leg>,
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
struct Leg {
    amount: String,
}

/// The words of the problem, and the code of its one error if it has any.
fn refusal(text: &str) -> String {
    let problem = from_slice::<Credentials>(text.as_bytes()).unwrap_err();
    assert!(!format!("{problem:?}").contains("hunter2"), "{problem:?}");
    match problem.errors() {
        [] => words_of(&problem),
        [error] => format!("{} {}", words_of(&problem), error.code),
        _ => panic!("{problem:?}"),
    }
}

/// Reads an empty object with these content-encodings.
fn with_codings(codings: &[&str]) -> Result<(), Problem> {
    let request = http::Request::builder().header("content-type", "application/json");
    let request = codings.iter().fold(request, |request, codings| {
        request.header("content-encoding", *codings)
    });
    let request = request.body("{}".into()).unwrap();
    now(Json::<HashMap<String, String>>::from_request(request, &())).map(|_| ())
}

#[test]
fn a_body_with_a_coding_in_any_place_is_415_and_names_the_supported_one() {
    for plain in [&[][..], &["identity"], &["Identity, identity"], &[""]] {
        assert!(with_codings(plain).is_ok(), "{plain:?}");
    }
    for coded in rows! {
        "gzip", "BR", "deflate", "identity, gzip", "identity|gzip", "gzip|identity", "unknown",
    } {
        let codings: Vec<_> = coded.split('|').collect();
        let problem = with_codings(&codings).unwrap_err();
        assert_eq!(problem.status(), 415, "{coded}");
        let response = problem.into_response();
        assert_eq!(response.headers()["accept-encoding"], "identity", "{coded}");
    }
}

#[test]
fn broken_json_and_a_key_twice_at_any_depth_are_a_bad_request() {
    let texts = r#"||{|{]|nul|{"email":}|{} {}|{"a":"\ud800"}"#.split('|');
    let others = rows! {
        "\u{feff}", "\u{feff}\u{feff}{}", " \u{feff}{}", &"[".repeat(10_000),
        r#"{"email":"a","email":"b","password":"p"}"#,
        r#"{"email":"a","password":"p","legs":[{"amount":"1","amount":"2"}]}"#,
        r#"{"x":{"y":[{"z":1,"\u007a":2}]}}"#,
    };
    for text in texts.chain(others) {
        assert_eq!(refusal(text), "400 bad_request", "{text}");
    }
}

#[test]
fn wrong_fields_are_pointed_at() {
    for (text, error) in rows! {
        (r#"{"email":"a"}"#, "/password missing"),
        (r#"{"email":"a","password":12}"#, "/password invalid"),
        (r#"{"email":"hunter2","password":null}"#, "/password invalid"),
        (r#"{"email":"a","password":"b","role":"admin"}"#, "/role unknown_field"),
        (r#"{"email":"a","password":"b","a/b~c":1}"#, "/a~1b~0c unknown_field"),
        (r#"{"email":"a","password":"b","legs":[{}]}"#, "/legs/0/amount missing"),
        (r#"["hunter2","b"]"#, " invalid"),
        (r#"{"legs":[{"amount":"1","fee":1}]}"#, "/legs/0/fee unknown_field"),
    } {
        assert_eq!(refusal(text), format!("422 validation_failed {error}"));
    }
}

#[test]
fn spaces_around_a_body_and_a_byte_order_mark_before_it_are_ignored() {
    for (before, after) in [(" ", " "), ("\u{feff}", "")] {
        let text = format!("{before}{{\"email\":\"\u{feff}a\",\"password\":\"b\"}}{after}");
        let login: Credentials = from_slice(text.as_bytes()).unwrap();
        assert_eq!((&*login.email, &*login.password), ("\u{feff}a", "b"));
    }
}

fn extract(content_type: Option<&'static str>, body: Vec<u8>) -> Result<Credentials, Problem> {
    let mut request = Request::new(axum::body::Body::from(body));
    if let Some(value) = content_type.map(HeaderValue::from_static) {
        request.headers_mut().insert(header::CONTENT_TYPE, value);
    }
    now(Json::<Credentials>::from_request(request, &())).map(|Json(login)| login)
}

#[test]
fn the_extractor_wants_json_of_a_bounded_size() {
    let right = br#"{"email":"a","password":"b"}"#.to_vec();
    for json in rows! {
        "application/json", "Application/JSON; charset=utf-8", "application/merge-patch+json",
    } {
        assert!(extract(Some(json), right.clone()).is_ok(), "{json}");
    }
    let form = "application/x-www-form-urlencoded";
    for content_type in [None, Some("text/plain"), Some(form)] {
        let problem = extract(content_type, right.clone()).unwrap_err();
        assert_eq!(words_of(&problem), "415 unsupported_media_type");
    }
    let padded = |length: usize| {
        let mut body = right.clone();
        body.resize(length, b' ');
        extract(Some("application/json"), body)
    };
    assert!(padded(BODY_BYTES_MAX).is_ok());
    let problem = padded(BODY_BYTES_MAX + 1).unwrap_err();
    assert_eq!(words_of(&problem), "413 payload_too_large");
}

proptest! {
    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = from_slice::<Credentials>(&bytes);
    }

    #[test]
    fn an_invalid_value_is_never_repeated(value in "[a-z]{12}", number in 1_000_000_000_i64..) {
        let whole = format!(r#"{{"email":{number},"password":"{value}"}}"#);
        for text in [whole, format!(r#"{{"email":["{value}"]}}"#)] {
            let problem = from_slice::<Credentials>(text.as_bytes()).unwrap_err();
            let document = problem.render(None, None);
            prop_assert!(!document.contains(&value), "{}", document);
            prop_assert!(!document.contains(&number.to_string()), "{}", document);
        }
    }
}

#[test]
fn a_call_without_a_body_takes_nothing_or_an_empty_object() {
    for text in ["", "{}", " { } "] {
        assert!(NoBody::from_slice(text.as_bytes()).is_ok(), "{text}");
    }
    for (text, words) in rows! {
        ("{", "400 bad_request"), (" ", "400 bad_request"), ("[]", "422 validation_failed "),
        ("null", "422 validation_failed "), ("\"\"", "422 validation_failed "),
        (r#"{"reason":"x"}"#, "422 validation_failed /reason"),
    } {
        let problem = NoBody::from_slice(text.as_bytes()).unwrap_err();
        assert_eq!(words_of(&problem), words, "{text}");
    }
}
