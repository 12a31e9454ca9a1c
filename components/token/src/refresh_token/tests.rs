//! Goal: a token reads back, follows from its predecessor alone, and cannot be invented.

use super::*;
use proptest::prelude::*;

prop_compose! {
    fn any_token()(session: u128, key: [u8; 32], secret: [u8; 32], rotations in 0..4)
        -> (RefreshToken, SessionKey)
    {
        let mut token = RefreshToken::first(Uuid::from_u128(session), &key, secret);
        for _ in 0..rotations {
            token = token.successor(&key).unwrap();
        }
        (token, key)
    }
}

proptest! {
    #[test]
    fn a_token_reads_back((token, key) in any_token()) {
        let read = RefreshToken::parse(&token.to_text()).unwrap();
        prop_assert!(read.is_authentic(&key));
        prop_assert!(read == token);
    }

    #[test]
    fn a_successor_is_always_the_same_and_never_its_predecessor((token, key) in any_token()) {
        let next = token.successor(&key).unwrap();
        prop_assert!(next == token.successor(&key).unwrap());
        prop_assert!(next.is_authentic(&key));
        prop_assert_eq!(next.counter(), token.counter() + 1);
        prop_assert_ne!(next.hash(), token.hash());
    }

    #[test]
    fn a_token_alone_does_not_tell_its_successor((token, key) in any_token(), other_key: [u8; 32]) {
        prop_assume!(key != other_key);
        prop_assert!(!token.is_authentic(&other_key));
        let [one, other] = [key, other_key].map(|key| token.successor(&key).unwrap().hash());
        prop_assert_ne!(one, other);
    }

    #[test]
    fn no_flipped_bit_is_authentic((token, key) in any_token(), bit in 16_usize * 8..LENGTH * 8) {
        let text = token.to_text();
        let mut bytes = URL_SAFE_NO_PAD.decode(&text[PREFIX.len()..]).unwrap();
        bytes[bit / 8] ^= 1 << (bit % 8);
        let text = format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes));
        prop_assert!(!RefreshToken::parse(&text).unwrap().is_authentic(&key));
    }

    #[test]
    fn no_text_panics(text in ".*", tail in "[A-Za-z0-9_=-]{0,100}") {
        let _ = RefreshToken::parse(&text);
        let _ = RefreshToken::parse(&format!("{PREFIX}{tail}"));
    }

    #[test]
    fn only_the_exact_text_is_a_token((token, _) in any_token(), extra in "[A-Za-z0-9=. ]{1,4}") {
        let text = token.to_text();
        prop_assert!(RefreshToken::parse(&[&*text, &*extra].concat()).is_none());
        prop_assert!(RefreshToken::parse(&text[..text.len() - 1]).is_none());
        prop_assert!(RefreshToken::parse(text.trim_start_matches(PREFIX)).is_none());
    }
}

#[test]
fn debug_does_not_show_the_secret() {
    let token = RefreshToken::first(Uuid::nil(), &[7; 32], [9; 32]);
    let shown = "RefreshToken { session: 00000000-0000-0000-0000-000000000000, counter: 0, .. }";
    assert_eq!(format!("{token:?}"), shown);
}
