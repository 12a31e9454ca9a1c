use super::*;

fn read(value: &str) -> Result<String, KeyError> {
    IdempotencyKey::from_header([value.as_bytes()]).map(|key| key.0)
}

#[test]
fn bare_and_quoted_keys_are_the_same() {
    assert_eq!(read("8e03978e-40d5"), Ok("8e03978e-40d5".to_owned()));
    assert_eq!(read("\"8e03978e-40d5\""), Ok("8e03978e-40d5".to_owned()));
    assert_eq!(read(r#""a\"b\\c""#), Ok(r#"a"b\c"#.to_owned()));
    assert_eq!(read(&"k".repeat(255)).map(|key| key.len()), Ok(255));
}

#[test]
fn everything_else_is_invalid() {
    for value in [
        "", " ", "a b", "\"a b\"", "\"a", "\"a\"b", "\"\"", "\"a\\x\"", "k\u{e9}y", "a\tb",
    ] {
        assert_eq!(read(value), Err(KeyError::Invalid), "{value:?}");
    }
    assert_eq!(read(&"k".repeat(256)), Err(KeyError::Invalid));
    let of = |values: &[&'static [u8]]| IdempotencyKey::from_header(values.iter().copied());
    assert_eq!(of(&[b"a", b"a"]), Err(KeyError::Invalid));
    assert_eq!(of(&[b"\xff"]), Err(KeyError::Invalid));
    assert_eq!(of(&[]), Err(KeyError::Missing));
}
