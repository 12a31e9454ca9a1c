//! The id of a request: in its response, in the log, and for the component.

use http::{HeaderMap, HeaderName, HeaderValue};
use uuid::Uuid;

/// The header with the id.
pub(super) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// The longest id that a client may choose, in bytes.
const LENGTH_MAX: usize = 128;

/// The client's own id if it is plain, otherwise a new UUID v7: no client may write to the log what
/// it likes.
pub(super) fn choose(headers: &HeaderMap) -> HeaderValue {
    match headers.get(&REQUEST_ID) {
        // A copy: the original keeps the whole head in memory, and the id outlives it.
        Some(own) if is_plain(own.as_bytes()) => {
            HeaderValue::from_bytes(own.as_bytes()).unwrap_or_else(|_| new())
        }
        _ => new(),
    }
}

fn new() -> HeaderValue {
    let mut buffer = Uuid::encode_buffer();
    let text = Uuid::now_v7().hyphenated().encode_lower(&mut buffer);
    HeaderValue::from_str(text).unwrap_or(HeaderValue::from_static("-"))
}

fn is_plain(id: &[u8]) -> bool {
    let plain =
        |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b':');
    (1..=LENGTH_MAX).contains(&id.len()) && id.iter().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(own: &str) -> String {
        let mut headers = HeaderMap::new();
        headers.insert(REQUEST_ID, HeaderValue::from_bytes(own.as_bytes()).unwrap());
        choose(&headers).to_str().unwrap().to_owned()
    }

    #[test]
    fn a_plain_id_of_the_client_is_kept_and_any_other_replaced() {
        assert_eq!(chosen("order-7.retry_2"), "order-7.retry_2");
        for own in ["", "a b", "x\ty", "<script>", &"x".repeat(129)] {
            assert!(Uuid::parse_str(&chosen(own)).is_ok(), "{own}");
        }
    }
}
