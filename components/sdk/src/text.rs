//! Texts that people write and read: names, references, account numbers.

use icu_properties::CodePointSetData;
use icu_properties::props::{Dash, DefaultIgnorableCodePoint};

/// The empty Braille cell. Unicode counts it as visible, and no font draws it.
const BRAILLE_BLANK: char = '\u{2800}';

/// Whether people can read a text: it has a visible character, and no control character. A text of
/// only spaces, zero-width characters, fillers, and direction marks looks empty in every list.
///
/// ```
/// use strongroom_sdk::text::is_readable;
///
/// assert!(is_readable("Zoë"));
/// assert!(!is_readable("\u{200b} "));
/// ```
pub fn is_readable(text: &str) -> bool {
    !text.chars().any(char::is_control) && text.chars().any(is_drawn)
}

fn is_drawn(character: char) -> bool {
    !character.is_whitespace() && !is_ignorable(character) && character != BRAILLE_BLANK
}

/// Zero-width and formatting characters (Unicode's property `Default_Ignorable_Code_Point`).
fn is_ignorable(character: char) -> bool {
    CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(character)
}

/// A number without the characters that only group its digits: spaces, tabs, dashes, and the
/// zero-width characters that web pages and word processors add.
pub fn ungrouped(number: &str) -> String {
    let is_dash = |character| CodePointSetData::new::<Dash>().contains(character);
    number
        .chars()
        .filter(|c| !c.is_whitespace() && !is_ignorable(*c) && !is_dash(*c))
        .collect()
}

#[cfg(test)]
mod tests;
