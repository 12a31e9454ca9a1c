//! Goal: queries find all recorded rows, in their order, for the users whom they concern.

use super::*;
use strongroom_ledger_api::{LOOKUP_IDS_MAX, Resolution};

#[test]
fn a_part_of_the_journal_is_short_where_its_texts_are_long_and_no_row_is_left_out() {
    let (store, from, to) = empty_bank();
    deposit(&store, 1, &from, 10_000);
    let words = format!("{{\"a\":\"{}\"}}", "x".repeat(4_000));
    for id in 2..=900 {
        let mut payment = pay(id, &from, &to, 1);
        payment.instruction.metadata = Some(words.clone());
        first(&store, &payment);
    }
    let parts = parts(|after| journal(&store, after, 1_000).unwrap());
    // A thousand rows with the longest texts would exceed the host's limit.
    assert!(parts.iter().all(|part| part.len() < 600));
    let sequences = parts.iter().flatten().map(|posting| posting.sequence);
    assert_eq!(sequences.collect::<Vec<_>>(), (1..=900).collect::<Vec<_>>());
    assert_eq!(journal(&store, 0, 3).unwrap().len(), 3);
}

#[test]
fn the_postings_of_many_ids_come_in_the_order_of_the_ids() {
    let (store, from, to) = bank();
    for id in 2..=60 {
        first(&store, &pay(id, &from, &to, 1));
    }
    // Some unknown, and some twice.
    let asked = || (0..LOOKUP_IDS_MAX as u128).map(|place| place * 7 % 83);
    let ids: Vec<_> = asked().map(Uuid::from_u128).collect();
    let found = lookup_many(&store, &ids).unwrap();
    let found: Vec<_> = found.into_iter().map(|one| one.map(|one| one.id)).collect();
    let expected = asked().map(|id| (1..=60).contains(&id).then(|| Uuid::from_u128(id)));
    assert_eq!(found, expected.collect::<Vec<_>>());
    assert_eq!(lookup_many(&store, &[]).unwrap(), []);
    let too_many = vec![Uuid::nil(); LOOKUP_IDS_MAX + 1];
    let invalid = Err(LedgerError::invalid("ids"));
    assert_eq!(lookup_many(&store, &too_many), invalid);
}

#[test]
fn only_lookups_have_resolutions() {
    let (store, from, to) = bank();
    let payment = first(&store, &pay(2, &from, &to, 300));
    let reversal = first(&store, &holds::of_original(3, Kind::Reversal, 2, 300));
    let mut resolved = payment.clone();
    resolved.resolution = Some(Resolution {
        id: reversal.id,
        kind: Kind::Reversal,
        amount: Some(eur(300)),
        recorded_at_ms: reversal.recorded_at_ms,
    });
    let ledger = ledger_of(store.clone());
    let found = ledger.lookup_many(&[reversal.id, payment.id]).unwrap();
    assert_eq!(found, [Some(reversal), Some(resolved)]);
    assert_eq!(ledger.journal(1, 1).unwrap().first(), Some(&payment));
    assert_eq!(
        ledger.journal_of(BOB, 1, 1).unwrap().first(),
        Some(&payment)
    );
    assert_eq!(posted(&store, &pay(2, &from, &to, 300)), repeated(&payment));
}

#[test]
fn the_head_is_the_last_sequence_and_no_row_follows_the_largest() {
    let store = store();
    let ledger = ledger_of(store.clone());
    assert_eq!(ledger.head(), Ok(0));
    let (from, to) = (open(&store, ALICE, "EUR"), open(&store, BOB, "EUR"));
    deposit(&store, 1, &from, 1_000);
    assert_eq!(ledger.head(), Ok(1));
    // A decline is a row, a refusal is not.
    first(&store, &pay(2, &from, &to, 9_000));
    let same = LedgerError::SameAccount(Side::DestinationId);
    refused(&store, &pay(3, &from, &from, 1), same);
    assert_eq!(ledger.head(), Ok(2));
    assert_eq!(ledger.journal(u64::MAX, 10), Ok(Vec::new()));
}
