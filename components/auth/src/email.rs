//! Email addresses: as given, and as the key of a user.
//!
//! A mailbox has one key for all forms of its address. The domain is that of DNS, by UTS 46 (IDNA).
//! The same table maps the local part: lower case, and NFKC. An address is refused if this would
//! turn one of its letters into an ASCII letter, such as the Kelvin sign: no real address has one,
//! and its user would block the user of the real address.

use email_address::{EmailAddress, Options};
use icu_normalizer::uts46::Uts46MapperBorrowed;
use idna::AsciiDenyList;
use idna::uts46::{DnsLength, Hyphens, Uts46};
use std::ops::RangeInclusive;

/// RFC 5321 section 4.5.3.1.3, less the angle brackets.
const LENGTH_MAX: usize = 254;

/// Only letters, digits, hyphens, and dots, as in the names of hosts.
const DENIED_IN_DOMAINS: AsciiDenyList = AsciiDenyList::STD3;

/// Two hyphens in the third and fourth place are allowed: some mail hosts have them.
const HYPHENS: Hyphens = Hyphens::CheckFirstLast;

/// General Punctuation, which has no letters: dashes, quotes, spaces, and invisible signs.
const PUNCTUATION: RangeInclusive<char> = '\u{2000}'..='\u{206f}';

/// Letters that look like quotes.
const LETTERS_LIKE_QUOTES: [char; 11] = [
    '\u{2b9}', '\u{2ba}', '\u{2bb}', '\u{2bc}', '\u{2bd}', '\u{2be}', '\u{2bf}', '\u{2c8}',
    '\u{a78b}', '\u{a78c}', '\u{a78f}',
];

/// An address that can receive mail: one `@`, a local part of at most 64 bytes, and a domain of at
/// least two labels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Email {
    given: String,
    key: String,
}

/// Why a text is not an email address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EmailError {
    /// It has another form.
    #[error("must be an email address")]
    Malformed,
    /// It looks like another address.
    #[error(
        "must have no character before the @ that only looks like another or is invisible, and no \
        letter beside Latin ones of a script that has their shapes; write it as the mail server \
        does"
    )]
    LookAlike,
}

impl Email {
    /// Reads an address (RFC 5321, with the letters of RFC 6531). Refuses quoted local parts,
    /// comments, and address literals: they are very rare, and each would be a second way to write
    /// an address. Ignores spaces around it, which come from a phone's keyboard or a copied cell.
    pub fn parse(text: &str) -> Result<Self, EmailError> {
        let text = text.trim();
        let plain = !text.contains(['"', '(', ')', '\\']) && !text.chars().any(char::is_whitespace);
        if text.len() > LENGTH_MAX || !plain {
            return Err(EmailError::Malformed);
        }
        let (local, domain) = text.rsplit_once('@').ok_or(EmailError::Malformed)?;
        let key = format!("{}@{}", local_key(local)?, domain_key(domain)?);
        let options = Options::default()
            .with_required_tld()
            .without_display_text()
            .without_domain_literal();
        if key.len() > LENGTH_MAX || EmailAddress::parse_with_options(&key, options).is_err() {
            return Err(EmailError::Malformed);
        }
        Ok(Self {
            given: text.to_owned(),
            key,
        })
    }

    /// The address as the user wrote it.
    pub fn given(&self) -> &str {
        &self.given
    }

    /// The key, which all forms of the address share.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// The key with a domain for people: `bücher.example`, not `xn--bcher-kva.example`.
    pub fn readable_key(&self) -> String {
        // Only the domain is in Punycode. A local part may really begin with `xn--`.
        match self.key.rsplit_once('@') {
            Some((local, domain)) => {
                let (domain, _) =
                    Uts46::new().to_unicode(domain.as_bytes(), DENIED_IN_DOMAINS, HYPHENS);
                format!("{local}@{domain}")
            }
            None => self.key.clone(),
        }
    }
}

/// The key of the text in a login. No user has the key of a text that is not an address.
pub(crate) fn key(text: &str) -> String {
    Email::parse(text).map_or_else(|_| text.to_ascii_lowercase(), |email| email.key)
}

fn domain_key(domain: &str) -> Result<String, EmailError> {
    let key = Uts46::new().to_ascii(
        domain.as_bytes(),
        DENIED_IN_DOMAINS,
        HYPHENS,
        DnsLength::Verify,
    );
    key.map(String::from).map_err(|_| EmailError::Malformed)
}

fn local_key(local: &str) -> Result<String, EmailError> {
    let key = mapped(local);
    let is_mixed =
        key.chars().any(|letter| letter.is_ascii_alphabetic()) && key.chars().any(resembles_latin);
    let is_disguised = local
        .chars()
        .any(|character| !character.is_ascii() && is_disguise(character));
    if is_mixed || is_disguised {
        return Err(EmailError::LookAlike);
    }
    Ok(key)
}

fn mapped(text: &str) -> String {
    let mapper = Uts46MapperBorrowed::new();
    mapper.map_normalize(text.chars()).collect()
}

/// Whether the map turns a non-ASCII character into an ASCII one, or into nothing, or whether it is
/// punctuation.
fn is_disguise(character: char) -> bool {
    let mapped = mapped(character.encode_utf8(&mut [0; 4]));
    let is_ascii_or_unknown =
        |mapped: char| mapped.is_ascii() || mapped == char::REPLACEMENT_CHARACTER;
    mapped.is_empty()
        || mapped.contains(is_ascii_or_unknown)
        || PUNCTUATION.contains(&character)
        || LETTERS_LIKE_QUOTES.contains(&character)
}

/// Whether a letter has the shape of a Latin letter, or belongs to a script with such letters:
/// Greek, Cyrillic, Armenian, Cherokee, Coptic, Lisu, and phonetic letters.
fn resembles_latin(letter: char) -> bool {
    matches!(
        letter,
        '\u{1c0}'..='\u{1c3}'
            | '\u{250}'..='\u{2af}'
            | '\u{370}'..='\u{58f}'
            | '\u{13a0}'..='\u{13ff}'
            | '\u{1c80}'..='\u{1c8f}'
            | '\u{1d00}'..='\u{1dbf}'
            | '\u{1f00}'..='\u{1fff}'
            | '\u{2c80}'..='\u{2cff}'
            | '\u{2de0}'..='\u{2dff}'
            | '\u{a4d0}'..='\u{a4ff}'
            | '\u{a640}'..='\u{a69f}'
            | '\u{ab70}'..='\u{abbf}'
    )
}

#[cfg(test)]
mod tests;
