//! Goal: staff act on their own account as its owner and no more.

use super::*;

#[test]
fn staff_neither_deposit_to_their_own_account_nor_reverse_what_touches_it() {
    let (store, from, to) = bank();
    let own = open(&store, teller().id, "EUR");
    let by = |actor, transfer| with(transfer, |it: &mut Transfer| it.actor = Actor::user(actor));
    let by_colleague = |transfer| by(Uuid::from_u128(0x8), transfer);
    let deposit = transfer(2, Kind::Deposit, None, Some(own.id), 500);
    let withdrawal = transfer(3, Kind::Withdrawal, Some(own.id), None, 100);
    let received = pay(4, &from, &own, 100);
    let mut sent = by(own.owner_id, pay(5, &own, &to, 100));
    sent.authority = DebitAuthority::Owner(own.owner_id);
    let own_account = Err(LedgerError::OwnAccount);
    let recorded = |id| lookup(&store, Uuid::from_u128(id)).is_some();
    assert_eq!(posted(&store, &deposit), own_account);
    assert_eq!(posted(&store, &denied(deposit.clone())), own_account);
    assert!(!recorded(2));
    // A colleague may use the id: nothing is recorded.
    accepted(&store, &by_colleague(deposit));
    // As any owner, they withdraw what they have and no more.
    let too_much = transfer(6, Kind::Withdrawal, Some(own.id), None, 501);
    declined(&store, &too_much, Decline::InsufficientFunds);
    for done in [&withdrawal, &received, &sent] {
        accepted(&store, done);
    }
    for (original, amount) in [(2, 500), (3, 100), (4, 100), (5, 100), (6, 501)] {
        let reversal = holds::of_original(10 + original, Kind::Reversal, original, amount);
        assert_eq!(posted(&store, &reversal), own_account, "{original}");
        assert!(!recorded(10 + original));
    }
    let reversal = holds::of_original(15, Kind::Reversal, 5, 100);
    accepted(&store, &by_colleague(reversal));
    assert_invariants(&store);
}
