//! Goal: words and codes are in stores and hash chains, so each belongs to one value, and none ever
//! changes.

use super::*;
use std::collections::HashSet;

#[test]
fn each_word_and_each_code_is_one_values_alone() {
    fn check(values: &[(&str, u8)]) {
        let words: HashSet<_> = values.iter().map(|(word, _)| word).collect();
        let codes: HashSet<_> = values.iter().map(|(_, code)| code).collect();
        assert_eq!((words.len(), codes.len()), (values.len(), values.len()));
        // Zero stands for none.
        assert!(!codes.contains(&0));
    }
    let of = |all: &[Kind]| {
        all.iter()
            .map(|it| (it.as_str(), it.chain_code()))
            .collect::<Vec<_>>()
    };
    check(&of(Kind::ALL));
    let of = |all: &[Status]| {
        all.iter()
            .map(|it| (it.as_str(), it.chain_code()))
            .collect::<Vec<_>>()
    };
    check(&of(Status::ALL));
    let of = |all: &[Decline]| {
        all.iter()
            .map(|it| (it.as_str(), it.chain_code()))
            .collect::<Vec<_>>()
    };
    check(&of(Decline::ALL));
}

/// Instructions are serialized with the words that the store has.
#[test]
fn a_kind_has_one_word() {
    for kind in Kind::ALL {
        let word = serde_json::to_value(kind).unwrap();
        assert_eq!(word, kind.as_str());
        assert_eq!(Kind::from_stored(kind.as_str()), Ok(*kind));
    }
}
