//! Goal: a cancelled id never moves money. The tests of known ids cancel decided transfers.

use super::*;

#[test]
fn a_cancelled_id_never_moves_money_even_where_no_account_is_the_users() {
    let (store, from, to) = bank();
    let missing = Uuid::from_u128(404);
    for (id, source, destination, accounts) in [
        (2, from.id, to.id, [Some(from.id), Some(to.id)]),
        (3, missing, missing, [None, None]),
        (4, from.id, missing, [Some(from.id), None]),
        // Bob's account is not Alice's to debit, and its record is not hers to see.
        (5, to.id, from.id, [None, Some(from.id)]),
    ] {
        let (source, destination) = (Some(source), Some(destination));
        let payment = transfer(u128::from(id), Kind::Transfer, source, destination, 1);
        let reply = cancelled(&store, &payment).unwrap();
        let posting = reply.posting;
        assert_eq!((reply.repeated, posting.sequence), (false, id));
        assert_eq!(posting.status, Status::Declined);
        assert_eq!(posting.decline, Some(Decline::Cancelled));
        assert_eq!(accounts_of(&posting), accounts, "{id}");
        assert_eq!(posted(&store, &payment), repeated(&posting));
        assert_eq!(cancelled(&store, &payment), repeated(&posting));
    }
    assert_eq!(balance_of(&store, &from), 1_000);
    assert_invariants(&store);
}

/// A standing order pays by transfers, and cancels only these.
#[test]
fn only_a_valid_transfer_is_cancelled() {
    let (store, from, to) = bank();
    let nothing = cancelled(&store, &pay(2, &from, &to, 0));
    assert_eq!(nothing, Err(LedgerError::invalid("amount")));
    for kind in Kind::ALL.iter().filter(|kind| **kind != Kind::Transfer) {
        let other = cancelled(&store, &validate::valid(*kind));
        assert_eq!(other, Err(LedgerError::invalid("kind")), "{kind:?}");
    }
    assert_eq!(journal(&store, 0, 10).unwrap().len(), 1);
}
