//! Goal: an account changes only as its rules allow, and every change leaves its event.
//! Method: named cases on an in-memory store.

use super::*;
use crate::audit::check_invariants;
use crate::ledger;
use crate::tests::kit::{self, OWNER, store, teller};
use strongroom_ledger_api::Kind;
use strongroom_sdk::audit_log::Actor;
use strongroom_sdk::clock::SystemClock;
use strongroom_sdk::money::Currency;
use strongroom_sdk::random::SystemRandom;
use strongroom_sdk::store::{Ending, SqliteStore, Store, Transaction, WatchedStore};
use uuid::Uuid;

fn freeze_all(
    store: &SqliteStore,
    clock: &SystemClock,
    id: Uuid,
    actor: &Actor,
) -> Result<Account, ManageError> {
    freeze(store, clock, id, Freeze::Both, actor)
}

fn try_open(store: &SqliteStore, accounts_per_user_max: u32) -> Result<Account, OpenError> {
    let rules = OpenRules {
        number_format: NumberFormat::new("DE", "10000000").unwrap(),
        accounts_per_user_max,
    };
    let request = OpenRequest {
        owner_id: OWNER,
        account_type: AccountType::Savings,
        currency: Currency::from_code("EUR").unwrap(),
        name: Some("Holiday".to_owned()),
    };
    open(
        store,
        &SystemClock,
        &SystemRandom,
        &rules,
        request,
        &teller(),
    )
}

fn move_money(store: &SqliteStore, id: u128, kind: Kind, account: &Account) {
    let instruction = kit::instruction(
        kind,
        (kind == Kind::Withdrawal).then_some(account.id),
        (kind == Kind::Deposit).then_some(account.id),
        kit::eur(100),
    );
    let transfer = kit::transfer(id, instruction);
    ledger::post(store, &SystemClock, &transfer).unwrap();
}

fn actions(store: &SqliteStore) -> Vec<String> {
    let rows = store
        .query("SELECT action FROM audit_log ORDER BY sequence", &[])
        .unwrap();
    rows.into_iter().map(|row| row.text(0).unwrap()).collect()
}

#[test]
fn an_opened_account_is_found_as_it_was_answered() {
    let store = store();
    let account = try_open(&store, 1).unwrap();
    assert_eq!(by_id(&store, account.id).unwrap(), Some(account.clone()));
    assert_eq!(of_owner(&store, OWNER, i64::MAX, 10).unwrap(), [account]);
    assert_eq!(by_id(&store, Uuid::nil()).unwrap(), None);
}

#[test]
fn a_user_has_at_most_as_many_accounts_as_allowed_and_closed_ones_do_not_count() {
    let store = store();
    let first = try_open(&store, 2).unwrap();
    try_open(&store, 2).unwrap();
    assert_eq!(try_open(&store, 2), Err(OpenError::LimitReached(2)));
    close(&store, &SystemClock, first.id, &teller()).unwrap();
    assert!(try_open(&store, 2).is_ok());
}

#[test]
fn a_user_does_not_open_and_close_accounts_without_end() {
    let store = store();
    for _ in 0..EVER_FOR_EACH_OPEN {
        let account = try_open(&store, 1).unwrap();
        close(&store, &SystemClock, account.id, &teller()).unwrap();
    }
    assert_eq!(try_open(&store, 1), Err(OpenError::LimitReached(1)));
    assert!(try_open(&store, 2).is_ok());
}

#[test]
fn an_account_with_money_is_not_closed() {
    let store = store();
    let account = try_open(&store, 1).unwrap();
    move_money(&store, 1, Kind::Deposit, &account);
    assert_eq!(
        close(&store, &SystemClock, account.id, &teller()),
        Err(ManageError::BalanceNotZero)
    );
    move_money(&store, 2, Kind::Withdrawal, &account);
    let closed = close(&store, &SystemClock, account.id, &teller()).unwrap();
    assert_eq!(closed.status, AccountStatus::Closed);
    for again in [freeze_all, unfreeze, close] {
        assert_eq!(
            again(&store, &SystemClock, account.id, &teller()),
            Err(ManageError::Closed)
        );
    }
    assert_eq!(check_invariants(&store).unwrap().violations().next(), None);
}

#[test]
fn a_change_leaves_one_event_and_its_repetition_none() {
    let store = store();
    let id = try_open(&store, 1).unwrap().id;
    for _ in 0..2 {
        freeze(&store, &SystemClock, id, Freeze::Both, &teller()).unwrap();
    }
    assert_eq!(
        close(&store, &SystemClock, id, &teller()),
        Err(ManageError::Frozen)
    );
    for _ in 0..2 {
        unfreeze(&store, &SystemClock, id, &teller()).unwrap();
        set_overdraft_limit(&store, &SystemClock, id, 500, &teller()).unwrap();
    }
    assert_eq!(
        actions(&store),
        ["opened", "frozen", "unfrozen", "overdraft_limit_changed"]
    );
    let account = by_id(&store, id).unwrap().unwrap();
    assert_eq!(
        (account.version, account.balance.overdraft_limit),
        (4, Some(500))
    );
    assert_eq!(check_invariants(&store).unwrap().violations().next(), None);
}

#[test]
fn a_limit_below_what_is_used_is_refused() {
    let store = store();
    let account = try_open(&store, 1).unwrap();
    set_overdraft_limit(&store, &SystemClock, account.id, 500, &teller()).unwrap();
    move_money(&store, 1, Kind::Withdrawal, &account);
    let refused = set_overdraft_limit(&store, &SystemClock, account.id, 99, &teller());
    assert_eq!(refused, Err(ManageError::LimitBelowUse));
    assert!(set_overdraft_limit(&store, &SystemClock, account.id, 100, &teller()).is_ok());
}

#[test]
fn what_does_not_exist_is_not_changed() {
    let store = store();
    assert_eq!(
        freeze(&store, &SystemClock, OWNER, Freeze::Both, &teller()),
        Err(ManageError::NotFound)
    );
}

#[test]
fn an_account_that_is_already_so_is_answered_only_after_its_group_is_on_disk() {
    let store = store();
    let id = try_open(&store, 1).unwrap().id;
    let store = WatchedStore::new(store);
    freeze(&store, &SystemClock, id, Freeze::Both, &teller()).unwrap();
    freeze(&store, &SystemClock, id, Freeze::Both, &teller()).unwrap();
    assert_eq!(
        close(&store, &SystemClock, id, &teller()),
        Err(ManageError::Frozen)
    );
    unfreeze(&store, &SystemClock, id, &teller()).unwrap();
    close(&store, &SystemClock, id, &teller()).unwrap();
    assert_eq!(
        close(&store, &SystemClock, id, &teller()),
        Err(ManageError::Closed)
    );
    assert_eq!(store.take_endings(), [Ending::OnDisk; 6]);
}

#[test]
fn nothing_is_available_from_a_closed_account() {
    let store = store();
    let id = try_open(&store, 1).unwrap().id;
    set_overdraft_limit(&store, &SystemClock, id, 500, &teller()).unwrap();
    let closed = close(&store, &SystemClock, id, &teller()).unwrap();
    assert_eq!(closed.balance.available(), 0);
    assert_eq!(by_id(&store, id).unwrap(), Some(closed));
    assert_eq!(
        actions(&store),
        [
            "opened",
            "overdraft_limit_changed",
            "overdraft_limit_changed",
            "closed"
        ]
    );
    let report = check_invariants(&store).unwrap();
    assert_eq!(report.violations().collect::<Vec<_>>(), Vec::new());
}

#[test]
fn a_freeze_of_one_side_is_told_and_each_change_of_side_is_an_event() {
    let store = store();
    let id = try_open(&store, 1).unwrap().id;
    for stops in [
        Freeze::Debits,
        Freeze::Debits,
        Freeze::Credits,
        Freeze::Both,
    ] {
        let account = freeze(&store, &SystemClock, id, stops, &teller()).unwrap();
        assert_eq!(
            (account.status, account.freeze),
            (AccountStatus::Frozen, Some(stops))
        );
        assert_eq!(by_id(&store, id).unwrap(), Some(account));
        assert_eq!(
            close(&store, &SystemClock, id, &teller()),
            Err(ManageError::Frozen)
        );
    }
    let open = unfreeze(&store, &SystemClock, id, &teller()).unwrap();
    assert_eq!((open.status, open.freeze), (AccountStatus::Open, None));
    let changes = store
        .query(
            "SELECT coalesce(old_value, '') || ' -> ' || new_value FROM audit_log WHERE action <> 'opened' ORDER BY sequence",
            &[],
        )
        .unwrap();
    let changes: Vec<_> = changes
        .into_iter()
        .map(|row| row.text(0).unwrap())
        .collect();
    assert_eq!(
        changes,
        [
            "open -> frozen:debits",
            "frozen:debits -> frozen:credits",
            "frozen:credits -> frozen",
            "frozen -> open",
        ]
    );
    assert_eq!(check_invariants(&store).unwrap().violations().next(), None);
}

#[test]
fn an_account_is_never_deleted() {
    let store = store();
    try_open(&store, 1).unwrap();
    let transaction = store.begin().unwrap();
    assert!(transaction.execute("DELETE FROM account", &[]).is_err());
}
