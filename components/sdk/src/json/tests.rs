//! Goal: each kind of wrong body has its one answer, which points at the field and never repeats a value.
//! Method: the named cases, then random bytes and random JSON.

use super::*;
use crate::kit::now;
use proptest::prelude::*;
use serde::Deserialize;
use std::borrow::Cow;
use std::collections::HashMap;

#[derive(Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
struct Login {
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

fn refusal(text: &str) -> (u16, &'static str, Vec<(String, Cow<'static, str>)>) {
    let problem = from_slice::<Login>(text.as_bytes()).unwrap_err();
    assert!(!format!("{problem:?}").contains("hunter2"), "{problem:?}");
    let errors = problem
        .errors()
        .iter()
        .map(|error| (error.pointer.clone(), error.code.clone()))
        .collect();
    (problem.status().as_u16(), problem.code(), errors)
}

/// What comes of an empty object with these content-encodings.
fn with_codings(codings: &[&str]) -> Result<(), Problem> {
    let request = http::Request::builder().header("content-type", "application/json");
    let request = codings.iter().fold(request, |request, codings| {
        request.header("content-encoding", *codings)
    });
    let request = request.body("{}".into()).unwrap();
    now(Json::<HashMap<String, String>>::from_request(request, &())).map(|_| ())
}

#[test]
fn a_body_with_a_coding_in_any_place_is_415_and_tells_which_is_taken() {
    for plain in [&[][..], &["identity"], &["Identity, identity"], &[""]] {
        assert!(with_codings(plain).is_ok(), "{plain:?}");
    }
    for coded in [
        &["gzip"][..],
        &["BR"],
        &["deflate"],
        &["identity, gzip"],
        &["identity", "gzip"],
        &["gzip", "identity"],
        &["unknown"],
    ] {
        let problem = with_codings(coded).unwrap_err();
        assert_eq!(problem.status(), 415, "{coded:?}");
        let answer = problem.into_response();
        assert_eq!(answer.headers()["accept-encoding"], "identity", "{coded:?}");
    }
}

#[test]
fn broken_json_is_a_bad_request() {
    for text in [
        "",
        "{",
        "{]",
        "nul",
        "{\"email\":}",
        "{} {}",
        "{\"a\":\"\\ud800\"}",
        "\u{feff}",
        "\u{feff}\u{feff}{}",
        " \u{feff}{}",
    ] {
        assert_eq!(refusal(text), (400, "bad_request", vec![]), "{text}");
    }
    assert_eq!(refusal(&"[".repeat(10_000)), (400, "bad_request", vec![]));
}

#[test]
fn a_key_twice_is_a_bad_request_at_any_depth() {
    for text in [
        r#"{"email":"a","email":"b","password":"p"}"#,
        r#"{"email":"a","password":"p","legs":[{"amount":"1","amount":"2"}]}"#,
        r#"{"x":{"y":[{"z":1,"\u007a":2}]}}"#,
    ] {
        assert_eq!(refusal(text), (400, "bad_request", vec![]), "{text}");
    }
}

#[test]
fn wrong_fields_are_pointed_at() {
    for (text, pointer, code) in [
        (r#"{"email":"a"}"#, "/password", "missing"),
        (r#"{"email":"a","password":12}"#, "/password", "invalid"),
        (
            r#"{"email":"hunter2","password":null}"#,
            "/password",
            "invalid",
        ),
        (
            r#"{"email":"a","password":"b","role":"admin"}"#,
            "/role",
            "unknown_field",
        ),
        (
            r#"{"email":"a","password":"b","a/b~c":1}"#,
            "/a~1b~0c",
            "unknown_field",
        ),
        (
            r#"{"email":"a","password":"b","legs":[{"amount":"1"},{"amount":7}]}"#,
            "/legs/1/amount",
            "invalid",
        ),
        (
            r#"{"email":"a","password":"b","legs":[{}]}"#,
            "/legs/0/amount",
            "missing",
        ),
        (
            r#"{"email":"a","password":"b","legs":[{"amount":"1","fee":1}]}"#,
            "/legs/0/fee",
            "unknown_field",
        ),
        (r#"["hunter2","b"]"#, "", "invalid"),
        (r#""hunter2""#, "", "invalid"),
    ] {
        let (status, problem, errors) = refusal(text);
        assert_eq!((status, problem), (422, "validation_failed"), "{text}");
        assert_eq!(errors.len(), 1);
        assert_eq!(errors[0], (pointer.to_owned(), code.into()), "{text}");
    }
}

#[test]
fn a_right_body_is_read() {
    let login: Login = from_slice(br#" {"email":"a","password":"b"} "#).unwrap();
    assert_eq!(login.password, "b");
}

#[test]
fn a_byte_order_mark_before_a_body_is_ignored() {
    let login: Login =
        from_slice("\u{feff}{\"email\":\"\u{feff}a\",\"password\":\"b\"}".as_bytes()).unwrap();
    assert_eq!(login.email, "\u{feff}a");
}

#[test]
fn only_json_media_types_are_json() {
    let is = |value: &'static str| {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(value));
        is_json(&headers)
    };
    assert!(is("application/json"));
    assert!(is("Application/JSON; charset=utf-8"));
    assert!(is("application/merge-patch+json"));
    assert!(!is("text/plain"));
    assert!(!is("application/x-www-form-urlencoded"));
    assert!(!is_json(&HeaderMap::new()));
}

fn extract(content_type: Option<&'static str>, body: Vec<u8>) -> Result<Login, Problem> {
    let mut request = Request::new(axum::body::Body::from(body));
    if let Some(content_type) = content_type {
        request
            .headers_mut()
            .insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    }
    now(Json::<Login>::from_request(request, &())).map(|Json(login)| login)
}

#[test]
fn the_extractor_wants_json_of_a_bounded_size() {
    let right = br#"{"email":"a","password":"b"}"#.to_vec();
    assert!(extract(Some("application/json"), right.clone()).is_ok());
    for content_type in [
        None,
        Some("text/plain"),
        Some("application/x-www-form-urlencoded"),
    ] {
        let problem = extract(content_type, right.clone()).unwrap_err();
        assert_eq!(
            (problem.status().as_u16(), problem.code()),
            (415, "unsupported_media_type")
        );
    }
    let padded = |length: usize| {
        let mut body = right.clone();
        body.resize(length, b' ');
        extract(Some("application/json"), body)
    };
    assert!(padded(BODY_BYTES_MAX).is_ok());
    let problem = padded(BODY_BYTES_MAX + 1).unwrap_err();
    assert_eq!(
        (problem.status().as_u16(), problem.code()),
        (413, "payload_too_large")
    );
}

proptest! {
    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = from_slice::<Login>(&bytes);
    }

    #[test]
    fn an_invalid_value_is_never_repeated(value in "[a-z]{12}", number in 1_000_000_000_i64..) {
        for text in [format!(r#"{{"email":{number},"password":"{value}"}}"#), format!(r#"{{"email":["{value}"]}}"#)] {
            let problem = from_slice::<Login>(text.as_bytes()).unwrap_err();
            let document = problem.render(None, None);
            prop_assert!(!document.contains(&value) && !document.contains(&number.to_string()), "{}", document);
        }
    }
}

#[test]
fn a_call_without_a_body_takes_nothing_or_an_empty_object() {
    for text in ["", "{}", " { } "] {
        assert!(NoBody::from_slice(text.as_bytes()).is_ok(), "{text}");
    }
    for (text, status, code) in [
        ("{", 400, "bad_request"),
        (" ", 400, "bad_request"),
        ("[]", 422, "validation_failed"),
        ("null", 422, "validation_failed"),
        ("\"\"", 422, "validation_failed"),
        (r#"{"reason":"x"}"#, 422, "validation_failed"),
    ] {
        let problem = NoBody::from_slice(text.as_bytes()).unwrap_err();
        assert_eq!(
            (problem.status().as_u16(), problem.code()),
            (status, code),
            "{text}"
        );
    }
    let problem = NoBody::from_slice(br#"{"reason":"x"}"#).unwrap_err();
    assert_eq!(problem.errors()[0].pointer, "/reason");
}
