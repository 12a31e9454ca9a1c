use super::*;
use crate::rows;

#[test]
fn a_text_with_a_visible_character_can_be_read() {
    let texts = "Ada Łukasz 李雷 محمد ok\u{202e} \u{1f468}\u{200d}\u{1f469} . \u{301}";
    for text in texts.split(' ') {
        assert!(is_readable(text), "{text:?}");
    }
}

#[test]
fn a_text_that_looks_empty_or_controls_a_device_cannot_be_read() {
    for text in rows! {
        "", " ", "Ada\n", "\u{7f}x", "a\u{85}b", "\u{2800}", " \u{2028}\u{2029} ",
        "\u{a0}\u{3000}\u{2003}", "\u{200b}\u{200c}\u{200d}\u{2060}\u{feff}",
        "\u{202a}\u{202b}\u{202d}\u{202e}\u{202c}",
        "\u{2066}\u{2067}\u{2068}\u{2069}\u{200e}\u{200f}\u{61c}",
        "\u{ad}\u{34f}\u{180e}\u{fe0f}\u{e0100}\u{e0041}", "\u{115f}\u{1160}\u{3164}\u{ffa0}",
    } {
        assert!(!is_readable(text), "{text:?}");
    }
}

#[test]
fn a_number_is_read_without_what_groups_it() {
    for text in [
        "DE44500105175407324931",
        " DE44 5001 0517 5407 3249 31\n",
        "DE44\u{a0}5001\u{202f}0517\u{2009}5407\u{3000}3249\t31",
        "DE44-5001\u{2010}0517\u{2011}5407\u{2013}3249\u{2212}31",
        "\u{feff}DE44\u{200b}5001\u{2060}0517\u{ad}5407324931\u{200f}",
    ] {
        assert_eq!(ungrouped(text), "DE44500105175407324931", "{text:?}");
    }
    assert_eq!(ungrouped("de44.x\u{e9}"), "de44.x\u{e9}");
}
