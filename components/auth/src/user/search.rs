//! The search for users by a part of their name or address.
//!
//! The row of a user has the folded name and address (NFKC and case folding), so that `müller`
//! finds `MÜLLER`. The table `user_part` has the places where a part may begin, each with the
//! characters that follow. A range of its index has all users who may match, and the folded text
//! says which of them do.

use super::User;
use crate::email::Email;
use icu_normalizer::ComposingNormalizerBorrowed;
use std::collections::BTreeSet;
use strongroom_sdk::store::{StoreError, Transaction};
use uuid::Uuid;

/// The length of a part, in characters. It distinguishes most names, and the folded text the rest.
const PART_LENGTH: usize = 12;

const INSERT_PART: &str = "INSERT OR IGNORE INTO user_part (part, user) VALUES (?1, ?2)";

const DELETE_PART: &str = "DELETE FROM user_part WHERE part = ?1 AND user = ?2";

/// The text to search in: a user's folded name and address.
pub(crate) struct SearchText(String);

impl SearchText {
    pub(crate) fn of(user: &User) -> Self {
        let mut lines = vec![user.name.clone().unwrap_or_default()];
        // Every address in the store has passed `Email::parse`.
        match Email::parse(&user.email) {
            Ok(email) => {
                lines.push(email.readable_key());
                lines.push(email.key().to_owned());
                lines.dedup();
            }
            Err(_) => lines.push(user.email.clone()),
        }
        Self(fold(&lines.join("\n")))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// Writes the parts of a user, and deletes those of `old` that they no longer have.
    pub(crate) fn save_parts(
        &self,
        user: Uuid,
        old: Option<&Self>,
        transaction: &impl Transaction,
    ) -> Result<(), StoreError> {
        let (old, new) = (old.map(Self::parts).unwrap_or_default(), self.parts());
        for gone in old.difference(&new) {
            transaction.execute(DELETE_PART, &[gone.as_str().into(), user.into()])?;
        }
        for added in new.difference(&old) {
            transaction.execute(INSERT_PART, &[added.as_str().into(), user.into()])?;
        }
        Ok(())
    }

    /// A part begins at each word. In a script without cases it begins at each letter, because most
    /// of these scripts have no spaces between words.
    fn parts(&self) -> BTreeSet<String> {
        let mut before = ' ';
        let mut begins = |character: char| {
            let is_inside = before.is_alphanumeric()
                && (character.is_lowercase() || !character.is_alphabetic());
            before = character;
            character.is_alphanumeric() && !is_inside
        };
        self.0
            .char_indices()
            .filter(|(_, character)| begins(*character))
            .map(|(at, _)| first_characters(&self.0[at..]))
            .collect()
    }
}

/// A part of a name or address, as a client searches for it.
pub(crate) struct SearchPart(String);

impl SearchPart {
    pub(crate) fn new(text: &str) -> Self {
        Self(fold(text))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// All parts that may match lie between these two texts.
    pub(crate) fn range(&self) -> (String, String) {
        // Every part begins with a letter or a digit, and not with an `@`.
        let text = self
            .0
            .trim_start_matches(|character: char| !character.is_alphanumeric());
        let first = first_characters(text);
        let last = format!("{first}{}", char::MAX);
        (first, last)
    }
}

fn first_characters(text: &str) -> String {
    text.chars().take(PART_LENGTH).collect()
}

/// NFKC and case folding. Upper case alone, or lower case alone, keeps forms of one letter apart:
/// `ß` and `SS`, `ς` and `Σ`. Without its dot, the i of Turkish is like any other i.
fn fold(text: &str) -> String {
    let nfkc = ComposingNormalizerBorrowed::new_nfkc();
    let folded: String = nfkc
        .normalize(text)
        .chars()
        .flat_map(char::to_lowercase)
        .flat_map(char::to_uppercase)
        .flat_map(char::to_lowercase)
        .filter(|character| *character != '\u{307}')
        .collect();
    nfkc.normalize(&folded).into_owned()
}

#[cfg(test)]
mod tests;
