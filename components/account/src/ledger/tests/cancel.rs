//! Goal: a cancelled id never moves money, and a decided transfer is never cancelled.

use super::*;

#[test]
fn a_cancelled_id_never_moves_money() {
    let (store, from, to) = bank();
    let payment = pay(2, &from, &to, 300);
    let reply = cancelled(&store, &payment).unwrap();
    let posting = reply.posting;
    assert_eq!((reply.repeated, posting.sequence), (false, 2));
    assert_eq!(posting.status, Status::Declined);
    assert_eq!(posting.decline, Some(Decline::Cancelled));
    assert_eq!(accounts_of(&posting), [Some(from.id), Some(to.id)]);
    assert_eq!(posted(&store, &payment), repeated(&posting));
    assert_eq!(cancelled(&store, &payment), repeated(&posting));
    assert_eq!(balance_of(&store, &from), 1_000);
    assert_invariants(&store);
}

#[test]
fn a_decided_transfer_is_not_cancelled() {
    let (store, from, to) = bank();
    for (id, amount_minor) in [(2, 300), (3, 9_000)] {
        let payment = pay(id, &from, &to, amount_minor);
        let decided = first(&store, &payment);
        assert_eq!(cancelled(&store, &payment), repeated(&decided));
    }
    assert_eq!(balance_of(&store, &from), 700);
    assert_invariants(&store);
}

#[test]
fn an_id_is_cancelled_even_where_an_account_does_not_exist_or_is_not_the_users() {
    let (store, from, to) = bank();
    let missing = Uuid::from_u128(404);
    for (id, source, destination, accounts) in [
        (2, missing, missing, [None, None]),
        (3, from.id, missing, [Some(from.id), None]),
        // Bob's account is not Alice's to debit, and its record is not hers to see.
        (4, to.id, from.id, [None, Some(from.id)]),
    ] {
        let nowhere = transfer(id, Kind::Transfer, Some(source), Some(destination), 1);
        let posting = cancelled(&store, &nowhere).unwrap().posting;
        assert_eq!(accounts_of(&posting), accounts, "{id}");
        assert_eq!(posted(&store, &nowhere), repeated(&posting));
    }
    assert_invariants(&store);
}

/// A standing order pays by transfers, and cancels only these.
#[test]
fn only_a_valid_transfer_is_cancelled() {
    let (store, from, to) = bank();
    first(&store, &holds::hold(2, &from, &to, 1));
    let nothing = Err(LedgerError::invalid("amount"));
    assert_eq!(cancelled(&store, &pay(3, &from, &to, 0)), nothing);
    for other in [
        transfer(3, Kind::Deposit, None, Some(from.id), 1),
        transfer(3, Kind::Withdrawal, Some(from.id), None, 1),
        holds::hold(3, &from, &to, 1),
        holds::of_original(3, Kind::Capture, 2, 1),
        holds::of_original(3, Kind::Void, 2, 1),
        holds::of_original(3, Kind::Expiry, 2, 1),
        holds::of_original(3, Kind::Reversal, 1, 1_000),
    ] {
        let refused = Err(LedgerError::invalid("kind"));
        assert_eq!(cancelled(&store, &other), refused);
    }
    assert_eq!(journal(&store, 0, 10).unwrap().len(), 2);
}
