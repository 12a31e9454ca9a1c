//! Goal: every release derives the same ids and fingerprints for the lines of a batch.

use super::*;
use crate::kit::{batch, money, refusal, transfer};
use crate::words::Kind;
use std::collections::HashSet;

#[test]
fn a_line_is_a_transfer_of_the_batchs_words() {
    let batch = batch();
    let expected = Transfer {
        id: line_id(batch.id, 1),
        fingerprint: line_fingerprint(&batch.fingerprint, 1),
        authority: batch.authority,
        requested_at_ms: batch.requested_at_ms,
        ..transfer()
    };
    let lines = [0, 1, 2].map(|index| batch.transfer(index));
    assert_eq!(lines, [None, Some(expected), None]);
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
    let line = |denied_by| BatchLine::Transfer {
        instruction: Instruction::new(Kind::Transfer, money(5, "EUR")),
        denied_by,
    };
    let denied = line(Some("rule".to_owned()));
    let instruction = BatchInstruction {
        atomic: true,
        lines: vec![line(None), BatchLine::Refused(refusal()), denied],
    };
    let canonical = concat!(
        r#"{"atomic":true,"lines":[{"transfer":{"kind":"transfer","amount":{"minor":5,"currency":"EUR"}}},"#,
        r#""refused","#,
        r#"{"transfer":{"kind":"transfer","amount":{"minor":5,"currency":"EUR"}}}]}"#
    );
    let written = Sha256::digest(r#"{"amount":7}"#);
    let fingerprint: [u8; 32] = Sha256::digest([canonical.as_bytes(), &written].concat()).into();
    assert_eq!(instruction.fingerprint(&[r#"{"amount":7}"#]), fingerprint);
}
