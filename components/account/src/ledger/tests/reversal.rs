//! Reversals: once, by staff, linked both ways, and never of what has not moved.

use super::holds::{hold, of_original};
use super::*;
use strongroom_sdk::money::{Currency, Money};

#[test]
fn a_reversal_moves_the_money_back_once_and_is_linked_both_ways() {
    let (store, from, to) = bank();
    first(&store, &CLOCK, &pay(2, &from, &to, 300));
    let reversal = of_original(3, Kind::Reversal, 2, 300);
    let reversed = first(&store, &CLOCK, &reversal);
    assert_eq!(
        (reversed.status, reversed.original),
        (Status::Posted, Some(Uuid::from_u128(2)))
    );
    assert_eq!(reversed.source.map(|party| party.account_id), Some(to.id));
    assert_eq!(
        (balance_of(&store, &from), balance_of(&store, &to)),
        (1_000, 0)
    );
    let original = lookup(&store, Uuid::from_u128(2)).unwrap();
    assert_eq!(
        original.resolution.map(|end| (end.id, end.kind)),
        Some((reversed.id, Kind::Reversal))
    );
    let again = of_original(4, Kind::Reversal, 2, 300);
    assert_eq!(
        first(&store, &CLOCK, &again).decline,
        Some(Decline::AlreadyReversed)
    );
    assert_eq!(post(&store, &CLOCK, &reversal), repeated(&reversed));
    assert_invariants(&store);
}

#[test]
fn deposits_withdrawals_and_captures_are_reversed_too() {
    let (store, from, to) = bank();
    let withdrawal = transfer(2, Kind::Withdrawal, Some(from.id), None, 100);
    first(&store, &CLOCK, &withdrawal);
    first(&store, &CLOCK, &hold(3, &from, &to, 600));
    first(&store, &CLOCK, &of_original(4, Kind::Capture, 3, 500));
    for (id, original, amount) in [(11, 2, 100), (12, 4, 500), (13, 1, 1_000)] {
        let reversal = of_original(id, Kind::Reversal, original, amount);
        let reversed = first(&store, &CLOCK, &reversal);
        assert_eq!(reversed.decline, None, "{original}");
        assert_invariants(&store);
    }
    assert_eq!((balance_of(&store, &from), balance_of(&store, &to)), (0, 0));
}

#[test]
fn what_has_not_moved_money_is_not_reversible() {
    let store = store();
    let (from, to) = (open(&store, ALICE, "EUR"), open(&store, BOB, "EUR"));
    first(&store, &CLOCK, &pay(1, &from, &to, 300));
    deposit(&store, 2, &from, 1_000);
    first(&store, &CLOCK, &hold(3, &from, &to, 600));
    first(&store, &CLOCK, &of_original(4, Kind::Void, 3, 600));
    first(&store, &CLOCK, &of_original(5, Kind::Reversal, 2, 1_000));
    for (original, amount) in [(1, 300), (3, 600), (4, 600), (5, 1_000)] {
        let reversal = of_original(10 + original, Kind::Reversal, original, amount);
        assert_eq!(
            first(&store, &CLOCK, &reversal).decline,
            Some(Decline::NotReversible),
            "{original}"
        );
    }
    assert_invariants(&store);
}

/// A cancelled transfer between accounts that do not exist has no accounts, and neither has its
/// reversal.
#[test]
fn a_reversal_of_a_row_without_accounts_names_what_it_is_of() {
    let (store, ..) = bank();
    let missing = Some(Uuid::from_u128(404));
    let nowhere = transfer(2, Kind::Transfer, missing, missing, 300);
    let cancelled = cancel(&store, &CLOCK, &nowhere).unwrap().posting;
    let reversal = first(&store, &CLOCK, &of_original(3, Kind::Reversal, 2, 300));
    assert_eq!(reversal.decline, Some(Decline::NotReversible));
    assert_eq!(reversal.original, Some(cancelled.id));
    assert_eq!((reversal.source, reversal.destination), (None, None));
    assert_invariants(&store);
}

#[test]
fn a_reversal_is_the_banks_whole_and_never_overdraws() {
    let (store, from, to) = bank();
    let mut customers = of_original(9, Kind::Reversal, 1, 1_000);
    customers.authority = DebitAuthority::Owner(ALICE);
    assert_eq!(
        post(&store, &CLOCK, &customers),
        Err(LedgerError::invalid("authority"))
    );
    let part = of_original(9, Kind::Reversal, 1, 999);
    assert_eq!(
        post(&store, &CLOCK, &part),
        Err(LedgerError::invalid("amount"))
    );
    let mut yen = of_original(9, Kind::Reversal, 1, 1_000);
    yen.instruction.amount = Money::from_minor(1_000, Currency::from_code("JPY").unwrap());
    assert_eq!(
        post(&store, &CLOCK, &yen),
        Err(LedgerError::invalid("currency"))
    );
    let unknown = of_original(9, Kind::Reversal, 404, 1_000);
    assert_eq!(
        post(&store, &CLOCK, &unknown),
        Err(LedgerError::OriginalNotFound)
    );
    first(&store, &CLOCK, &pay(2, &from, &to, 300));
    let spent = of_original(9, Kind::Reversal, 1, 1_000);
    assert_eq!(
        first(&store, &CLOCK, &spent).decline,
        Some(Decline::InsufficientFunds)
    );
    // The decline burns its id, not the chance to reverse.
    first(&store, &CLOCK, &of_original(10, Kind::Reversal, 2, 300));
    assert_eq!(
        first(&store, &CLOCK, &of_original(11, Kind::Reversal, 1, 1_000)).decline,
        None
    );
    assert_invariants(&store);
}
