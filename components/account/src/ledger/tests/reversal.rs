//! Reversals: once, by staff, linked both ways, and never of what has not moved.

use super::holds::{hold, of_subject};
use super::*;

#[test]
fn a_reversal_moves_the_money_back_once_and_is_linked_both_ways() {
    let store = store();
    let (from, to) = (open(&store, ALICE, "EUR"), open(&store, BOB, "EUR"));
    deposit(&store, 1, &from, 1_000);
    post(
        &store,
        &CLOCK,
        &transfer(2, Kind::Transfer, Some(from.id), Some(to.id), 300),
    )
    .unwrap();
    let reversal = of_subject(3, Kind::Reversal, 2, 300);
    let reversed = post(&store, &CLOCK, &reversal).unwrap();
    assert_eq!(
        (reversed.status, reversed.subject),
        (Status::Posted, Some(Uuid::from_u128(2)))
    );
    assert_eq!(reversed.source.map(|party| party.account_id), Some(to.id));
    assert_eq!(
        (balance_of(&store, &from), balance_of(&store, &to)),
        (1_000, 0)
    );
    let original = lookup(&store, Uuid::from_u128(2)).unwrap().unwrap();
    assert_eq!(
        original.resolution.map(|end| (end.id, end.kind)),
        Some((reversed.id, Kind::Reversal))
    );
    let again = of_subject(4, Kind::Reversal, 2, 300);
    assert_eq!(
        post(&store, &CLOCK, &again).unwrap().decline,
        Some(Decline::AlreadyReversed)
    );
    assert_eq!(post(&store, &CLOCK, &reversal).unwrap(), reversed);
    assert_invariants(&store);
}

#[test]
fn deposits_withdrawals_and_captures_are_reversed_too() {
    let store = store();
    let (from, to) = (open(&store, ALICE, "EUR"), open(&store, BOB, "EUR"));
    deposit(&store, 1, &from, 1_000);
    let mut withdrawal = transfer(2, Kind::Withdrawal, Some(from.id), None, 100);
    withdrawal.authority = DebitAuthority::Bank;
    post(&store, &CLOCK, &withdrawal).unwrap();
    post(&store, &CLOCK, &hold(3, &from, &to, 600)).unwrap();
    post(&store, &CLOCK, &of_subject(4, Kind::Capture, 3, 500)).unwrap();
    for (id, subject, amount) in [(11, 2, 100), (12, 4, 500), (13, 1, 1_000)] {
        let reversed = post(
            &store,
            &CLOCK,
            &of_subject(id, Kind::Reversal, subject, amount),
        )
        .unwrap();
        assert_eq!(reversed.decline, None, "{subject}");
        assert_invariants(&store);
    }
    assert_eq!((balance_of(&store, &from), balance_of(&store, &to)), (0, 0));
}

#[test]
fn what_has_not_moved_money_is_not_reversible() {
    let store = store();
    let (from, to) = (open(&store, ALICE, "EUR"), open(&store, BOB, "EUR"));
    post(
        &store,
        &CLOCK,
        &transfer(1, Kind::Transfer, Some(from.id), Some(to.id), 300),
    )
    .unwrap();
    deposit(&store, 2, &from, 1_000);
    post(&store, &CLOCK, &hold(3, &from, &to, 600)).unwrap();
    post(&store, &CLOCK, &of_subject(4, Kind::Void, 3, 600)).unwrap();
    post(&store, &CLOCK, &of_subject(5, Kind::Reversal, 2, 1_000)).unwrap();
    for (subject, amount) in [(1, 300), (3, 600), (4, 600), (5, 1_000)] {
        let reversal = of_subject(10 + subject, Kind::Reversal, subject, amount);
        assert_eq!(
            post(&store, &CLOCK, &reversal).unwrap().decline,
            Some(Decline::NotReversible),
            "{subject}"
        );
    }
    assert_invariants(&store);
}

#[test]
fn a_reversal_is_the_banks_whole_and_never_overdraws() {
    let store = store();
    let (from, to) = (open(&store, ALICE, "EUR"), open(&store, BOB, "EUR"));
    deposit(&store, 1, &from, 1_000);
    let mut customers = of_subject(9, Kind::Reversal, 1, 1_000);
    customers.authority = DebitAuthority::Owner(ALICE);
    assert_eq!(
        post(&store, &CLOCK, &customers),
        Err(LedgerError::Invalid("authority"))
    );
    let part = of_subject(9, Kind::Reversal, 1, 999);
    assert_eq!(
        post(&store, &CLOCK, &part),
        Err(LedgerError::Invalid("amount-minor"))
    );
    let unknown = of_subject(9, Kind::Reversal, 404, 1_000);
    assert_eq!(
        post(&store, &CLOCK, &unknown),
        Err(LedgerError::SubjectNotFound)
    );
    post(
        &store,
        &CLOCK,
        &transfer(2, Kind::Transfer, Some(from.id), Some(to.id), 300),
    )
    .unwrap();
    let spent = of_subject(9, Kind::Reversal, 1, 1_000);
    assert_eq!(
        post(&store, &CLOCK, &spent).unwrap().decline,
        Some(Decline::InsufficientFunds)
    );
    // The decline burns its id, not the chance to reverse.
    post(&store, &CLOCK, &of_subject(10, Kind::Reversal, 2, 300)).unwrap();
    assert_eq!(
        post(&store, &CLOCK, &of_subject(11, Kind::Reversal, 1, 1_000))
            .unwrap()
            .decline,
        None
    );
    assert_invariants(&store);
}
