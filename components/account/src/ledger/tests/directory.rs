//! Goal: services see each change of a customer's account, and `judge` decides as `post` would.

use super::*;
use crate::account::Freeze;
use strongroom_ledger_api::{AccountChange, CHANGES_LIMIT, Directory, Ledger};

#[test]
fn each_change_of_a_customers_account_is_listed_once_in_order() {
    let (store, from, to) = bank();
    account::freeze(&store, &CLOCK, to.id, Freeze::Both, &teller()).unwrap();
    account::unfreeze(&store, &CLOCK, to.id, &teller()).unwrap();
    account::close(&store, &CLOCK, to.id, &teller()).unwrap();
    let ledger = ledger_of(store);
    // The deposit's settlement account is no customer's.
    let all = ledger.changes(0).unwrap();
    let ids: Vec<_> = all.iter().map(|change| change.account.id).collect();
    assert_eq!(ids, [from.id, to.id, to.id, to.id, to.id]);
    assert!(all.is_sorted_by_key(|change| change.sequence));
    // Each change has the account as it is now.
    let closed: Vec<_> = all.iter().map(|change| change.account.closed).collect();
    assert_eq!(closed, [false, true, true, true, true]);
    let AccountChange { sequence, account } = &all[3];
    assert_eq!(Some(account), ledger.find(to.id).unwrap().as_ref());
    assert_eq!((account.owner_id, &account.number), (BOB, &to.number));
    assert_eq!(ledger.changes(*sequence).unwrap(), all[4..]);
    assert_eq!(ledger.changes(all[4].sequence).unwrap(), []);
    assert_eq!(ledger.changes(u64::MAX).unwrap(), []);
}

#[test]
fn a_list_of_changes_has_its_limit() {
    let store = store();
    let account = open(&store, ALICE, "EUR");
    for _ in 0..CHANGES_LIMIT / 2 {
        account::freeze(&store, &CLOCK, account.id, Freeze::Both, &teller()).unwrap();
        account::unfreeze(&store, &CLOCK, account.id, &teller()).unwrap();
    }
    let ledger = ledger_of(store);
    let first = ledger.changes(0).unwrap();
    let rest = ledger.changes(first.last().unwrap().sequence).unwrap();
    assert_eq!((first.len(), rest.len()), (CHANGES_LIMIT as usize, 1));
}

#[test]
fn judge_returns_the_decision_and_records_nothing() {
    let (store, from, to) = bank();
    let closed = open(&store, BOB, "EUR");
    account::close(&store, &CLOCK, closed.id, &teller()).unwrap();
    let missing = Some(Uuid::from_u128(404));
    let ledger = ledger_of(store);
    for payment in rows! {
        pay(3, &from, &to, 1_001), pay(4, &from, &closed, 1_000), pay(5, &from, &closed, 1_001),
        pay(6, &to, &from, 1), pay(7, &from, &from, 1),
        transfer(8, Kind::Transfer, Some(from.id), missing, 1),
        transfer(9, Kind::Transfer, Some(from.id), missing, 1_001),
        transfer(10, Kind::Deposit, None, Some(closed.id), 1), pay(11, &from, &to, 1_000),
    } {
        let before = ledger.head();
        let judged = ledger.judge(&payment);
        assert_eq!(ledger.head(), before, "{payment:?}");
        let decided = ledger.post(&payment).map(|it| it.posting.decline);
        assert_eq!(judged, decided, "{payment:?}");
    }
}

#[test]
fn an_owner_of_both_accounts_learns_of_the_payee_first() {
    let (store, from, _) = bank();
    let [closed, dollars] = ["EUR", "USD"].map(|code| open(&store, ALICE, code));
    account::close(&store, &CLOCK, closed.id, &teller()).unwrap();
    let ledger = ledger_of(store);
    let judge = |to| ledger.judge(&pay(2, &from, to, 1_001)).unwrap();
    assert_eq!(judge(&closed), Some(Decline::AccountClosed));
    assert_eq!(judge(&dollars), Some(Decline::CurrencyMismatch));
}
