//! Email addresses: as given, and as the key under which a user is known.
//!
//! A mailbox has one key, however its address is written. The domain is that of DNS, by UTS 46
//! (IDNA). The local part is mapped by the same table: lower case, and NFKC. A letter that this
//! would make an ASCII one, such as the Kelvin sign, is refused: nobody has it in an address, and
//! its user would block the one of the real address.

use email_address::{EmailAddress, Options};
use icu_normalizer::uts46::Uts46MapperBorrowed;
use idna::AsciiDenyList;
use idna::uts46::{DnsLength, Hyphens, Uts46};
use std::ops::RangeInclusive;

/// RFC 5321 section 4.5.3.1.3, less the angle brackets.
const LENGTH_MAX: usize = 254;

/// Letters, digits, hyphens and dots only, as in the names of hosts.
const DENIED_IN_DOMAINS: AsciiDenyList = AsciiDenyList::STD3;

/// Some mail hosts have two hyphens in the third and fourth place.
const HYPHENS: Hyphens = Hyphens::CheckFirstLast;

/// General Punctuation, which has no letters: dashes, quotes, spaces, and invisible signs.
const PUNCTUATION: RangeInclusive<char> = '\u{2000}'..='\u{206f}';

/// An address that could receive mail: one `@`, a local part of at most 64 bytes, a domain of two labels or more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Email {
    given: String,
    key: String,
}

/// Why a text is no email address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EmailError {
    /// It is not of the form.
    #[error("must be an email address")]
    Malformed,
    /// It looks like another address than it is.
    #[error(
        "must have no character before the @ that only looks like another or is invisible, and no \
        letter beside Latin ones of a script that has their shapes; write it as the mail server does"
    )]
    LookAlike,
}

impl Email {
    /// Reads an address (RFC 5321, with the letters of RFC 6531). Quoted local parts, comments and address literals are refused:
    /// nobody has them, and each would be a second way to write an address.
    /// Spaces around it are those of a phone's keyboard or of a copied cell.
    ///
    /// # Errors
    /// [`EmailError`].
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

    /// As the user wrote it.
    pub fn given(&self) -> &str {
        &self.given
    }

    /// Two addresses with the same key are one user's.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// The key with its domain as people read it: `bücher.example`, not `xn--bcher-kva.example`.
    pub fn readable_key(&self) -> String {
        // Only the domain is in Punycode: a local part may begin with `xn--` and mean it.
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

/// The key of a text that may be no address at all, for those who only try to log in: then no user
/// has it.
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

/// Whether a character that is not ASCII is mapped to one that is, or to nothing, or is no letter.
fn is_disguise(character: char) -> bool {
    let mapped = mapped(character.encode_utf8(&mut [0; 4]));
    let is_ascii_or_unknown =
        |mapped: char| mapped.is_ascii() || mapped == char::REPLACEMENT_CHARACTER;
    mapped.is_empty() || mapped.contains(is_ascii_or_unknown) || PUNCTUATION.contains(&character)
}

/// Whether a letter has the shape of a Latin letter, or is of a script that has such letters:
/// Greek, Cyrillic, Armenian, Cherokee, Coptic, Lisu, and the letters of phonetics.
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
