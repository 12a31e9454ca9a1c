//! Goal: passwords are refused if short, common, or made of the user's own words, and no others.

use super::*;
use proptest::prelude::*;
use strongroom_sdk::rows;

const EMAIL: &str = "alice.smith@example.org";

fn checked(password: &str) -> Result<(), PasswordError> {
    check(password, EMAIL, Some("Alice Q. Smith"))
}

#[test]
fn length_is_counted_in_characters() {
    assert_eq!(checked("fourteen chars"), Err(PasswordError::TooShort));
    assert_eq!(checked(&"\u{e9}".repeat(14)), Err(PasswordError::TooShort));
    assert_eq!(checked("fifteen  chars!"), Ok(()));
    assert_eq!(checked("\u{1f3e6}\u{e9}x\u{1f5dd}qz ein Haus"), Ok(()));
    let words = "tram lark oboe quay ".chars().cycle();
    let long: String = words.take(LENGTH_MAX).collect();
    assert_eq!(checked(&long), Ok(()));
    assert_eq!(checked(&format!("{long}x")), Err(PasswordError::TooLong));
}

/// One password: as keyboards write it, and with accents apart, a ligature, or wide characters.
pub(crate) const SPELLINGS: [&str; 4] = [
    "f\u{fc}nf \u{c5}le finden 42",
    "fu\u{308}nf A\u{30a}le finden 42",
    "fu\u{308}nf \u{212b}le \u{fb01}nden \u{ff14}\u{ff12}",
    "f\u{fc}nf\u{a0}\u{c5}le\u{a0}finden\u{2003}42",
];

#[test]
fn what_counts_is_the_password_after_normalization() {
    assert_eq!(SPELLINGS.map(checked), [Ok(()); 4]);
    // Fourteen letters, however many characters carry their accents.
    let decomposed = "e\u{301}a\u{300}o\u{302}".repeat(5);
    let fourteen: String = decomposed.chars().take(28).collect();
    assert_eq!(checked(&fourteen), Err(PasswordError::TooShort));
    let wide = checked("\u{ff30}\u{ff21}\u{ff33}\u{ff33}wordpassword");
    assert_eq!(wide, Err(PasswordError::Blocked));
    // One ligature of eighteen letters.
    assert_eq!(checked(&"\u{fdfa}".repeat(15)), Err(PasswordError::TooLong));
}

#[test]
fn common_patterned_and_own_words_are_blocked() {
    let passwords = "passwordpassword|PasswordPassword1|P@ssw0rdP@$$w0rd|password1234567\
        |aaaaaaaaaaaaaaa|111111111111111|abcdefghijklmnop|ponmlkjihgfedcba|1234567890123456\
        |0987654321098765|qwertyuiopasdfghjkl|1q2w3e4r5t6y7u8i|abcabcabcabcabc|xyzzyxyzzyxyzzyxyzzy\
        |strongroomstrongroom|strongroom-admin-2026|moorgnorts2026!!|alice.smith@example.org\
        |Alice Smith Alice|alicesmithexample|Smith.Alice.1985|htims.ecila.2001\
        |correct horse battery staple|123456789qwerty|manchesterunited|iloveyouiloveyou\
        |welcomewelcome12|               |!!!!!!!!!!!!!!!!|20202021202220232024";
    for password in passwords.split('|') {
        assert_eq!(checked(password), Err(PasswordError::Blocked), "{password}");
    }
}

#[test]
fn phrases_are_taken_as_they_are() {
    let passwords = "all lower case and long|  spaces at both ends are kept  \
        |seven otters juggle walnuts|kitten garden window|another password altogether\
        |nine llamas paint the quay|mein altes blaues Fahrrad|x7#kQ9!vLm2@pZ4w\
        |a\0nul is a character as well|f83hf-92kdm-s8x4z-00qpe|my alice has a red bicycle";
    for password in passwords.split('|') {
        assert_eq!(checked(password), Ok(()), "{password}");
    }
}

const OWN_WORDS: &[&str] = &rows! { "alice", "Smith", "EXAMPLE", "strongroom", "1987", "password" };

proptest! {
    #[test]
    fn random_letters_are_never_blocked(password in "[a-zA-Z]{18,60}") {
        // Eighteen random letters almost never have three known words.
        prop_assert_eq!(checked(&password), Ok(()));
    }

    #[test]
    fn a_repeated_short_block_is_always_blocked(block in "[a-z0-9]{1,6}", times in 15_usize..30) {
        prop_assert_eq!(checked(&block.repeat(times)), Err(PasswordError::Blocked));
    }

    #[test]
    fn own_words_and_years_in_any_order_are_blocked(
        parts in prop::collection::vec(prop::sample::select(OWN_WORDS), 4..8),
    ) {
        let password = parts.concat();
        prop_assume!(password.len() >= LENGTH_MIN);
        prop_assert_eq!(checked(&password), Err(PasswordError::Blocked));
    }

    #[test]
    fn no_text_panics(password in ".{0,300}", email in ".{0,40}", name in ".{0,40}") {
        let _ = check(&password, &email, Some(&name));
    }
}
