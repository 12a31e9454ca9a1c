//! Goal: a cancelled id never moves money, and what has moved is never cancelled.

use super::*;

#[test]
fn a_cancelled_id_never_moves_money() {
    let (store, from, to) = bank();
    let payment = pay(2, &from, &to, 300);
    let Reply { posting, repeated } = cancel(&store, &CLOCK, &payment).unwrap();
    assert!(!repeated);
    assert_eq!(
        (posting.status, posting.decline, posting.sequence),
        (Status::Declined, Some(Decline::Cancelled), 2)
    );
    assert_eq!(
        (posting.source, posting.destination),
        (Some(party(&from)), Some(party(&to)))
    );
    let again = super::repeated(&posting);
    assert_eq!(post(&store, &CLOCK, &payment), again);
    assert_eq!(cancel(&store, &CLOCK, &payment), again);
    assert_eq!(balance_of(&store, &from), 1_000);
    assert_invariants(&store);
}

#[test]
fn what_was_decided_is_not_cancelled() {
    let (store, from, to) = bank();
    for (id, amount_minor) in [(2, 300), (3, 9_000)] {
        let payment = pay(id, &from, &to, amount_minor);
        let decided = first(&store, &CLOCK, &payment);
        assert_eq!(cancel(&store, &CLOCK, &payment), repeated(&decided));
    }
    assert_eq!(balance_of(&store, &from), 700);
    assert_invariants(&store);
}

#[test]
fn an_id_is_burnt_even_where_an_account_does_not_exist_or_is_not_the_users() {
    let (store, from, to) = bank();
    let missing = Uuid::from_u128(404);
    for (id, source, destination, parties) in [
        (2, missing, missing, (None, None)),
        (3, from.id, missing, (Some(party(&from)), None)),
        // Bob's account is not Alice's to debit, and its record is not hers to see.
        (4, to.id, from.id, (None, Some(party(&from)))),
    ] {
        let nowhere = transfer(id, Kind::Transfer, Some(source), Some(destination), 1);
        let burnt = cancel(&store, &CLOCK, &nowhere).unwrap().posting;
        assert_eq!((burnt.source, burnt.destination), parties, "{id}");
        assert_eq!(post(&store, &CLOCK, &nowhere), repeated(&burnt));
    }
    assert_invariants(&store);
}

/// A standing order pays by transfers; nothing else is ever cancelled.
#[test]
fn only_a_transfer_is_cancelled() {
    let (store, from, to) = bank();
    first(&store, &CLOCK, &holds::hold(2, &from, &to, 1));
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
        assert_eq!(cancel(&store, &CLOCK, &other), refused);
    }
    assert_eq!(journal(&store, 0, 10).unwrap().len(), 2);
}

#[test]
fn what_is_no_transfer_is_not_cancelled() {
    let (store, from, to) = bank();
    let nothing = pay(2, &from, &to, 0);
    assert_eq!(
        cancel(&store, &CLOCK, &nothing),
        Err(LedgerError::invalid("amount"))
    );
    assert_eq!(lookup(&store, nothing.id), None);
}
