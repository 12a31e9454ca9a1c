use super::*;
use crate::testing::now;

fn read(value: &str) -> Result<String, KeyError> {
    IdempotencyKey::from_header([value.as_bytes()]).map(|key| key.0)
}

#[test]
fn bare_and_quoted_keys_are_the_same() {
    assert_eq!(read("8e03978e-40d5"), Ok("8e03978e-40d5".to_owned()));
    assert_eq!(read("\"8e03978e-40d5\""), Ok("8e03978e-40d5".to_owned()));
    assert_eq!(read(r#""a\"b\\c""#), Ok(r#"a"b\c"#.to_owned()));
    for bare in ["\"", "\"a", "a\"", "\"a\"b", "\"a\\x\""] {
        assert_eq!(read(bare), Ok(bare.to_owned()));
    }
    assert_eq!(read(&"k".repeat(255)).map(|key| key.len()), Ok(255));
}

#[test]
fn everything_else_is_invalid() {
    for value in ["", " ", "a b", "\"a b\"", "\"\"", "k\u{e9}y", "a\tb"] {
        assert_eq!(read(value), Err(KeyError::Invalid), "{value:?}");
    }
    assert_eq!(read(&"k".repeat(256)), Err(KeyError::Invalid));
    let of = |values: &[&'static [u8]]| IdempotencyKey::from_header(values.iter().copied());
    assert_eq!(of(&[b"a", b"a"]), Err(KeyError::Invalid));
    assert_eq!(of(&[b"\xff"]), Err(KeyError::Invalid));
    assert_eq!(of(&[]), Err(KeyError::Missing));
}

#[test]
fn a_call_that_takes_a_key_does_without_one_and_refuses_what_is_none() {
    fn extracted(values: &[&'static str]) -> Result<Option<IdempotencyKey>, &'static str> {
        let mut request = http::Request::new(()).into_parts().0;
        for value in values {
            let value = HeaderValue::from_static(value);
            request.headers.append(IDEMPOTENCY_KEY, value);
        }
        let key = Option::<IdempotencyKey>::from_request_parts(&mut request, &());
        now(key).map_err(|problem| problem.code())
    }
    assert_eq!(extracted(&[]), Ok(None));
    assert_eq!(extracted(&["k"]), Ok(Some(IdempotencyKey("k".to_owned()))));
    assert_eq!(extracted(&[""]), Err("idempotency_key_invalid"));
    assert_eq!(extracted(&["k", "k"]), Err("idempotency_key_invalid"));
}
