//! Writes XML.

use quick_xml::Writer;
use quick_xml::escape::partial_escape;
use quick_xml::events::{BytesDecl, BytesEnd, BytesPI, BytesStart, BytesText, Event};
use std::borrow::Cow;
use std::io;

/// Replaces a character that XML cannot have.
const REPLACEMENT: char = '\u{fffd}';

/// Writes elements at the end of a text.
pub(super) struct Xml<'a>(Writer<&'a mut Vec<u8>>);

impl<'a> Xml<'a> {
    pub fn new(out: &'a mut Vec<u8>) -> Self {
        Self(Writer::new(out))
    }

    /// The first line of a document.
    pub fn declaration(&mut self, standalone: Option<&str>) -> io::Result<()> {
        let declaration = BytesDecl::new("1.0", Some("UTF-8"), standalone);
        self.0.write_event(Event::Decl(declaration))
    }

    pub fn instruction(&mut self, content: &str) -> io::Result<()> {
        self.0.write_event(Event::PI(BytesPI::new(content)))
    }

    /// Begins an element that [`Xml::close`] ends.
    pub fn open(&mut self, name: &str) -> io::Result<()> {
        self.0.write_event(Event::Start(BytesStart::new(name)))
    }

    /// `attribute` is a name and a value.
    pub fn open_with(&mut self, name: &str, attribute: (&str, &str)) -> io::Result<()> {
        let start = BytesStart::new(name).with_attributes([attribute]);
        self.0.write_event(Event::Start(start))
    }

    pub fn close(&mut self, name: &str) -> io::Result<()> {
        self.0.write_event(Event::End(BytesEnd::new(name)))
    }

    /// An element around others.
    pub fn around(
        &mut self,
        name: &str,
        inner: impl FnOnce(&mut Self) -> io::Result<()>,
    ) -> io::Result<()> {
        self.open(name)?;
        inner(self)?;
        self.close(name)
    }

    /// An element of text.
    pub fn text(&mut self, name: &str, text: &str) -> io::Result<()> {
        self.open(name)?;
        self.content(text)?;
        self.close(name)
    }

    /// An element of text with an attribute.
    pub fn text_with(&mut self, name: &str, attribute: (&str, &str), text: &str) -> io::Result<()> {
        self.open_with(name, attribute)?;
        self.content(text)?;
        self.close(name)
    }

    /// Quotes stay as they are: XML allows them within an element, and OFX has no entities for
    /// them.
    fn content(&mut self, text: &str) -> io::Result<()> {
        let escaped = partial_escape(clean(text));
        self.0
            .write_event(Event::Text(BytesText::from_escaped(escaped)))
    }
}

/// The text without the characters that XML 1.0 cannot have, not even by number. One character
/// replaces one, so that the text keeps its length.
fn clean(text: &str) -> Cow<'_, str> {
    if text.chars().all(is_character) {
        return Cow::Borrowed(text);
    }
    let cleaned = text.chars().map(|character| {
        if is_character(character) {
            character
        } else {
            REPLACEMENT
        }
    });
    Cow::Owned(cleaned.collect())
}

/// The production `Char` of XML 1.0, section 2.2.
fn is_character(character: char) -> bool {
    match character {
        '\t' | '\n' | '\r' => true,
        '\u{fffe}' | '\u{ffff}' => false,
        other => other >= ' ',
    }
}

#[cfg(test)]
mod tests;
