//! What a caller may do beyond their role (RFC 6749 section 3.3): `accounts:read`.

/// The longest scope, in bytes: longer than any that the host makes of a service's name.
pub const SCOPE_BYTES_MAX: usize = 128;

/// Whether it is one scope: visible ASCII characters, but neither `"` nor `\`, which a challenge
/// would have to escape.
pub fn is_scope(text: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\';
    (1..=SCOPE_BYTES_MAX).contains(&text.len()) && text.bytes().all(is_allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_is_one_word_that_a_challenge_can_quote() {
        for good in ["accounts:read", "x", "a/b.c~!#"] {
            assert!(is_scope(good), "{good}");
        }
        let long = "x".repeat(SCOPE_BYTES_MAX + 1);
        for wrong in ["", "a b", "a\"b", "a\\b", "\u{e9}", "a\n", &long] {
            assert!(!is_scope(wrong), "{wrong:?}");
        }
    }
}
