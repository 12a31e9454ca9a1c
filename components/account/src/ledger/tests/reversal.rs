//! Reversals: once, by staff, and only of what has moved money. `read` tests the links.

use super::holds::{hold, of_original};
use super::*;

fn reversal(id: u128, original: u128, amount_minor: i64) -> Transfer {
    of_original(id, Kind::Reversal, original, amount_minor)
}

#[test]
fn a_reversal_moves_the_money_back_once() {
    let (store, from, to) = bank();
    let (payer, payee) = (Some(from.id), Some(to.id));
    first(&store, &transfer(2, Kind::Withdrawal, payer, None, 100));
    first(&store, &pay(3, &from, &to, 300));
    first(&store, &hold(4, &from, &to, 600));
    first(&store, &of_original(5, Kind::Capture, 4, 500));
    for (original, amount, accounts) in rows! {
        (2, 100, [None, payer]), (3, 300, [payee, payer]), (5, 500, [payee, payer]),
        (1, 1_000, [payer, None]),
    } {
        let once = reversal(10 + original, original, amount);
        let reversed = accepted(&store, &once);
        assert_eq!(reversed.status, Status::Posted);
        assert_eq!(reversed.original, Some(Uuid::from_u128(original)));
        assert_eq!(accounts_of(&reversed), accounts);
        let twice = reversal(20 + original, original, amount);
        declined(&store, &twice, Decline::AlreadyReversed);
        assert_eq!(posted(&store, &once), repeated(&reversed));
        assert_invariants(&store);
    }
    assert_eq!(balances(&store, [&from, &to]), [0, 0]);
}

#[test]
fn what_has_not_moved_money_is_not_reversible_and_may_have_no_accounts() {
    let (store, from, to) = bank();
    first(&store, &pay(2, &from, &to, 3_000));
    first(&store, &hold(3, &from, &to, 600));
    first(&store, &of_original(4, Kind::Void, 3, 600));
    first(&store, &reversal(5, 1, 1_000));
    let missing = Some(Uuid::from_u128(404));
    cancelled(&store, &transfer(6, Kind::Transfer, missing, missing, 300)).unwrap();
    for (original, amount) in [(2, 3_000), (3, 600), (4, 600), (5, 1_000), (6, 300)] {
        let reversal = reversal(10 + original, original, amount);
        let record = declined(&store, &reversal, Decline::NotReversible);
        assert_eq!(record.original, Some(Uuid::from_u128(original)));
        assert!(original != 6 || accounts_of(&record) == [None, None]);
    }
    assert_invariants(&store);
}

#[test]
fn a_reversal_is_the_banks_whole_and_never_overdraws() {
    let (store, from, to) = bank();
    let [mut customers, mut yens] = [(); 2].map(|()| reversal(9, 1, 1_000));
    customers.authority = DebitAuthority::Owner(ALICE);
    yens.instruction.amount = Some(yen(1_000));
    for (wrong, error) in [
        (customers, LedgerError::invalid("authority")),
        (reversal(9, 1, 999), LedgerError::invalid("amount")),
        (yens, LedgerError::invalid("currency")),
        (reversal(9, 404, 1_000), LedgerError::OriginalNotFound),
    ] {
        refused(&store, &wrong, error);
    }
    first(&store, &pay(2, &from, &to, 300));
    declined(&store, &reversal(9, 1, 1_000), Decline::InsufficientFunds);
    // The decline takes its id, and another reversal may come.
    first(&store, &reversal(10, 2, 300));
    accepted(&store, &reversal(11, 1, 1_000));
    assert_invariants(&store);
}
