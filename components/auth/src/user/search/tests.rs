//! Goal: a name or address is found by any of its words, however they are written.

use super::*;
use strongroom_sdk::rows;

fn parts(text: &str) -> Vec<String> {
    SearchText(fold(text)).parts().into_iter().collect()
}

#[test]
fn what_people_take_for_the_same_is_folded_to_the_same() {
    for [one, other] in rows! {
        ["M\u{dc}LLER", "mu\u{308}ller"], ["Gro\u{df}", "GROSS"], ["GRO\u{1e9e}", "gross"],
        ["\u{418}\u{412}\u{410}\u{41d}", "\u{438}\u{432}\u{430}\u{43d}"],
        ["\u{39f}\u{394}\u{3a3}", "\u{3bf}\u{3b4}\u{3c2}"], ["\u{130}STANBUL", "istanbul"],
        ["I\u{15e}IK", "\u{131}\u{15f}\u{131}k"], ["\u{212a}ate", "kate"],
        ["\u{fb01}n \u{ff21}\u{ff22}", "FIN ab"], ["\u{ff8a}\u{ff9e}", "\u{30d0}"],
    } {
        assert_eq!(fold(one), fold(other), "{one} {other}");
        assert_eq!(fold(&fold(one)), fold(one), "{one}");
    }
}

#[test]
fn a_part_begins_with_a_word_or_with_a_letter_without_case() {
    let expected = "2nd|hara-m\u{fc}ller |m\u{fc}ller 2nd|o'hara-m\u{fc}lle";
    assert_eq!(parts("O'Hara-M\u{fc}ller 2nd").join("|"), expected);
    assert_eq!(parts("\u{738b}\u{5c0f}\u{660e}").len(), 3);
    assert_eq!(parts("%_ "), [""; 0]);
}
