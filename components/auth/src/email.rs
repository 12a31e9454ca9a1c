//! Email addresses: as given, and as the key under which a user is known.

use email_address::{EmailAddress, Options};

/// RFC 5321 section 4.5.3.1.3, less the angle brackets.
const LENGTH_MAX: usize = 254;

/// An address that could receive mail: one `@`, a local part of at most 64 bytes, a domain of two labels or more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Email {
    given: String,
    key: String,
}

impl Email {
    /// Reads an address (RFC 5321, with the letters of RFC 6531). Quoted local parts, comments and address literals are refused:
    /// nobody has them, and each would be a second way to write an address.
    pub fn parse(text: &str) -> Option<Self> {
        let options = Options::default()
            .with_required_tld()
            .without_display_text()
            .without_domain_literal();
        let plain = !text.contains(['"', '(', ')', '\\']) && !text.chars().any(char::is_whitespace);
        if text.len() > LENGTH_MAX
            || !plain
            || EmailAddress::parse_with_options(text, options).is_err()
        {
            return None;
        }
        Some(Self {
            given: text.to_owned(),
            key: key(text),
        })
    }

    /// As the user wrote it.
    pub fn given(&self) -> &str {
        &self.given
    }

    /// In lower case: two addresses with the same key are one user's.
    pub fn key(&self) -> &str {
        &self.key
    }
}

/// The key of a text that may be no address at all, for those who only try to log in.
pub(crate) fn key(text: &str) -> String {
    text.to_lowercase()
}

#[cfg(test)]
mod tests;
