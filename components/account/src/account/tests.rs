//! Goal: an account changes only as its rules allow, and every change leaves its event.

use super::*;
use crate::tests::kit::{self, OWNER, assert_invariants, store, teller};
use strongroom_sdk::clock::SystemClock;
use strongroom_sdk::metadata::MetadataInvalid;
use strongroom_sdk::money::Currency;
use strongroom_sdk::random::SystemRandom;
use strongroom_sdk::rows;
use strongroom_sdk::store::{Ending, Reader, SqliteStore, Store, Transaction, WatchedStore};
use uuid::Uuid;

#[derive(Debug, Clone, Copy)]
enum Act {
    Freeze(Freeze),
    Unfreeze,
    Close,
    Limit(Option<i64>),
    Name(Option<&'static str>),
    Metadata(&'static str),
}

fn act<S: Store>(store: &S, id: Uuid, act: Act) -> Result<Account, ManageError> {
    let (clock, teller) = (&SystemClock, &teller());
    let mut change = AccountUpdate::default();
    match act {
        Act::Freeze(stops) => return freeze(store, clock, id, stops, teller),
        Act::Unfreeze => return unfreeze(store, clock, id, teller),
        Act::Close => return close(store, clock, id, teller),
        Act::Limit(minor) => change.overdraft_limit = Some(minor),
        Act::Name(name) => change.name = Some(name.map(str::to_owned)),
        Act::Metadata(keys) => change.metadata = Some(serde_json::from_str(keys).unwrap()),
    }
    update(store, clock, id, change, teller)
}

const FREEZE: Act = Act::Freeze(Freeze::Both);

type Opened = Result<Account, OpenError>;

fn try_open(store: &SqliteStore, accounts_per_user_max: u32) -> Opened {
    let euro = Currency::from_code("EUR").unwrap();
    let mut request = OpenRequest::of_customer(OWNER, AccountType::Savings, euro);
    request.name = Some("Holiday".to_owned());
    try_open_as(store, accounts_per_user_max, request)
}

fn try_open_as<S: Store>(store: &S, accounts_per_user_max: u32, request: OpenRequest) -> Opened {
    let (rules, teller) = (kit::rules(accounts_per_user_max), teller());
    open(store, &SystemClock, &SystemRandom, &rules, request, &teller)
}

fn try_open_internal<S: Store>(store: &S, code: &str, currency: &str) -> Opened {
    let currency = Currency::from_code(currency).unwrap();
    let request = OpenRequest::internal(code.parse().unwrap(), currency);
    try_open_as(store, 1, request)
}

fn bank() -> (SqliteStore, Account) {
    let store = store();
    let account = try_open(&store, 1).unwrap();
    (store, account)
}

/// The changes in the audit log, without the opening: what was done, the value before, and after.
fn changes(store: &SqliteStore) -> Vec<String> {
    let sql = "SELECT action || ' ' || coalesce(old_value, '-') || ' ' || coalesce(new_value, '-')
        FROM audit_log WHERE action <> 'opened' ORDER BY sequence";
    let rows = store.query(sql, &[]).unwrap();
    rows.into_iter().map(|row| row.text(0).unwrap()).collect()
}

/// Closed accounts do not count, but there is an end to them too.
#[test]
fn a_user_has_at_most_as_many_accounts_as_allowed() {
    let store = store();
    for _ in 0..EVER_FOR_EACH_OPEN {
        let account = try_open(&store, 1).unwrap();
        assert_eq!(try_open(&store, 1), Err(OpenError::LimitReached(1)));
        act(&store, account.id, Act::Close).unwrap();
    }
    assert_eq!(try_open(&store, 1), Err(OpenError::LimitReached(1)));
    assert!(try_open(&store, 2).is_ok());
}

#[test]
fn an_account_with_money_is_not_closed_and_a_closed_one_does_not_change() {
    let (store, account) = bank();
    kit::cash(&store, &SystemClock, 1, &account, 100);
    let refused = act(&store, account.id, Act::Close);
    assert_eq!(refused, Err(ManageError::BalanceNotZero));
    kit::cash(&store, &SystemClock, 2, &account, -100);
    let closed = act(&store, account.id, Act::Close).unwrap();
    assert_eq!(closed.status, AccountStatus::Closed);
    let (name, metadata) = (Act::Name(None), Act::Metadata("{}"));
    let watched = WatchedStore::new(store.clone());
    for again in [FREEZE, Act::Unfreeze, Act::Close, name, metadata] {
        let refused = act(&watched, account.id, again);
        assert_eq!(refused, Err(ManageError::Closed), "{again:?}");
    }
    assert_eq!(watched.take_endings(), [Ending::OnDisk; 5]);
    assert_invariants(&store);
}

/// A row that was read may not be on disk yet, and an unchanged account is one.
#[test]
fn each_change_leaves_an_event_with_its_values_and_its_repetition_none() {
    use Freeze::{Both, Credits, Debits};
    let (rent, no_name) = (Act::Name(Some("Rent")), Act::Name(None));
    let (limit, no_limit) = (Act::Limit(Some(500)), Act::Limit(None));
    let sides = [Debits, Debits, Credits, Both].map(Act::Freeze);
    let keys = rows! {
        r#"{"a":"1","b":"2"}"#, r#"{"a":"1","c":null}"#, r#"{"a":null,"b":"3"}"#, "null", "null",
    }
    .map(Act::Metadata);
    for (is_internal, acts, expected) in rows! {
        (false, &[FREEZE, FREEZE, Act::Unfreeze, Act::Unfreeze][..], &[
            "frozen open frozen", "unfrozen frozen open",
        ][..]),
        (false, &sides, &[
            "frozen open frozen:debits", "frozen frozen:debits frozen:credits",
            "frozen frozen:credits frozen",
        ]),
        (false, &[rent, rent, no_name, no_name], &[
            "name_changed Holiday Rent", "name_changed Rent -",
        ]),
        (false, &keys, &[
            r#"metadata_changed {} {"a":"1","b":"2"}"#,
            r#"metadata_changed {"a":"1","b":"2"} {"b":"3"}"#,
            r#"metadata_changed {"b":"3"} {}"#,
        ]),
        (false, &[limit, limit, Act::Close], &[
            "overdraft_limit_changed 0.00 5.00", "overdraft_limit_changed 5.00 0.00",
            "closed open closed",
        ]),
        // Without a limit, there is none to show.
        (true, &[limit, no_limit, no_limit, Act::Close], &[
            "overdraft_limit_changed - 5.00", "overdraft_limit_changed 5.00 -",
            "overdraft_limit_changed - 0.00", "closed open closed",
        ]),
    } {
        let plain = store();
        let opened = match is_internal {
            true => try_open_internal(&plain, "fees", "EUR"),
            false => try_open(&plain, 1),
        };
        let (mut account, store) = (opened.unwrap(), WatchedStore::new(plain.clone()));
        for change in acts {
            account = act(&store, account.id, *change).unwrap();
            assert_eq!(store.take_endings(), [Ending::OnDisk]);
            assert_eq!(by_id(&store, account.id).unwrap().as_ref(), Some(&account));
            match *change {
                Act::Freeze(stops) => {
                    assert_eq!(account.freeze, Some(stops));
                    let closed = act(&store, account.id, Act::Close);
                    assert_eq!(closed, Err(ManageError::Frozen));
                    assert_eq!(store.take_endings(), [Ending::OnDisk]);
                }
                Act::Limit(minor) => assert_eq!(account.balance.overdraft_limit, minor),
                Act::Close => assert_eq!(account.balance.available(), 0),
                Act::Unfreeze | Act::Name(_) | Act::Metadata(_) => {}
            }
        }
        assert_eq!(changes(&plain), expected);
        assert_eq!(account.version, 1 + expected.len() as i64);
        assert_invariants(&plain);
    }
}

#[test]
fn an_account_is_never_deleted_and_one_that_does_not_exist_is_not_changed() {
    let (store, _) = bank();
    assert_eq!(by_id(&store, OWNER).unwrap(), None);
    assert_eq!(act(&store, OWNER, FREEZE), Err(ManageError::NotFound));
    let transaction = store.begin().unwrap();
    assert!(transaction.execute("DELETE FROM account", &[]).is_err());
}

#[test]
fn an_internal_account_has_its_code_for_ever_and_once_in_a_currency() {
    let plain = store();
    let store = WatchedStore::new(plain.clone());
    let fees = try_open_internal(&store, "fees", "EUR").unwrap();
    assert_eq!(by_id(&store, fees.id).unwrap(), Some(fees.clone()));
    assert_eq!(fees.code.as_deref(), Some("fees"));
    assert_eq!(fees.owner_id, Uuid::nil());
    assert_eq!(fees.balance.overdraft_limit, None);
    let again = || try_open_internal(&store, "fees", "EUR");
    assert_eq!(again(), Err(OpenError::CodeTaken));
    act(&store, fees.id, Act::Close).unwrap();
    assert_eq!(again(), Err(OpenError::CodeTaken));
    assert!(try_open_internal(&store, "fees", "USD").is_ok());
    // The bank has as many accounts as it likes.
    assert!(try_open_internal(&store, "revenue", "EUR").is_ok());
    // A code that was found taken may not be on disk yet.
    assert_eq!(store.take_endings(), [Ending::OnDisk; 6]);
    assert_invariants(&plain);
}

#[test]
fn a_refused_update_changes_nothing() {
    let (store, account) = bank();
    act(&store, account.id, Act::Limit(Some(100))).unwrap();
    kit::cash(&store, &SystemClock, 1, &account, -100);
    let before = by_id(&store, account.id).unwrap();
    let metadata = |value: String| {
        let metadata = serde_json::json!({ "a": value });
        Some(Some(serde_json::from_value(metadata).unwrap()))
    };
    for (metadata, overdraft_limit, error) in rows! {
        (metadata("x".to_owned()), Some(Some(99)), ManageError::LimitBelowUse),
        (metadata("x".repeat(5_000)), None, MetadataInvalid.into()),
    } {
        let change = AccountUpdate {
            name: Some(None),
            metadata,
            overdraft_limit,
        };
        let outcome = update(&store, &SystemClock, account.id, change, &teller());
        assert_eq!(outcome, Err(error));
        assert_eq!(by_id(&store, account.id).unwrap(), before);
    }
    assert_invariants(&store);
}
