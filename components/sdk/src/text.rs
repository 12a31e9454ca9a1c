//! Texts that people write and read: names, references, account numbers.

use icu_properties::CodePointSetData;
use icu_properties::props::{Dash, DefaultIgnorableCodePoint};

/// An empty cell of Braille. Unicode counts it as a visible character, and no font draws it.
const BRAILLE_BLANK: char = '\u{2800}';

/// Whether people can read a text: it has a character that is drawn, and none that controls a
/// device. Of spaces, zero-width characters, fillers, and marks of the writing direction alone, it
/// would look empty in every list, and as if its owner had no name.
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

/// A number without what only groups its digits: spaces, tabs, dashes of all kinds, and the
/// characters without a width that web pages and word processors add.
pub fn ungrouped(number: &str) -> String {
    let is_dash = |character| CodePointSetData::new::<Dash>().contains(character);
    number
        .chars()
        .filter(|c| !c.is_whitespace() && !is_ignorable(*c) && !is_dash(*c))
        .collect()
}

#[cfg(test)]
mod tests;
