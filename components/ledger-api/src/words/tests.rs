//! Goal: words and codes are in stores and hash chains, so each has one value, and none changes.

use super::*;
use std::collections::HashSet;

#[test]
fn each_word_and_each_code_is_one_values_alone() {
    fn check<T>(values: &[T], word: fn(&T) -> &str, code: fn(&T) -> u8) {
        let words: HashSet<_> = values.iter().map(word).collect();
        let codes: HashSet<_> = values.iter().map(code).collect();
        assert_eq!((words.len(), codes.len()), (values.len(), values.len()));
        // Zero stands for none.
        assert!(!codes.contains(&0));
    }
    check(Kind::ALL, |it| it.as_str(), |it| it.chain_code());
    check(Status::ALL, |it| it.as_str(), |it| it.chain_code());
    check(Decline::ALL, |it| it.as_str(), |it| it.chain_code());
}

/// Instructions are serialized with the words that the store has.
#[test]
fn a_kind_has_one_word() {
    for kind in Kind::ALL {
        assert_eq!(serde_json::to_value(kind).unwrap(), kind.as_str());
        assert_eq!(Kind::from_stored(kind.as_str()), Ok(*kind));
    }
}
