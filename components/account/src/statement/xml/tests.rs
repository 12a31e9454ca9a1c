use super::*;
use strongroom_sdk::rows;

#[test]
fn text_comes_back_as_it_was_but_for_characters_that_xml_cannot_have() {
    for (text, read) in rows! {
        ("rent & <b>\"'", "rent & <b>\"'"),
        ("]]>", "]]>"),
        (" a\tb\nc\rd\r\ne ", " a\tb\nc\rd\r\ne "),
        ("caf\u{e9} \u{7f}\u{85}\u{2028}\u{1f99d}", "caf\u{e9} \u{7f}\u{85}\u{2028}\u{1f99d}"),
        ("a\u{0}b\u{8}c\u{b}\u{1f}", "a\u{fffd}b\u{fffd}c\u{fffd}\u{fffd}"),
        ("\u{fffd}\u{fffe}\u{ffff}", "\u{fffd}\u{fffd}\u{fffd}"),
    } {
        let mut out = Vec::new();
        let attribute = ("a", "\"<&>\n");
        Xml::new(&mut out).text_with("T", attribute, text).unwrap();
        let out = String::from_utf8(out).unwrap();
        let document = roxmltree::Document::parse(&out).unwrap();
        let root = document.root_element();
        assert_eq!(root.text(), Some(read), "{out}");
        assert_eq!(root.attribute("a"), Some("\"<&>\n"));
    }
}
