//! The `idempotency-key` header (draft-ietf-httpapi-idempotency-key-header).

/// The longest key, in characters.
const LENGTH_MAX: usize = 255;

/// A client's name for one request: 1 to 255 visible ASCII characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyKey(String);

/// Why a header is not an [`IdempotencyKey`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// There is no such header.
    #[error("the header is missing")]
    Missing,
    /// Twice there, empty, too long, not visible ASCII, or a quoted string that does not end.
    #[error("must be one key of 1 to 255 visible ASCII characters")]
    Invalid,
}

impl IdempotencyKey {
    /// Reads the header's values. The key may stand bare, as most clients send it, or as a quoted string (RFC 8941 section 3.3.3), as the
    /// draft asks; both name the same request.
    ///
    /// # Errors
    /// [`KeyError`].
    pub fn from_header<'a>(values: impl IntoIterator<Item = &'a [u8]>) -> Result<Self, KeyError> {
        let mut values = values.into_iter();
        let value = values.next().ok_or(KeyError::Missing)?;
        if values.next().is_some() {
            return Err(KeyError::Invalid);
        }
        let text = std::str::from_utf8(value)
            .map_err(|_| KeyError::Invalid)?
            .trim_matches([' ', '\t']);
        let key = match text.strip_prefix('"') {
            Some(quoted) => unquote(quoted).ok_or(KeyError::Invalid)?,
            None => text.to_owned(),
        };
        let visible = key.bytes().all(|byte| byte.is_ascii_graphic());
        if visible && (1..=LENGTH_MAX).contains(&key.len()) {
            Ok(Self(key))
        } else {
            Err(KeyError::Invalid)
        }
    }

    /// The key of an attempt at a standing order's date. It has spaces, and so is no client's key.
    pub(crate) fn of_schedule(schedule_id: uuid::Uuid, due: &str, attempt: u32) -> Self {
        Self(format!("schedule {schedule_id} {due} {attempt}"))
    }

    /// A key as the store has it, whether it could have come in or not.
    pub(crate) fn from_stored(text: String) -> Self {
        Self(text)
    }

    /// The key, without quotes.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The text of a quoted string whose first quote is already gone.
fn unquote(quoted: &str) -> Option<String> {
    let mut text = String::with_capacity(quoted.len());
    let mut characters = quoted.chars();
    loop {
        match characters.next()? {
            '"' => return characters.next().is_none().then_some(text),
            '\\' => match characters.next()? {
                escaped @ ('"' | '\\') => text.push(escaped),
                _ => return None,
            },
            character => text.push(character),
        }
    }
}

#[cfg(test)]
mod tests {
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
        assert_eq!(
            IdempotencyKey::from_header([b"a".as_slice(), b"a"]),
            Err(KeyError::Invalid)
        );
        assert_eq!(
            IdempotencyKey::from_header([b"\xff".as_slice()]),
            Err(KeyError::Invalid)
        );
        assert_eq!(IdempotencyKey::from_header([]), Err(KeyError::Missing));
    }
}
