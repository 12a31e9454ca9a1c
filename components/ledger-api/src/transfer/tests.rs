//! Goal: in every release a retry has the fingerprint of the first request, and no other request.

use super::*;
use crate::kit::money;

/// The stored fingerprints of every bank are made of such texts.
#[test]
fn the_canonical_form_never_changes() {
    let assert_is = |instruction: &Instruction, canonical: &str| {
        let fingerprint: [u8; 32] = Sha256::digest(canonical).into();
        assert_eq!(instruction.fingerprint(), fingerprint, "{canonical}");
    };
    let amount = money(1_230, "EUR");
    let transfer = Instruction {
        source: Some(Uuid::from_u128(1)),
        destination: Some(AccountRef::Number("DE1".to_owned())),
        reference: Some("rent".to_owned()),
        metadata: Some(r#"{"a":1}"#.to_owned()),
        ..Instruction::new(Kind::Transfer, amount)
    };
    let canonical = concat!(
        r#"{"kind":"transfer","source":"00000000-0000-0000-0000-000000000001","destination":{"number":"DE1"},"#,
        r#""amount":{"minor":1230,"currency":"EUR"},"reference":"rent","metadata":"{\"a\":1}"}"#
    );
    assert_is(&transfer, canonical);

    let hold = Instruction {
        original: Some(Uuid::from_u128(2)),
        expires_in: Some(60),
        destination: Some(AccountRef::Id(Uuid::from_u128(3))),
        ..Instruction::new(Kind::Hold, amount)
    };
    let canonical = concat!(
        r#"{"kind":"hold","destination":{"id":"00000000-0000-0000-0000-000000000003"},"#,
        r#""amount":{"minor":1230,"currency":"EUR"},"subject":"00000000-0000-0000-0000-000000000002","expires_in":60}"#
    );
    assert_is(&hold, canonical);

    let posting = Instruction::of_legs(vec![Leg {
        account: Uuid::from_u128(1),
        direction: Direction::Debit,
        amount,
        denied_by: Some("rule".to_owned()),
    }]);
    let canonical = concat!(
        r#"{"kind":"posting","legs":[{"account":"00000000-0000-0000-0000-000000000001","#,
        r#""direction":"debit","amount":{"minor":1230,"currency":"EUR"}}]}"#
    );
    assert_is(&posting, canonical);
}

#[test]
fn a_rule_is_a_short_word() {
    let [longest, too_long] = [0, 1].map(|more| "r".repeat(RULE_CHARACTERS_MAX + more));
    for good in ["r", "list_7", &longest] {
        assert!(is_rule(good), "{good}");
    }
    for wrong in ["", "List", "a rule", "r\u{e8}gle", "rule-7", &too_long] {
        assert!(!is_rule(wrong), "{wrong}");
    }
}
