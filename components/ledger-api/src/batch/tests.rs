//! Goal: every release derives the same ids and fingerprints for the lines of a batch.

use super::*;
use crate::words::Kind;
use std::collections::HashSet;
use strongroom_sdk::money::{Currency, Money};

fn batch() -> Batch {
    let eur = Currency::from_code("EUR").unwrap();
    let transfer = |denied_by| BatchLine::Transfer {
        instruction: Instruction::new(Kind::Transfer, Money::from_minor(5, eur)),
        denied_by,
    };
    Batch {
        id: Uuid::from_u128(1),
        fingerprint: [9; 32],
        authority: DebitAuthority::Bank,
        actor: Actor::BANK,
        on_behalf_of: Some(Uuid::from_u128(2)),
        request_id: Some("request".to_owned()),
        instruction: BatchInstruction {
            atomic: true,
            lines: vec![
                transfer(None),
                BatchLine::Refused(Refusal::with_the_batch()),
                transfer(Some("rule".to_owned())),
            ],
        },
        requested_at_ms: 3,
    }
}

#[test]
fn a_line_is_a_transfer_of_the_batchs_words() {
    let batch = batch();
    let transfer = batch.transfer(2).unwrap();
    let expected = Transfer {
        id: line_id(batch.id, 2),
        fingerprint: line_fingerprint(&batch.fingerprint, 2),
        authority: batch.authority,
        actor: batch.actor,
        on_behalf_of: batch.on_behalf_of,
        request_id: Some("request".to_owned()),
        instruction: transfer.instruction.clone(),
        denied_by: Some("rule".to_owned()),
        requested_at_ms: 3,
    };
    assert_eq!(transfer, expected);
    assert_eq!((batch.transfer(1), batch.transfer(3)), (None, None));
}

/// An old batch finds its lines by these.
#[test]
fn ids_and_fingerprints_never_change() {
    let digest = Sha256::digest([&b"line"[..], Uuid::from_u128(1).as_bytes()].concat());
    let mut id = [0; 16];
    id[..12].copy_from_slice(&digest[..12]);
    id[12..].copy_from_slice(&[0, 0, 1, 2]);
    // A UUID of version 8.
    id[6] = id[6] & 0x0f | 0x80;
    id[8] = id[8] & 0x3f | 0x80;
    assert_eq!(line_id(Uuid::from_u128(1), 0x102), Uuid::from_bytes(id));
    let hashed = [&b"line"[..], &[9; 32], &[0, 0, 1, 2]].concat();
    let fingerprint: [u8; 32] = Sha256::digest(hashed).into();
    assert_eq!(line_fingerprint(&[9; 32], 0x102), fingerprint);

    let ids = (0..BATCH_LINES_MAX).map(|index| line_id(Uuid::from_u128(1), index));
    let ids: Vec<_> = ids.collect();
    assert!(ids.is_sorted());
    assert_eq!(ids.iter().collect::<HashSet<_>>().len(), BATCH_LINES_MAX);
}

/// Neither the verdict of a screening nor our words for a refusal are part of the client's request.
#[test]
fn the_fingerprint_is_that_of_the_request() {
    let instruction = batch().instruction;
    let canonical = concat!(
        r#"{"atomic":true,"lines":[{"transfer":{"kind":"transfer","amount":{"minor":5,"currency":"EUR"}}},"#,
        r#""refused","#,
        r#"{"transfer":{"kind":"transfer","amount":{"minor":5,"currency":"EUR"}}}]}"#
    );
    let written = Sha256::digest(r#"{"amount":7}"#);
    let fingerprint: [u8; 32] = Sha256::digest([canonical.as_bytes(), &written].concat()).into();
    assert_eq!(instruction.fingerprint(&[r#"{"amount":7}"#]), fingerprint);
}
