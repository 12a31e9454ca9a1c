//! Goal: staff act on their own account as its owner and no more.

use super::*;

#[test]
fn staff_neither_deposit_to_their_own_account_nor_reverse_what_touches_it() {
    let (store, from, to) = bank();
    let own = open(&store, teller().id, "EUR");
    let by_colleague = |transfer: &Transfer| Transfer {
        actor: Actor::user(Uuid::from_u128(0x8)),
        ..transfer.clone()
    };
    let deposit = transfer(2, Kind::Deposit, None, Some(own.id), 500);
    let withdrawal = transfer(3, Kind::Withdrawal, Some(own.id), None, 100);
    let received = pay(4, &from, &own, 100);
    let sent = Transfer {
        authority: DebitAuthority::Owner(own.owner_id),
        actor: Actor::user(own.owner_id),
        ..pay(5, &own, &to, 100)
    };
    let own_account = Err(LedgerError::OwnAccount);
    let recorded = |id| lookup(&store, Uuid::from_u128(id)).is_some();
    assert_eq!(posted(&store, &deposit), own_account);
    assert_eq!(posted(&store, &denied(deposit.clone())), own_account);
    assert!(!recorded(2));
    // A colleague may use the id: nothing is recorded.
    assert_eq!(first(&store, &by_colleague(&deposit)).decline, None);
    // As any owner, they withdraw what they have and no more.
    let too_much = transfer(6, Kind::Withdrawal, Some(own.id), None, 501);
    let short = Some(Decline::InsufficientFunds);
    assert_eq!(first(&store, &too_much).decline, short);
    for done in [&withdrawal, &received, &sent] {
        assert_eq!(first(&store, done).decline, None);
    }
    for (original, amount) in [(2, 500), (3, 100), (4, 100), (5, 100), (6, 501)] {
        let reversal = holds::of_original(10 + original, Kind::Reversal, original, amount);
        assert_eq!(posted(&store, &reversal), own_account, "{original}");
        assert!(!recorded(10 + original));
    }
    let reversal = by_colleague(&holds::of_original(15, Kind::Reversal, 5, 100));
    assert_eq!(first(&store, &reversal).decline, None);
    assert_invariants(&store);
}
