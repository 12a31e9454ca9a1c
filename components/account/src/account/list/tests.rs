//! Goal: a list has the accounts that pass every filter, newest first, and reads a bounded number.

use super::*;
use crate::account::{Freeze, OpenRequest, freeze, open};
use crate::tests::kit::{self, store, teller};
use strongroom_sdk::clock::ManualClock;
use strongroom_sdk::random::SystemRandom;
use strongroom_sdk::store::{SqliteStore, Transaction};

/// Opens an account of owner 1 or 2; every third is frozen.
fn open_one(store: &SqliteStore, number: usize) -> Account {
    let (clock, rules) = (ManualClock::at(5), kit::rules(1_000_000));
    let currency = Currency::from_code(["EUR", "USD"][number / 2 % 2]).unwrap();
    let kind = [AccountType::Checking, AccountType::Savings][number / 4 % 2];
    let owner = Uuid::from_u128(1 + number as u128 % 7 % 2);
    let request = match number % 7 {
        0 => OpenRequest::internal(format!("code_{number}").parse().unwrap(), currency),
        _ => OpenRequest::of_customer(owner, kind, currency),
    };
    let account = open(store, &clock, &SystemRandom, &rules, request, &teller()).unwrap();
    match number % 3 {
        0 => freeze(store, &clock, account.id, Freeze::Both, &teller()).unwrap(),
        _ => account,
    }
}

fn pages(store: &SqliteStore, filter: &AccountFilter, limit: usize) -> Vec<Vec<Account>> {
    let (mut pages, mut query) = (Vec::new(), format!("limit={limit}"));
    loop {
        let page = Page::<i64>::from_query("/", &query).unwrap();
        let list = list(store, filter, &page).unwrap();
        pages.push(list.data);
        assert_eq!(list.has_more, list.next_cursor.is_some());
        match list.next_cursor {
            Some(cursor) => query = format!("limit={limit}&cursor={cursor}"),
            None => return pages,
        }
    }
}

fn all(store: &SqliteStore, filter: &AccountFilter) -> Vec<Account> {
    pages(store, filter, 3).concat()
}

/// Every set of filters that `like` passes.
fn filters(like: &Account) -> Vec<AccountFilter> {
    let sets = (0..64).map(|set: u32| {
        let is = |bit: u32| set & (1_u32 << bit) != 0;
        let code = like.code.as_ref().filter(|_| is(5));
        AccountFilter {
            number: is(0).then(|| like.number.clone()),
            owner_id: is(1).then_some(like.owner_id),
            status: is(2).then_some(like.status),
            currency: is(3).then_some(like.currency),
            account_type: is(4).then_some(like.account_type),
            code: code.map(|code| code.parse().unwrap()),
        }
    });
    sets.collect()
}

fn passes(filter: &AccountFilter, account: &Account) -> bool {
    fn is<T: PartialEq>(wanted: Option<T>, found: T) -> bool {
        wanted.is_none_or(|it| it == found)
    }
    let code = filter.code.as_ref().map(AccountCode::as_str);
    is(filter.number.as_ref(), &account.number)
        && is(filter.owner_id, account.owner_id)
        && is(filter.status, account.status)
        && is(filter.currency, account.currency)
        && is(filter.account_type, account.account_type)
        && is(code.map(Some), account.code.as_deref())
}

#[test]
fn each_set_of_filters_finds_what_passes_them_newest_first() {
    let store = store();
    let opened: Vec<_> = (0..31).map(|number| open_one(&store, number)).collect();
    // A settlement account is in no list.
    kit::cash(&store, &ManualClock::at(5), 1, &opened[1], 1);
    let opened = all(&store, &AccountFilter::default());
    assert_eq!(opened.len(), 31);
    assert!(opened.is_sorted_by(|newer, older| newer.key > older.key));
    for like in [0, 1, 2, 6, 9, 23] {
        for filter in filters(&opened[like]) {
            let expected = opened.iter().filter(|account| passes(&filter, account));
            let expected: Vec<_> = expected.cloned().collect();
            assert_eq!(all(&store, &filter), expected, "{filter:?}");
        }
    }
}

/// A walk along the keys is a search from the place of the page.
#[test]
fn no_filter_scans_the_accounts() {
    let store = store();
    let accounts: Vec<_> = (0..10).map(|number| open_one(&store, number)).collect();
    let first = Page::<i64>::from_query("/", "").unwrap();
    for filter in accounts.iter().flat_map(filters) {
        let driver = filter.driver();
        for (sql, params) in [(last_looked_at_sql(&driver), 2), (page_sql(&driver), 10)] {
            let steps = kit::plan(&store, &first.window().sql(&sql), params);
            // The few accounts of one code are sorted.
            let is_good = |step: &String| {
                step.starts_with("SEARCH")
                    || filter.code.is_some() && step.starts_with("USE TEMP B-TREE")
            };
            assert!(steps.iter().all(is_good), "{filter:?}: {steps:?}");
        }
    }
}

#[test]
fn a_page_that_has_looked_at_enough_is_short_and_the_next_goes_on() {
    let store = store();
    let oldest = open_one(&store, 1);
    let transaction = store.begin().unwrap();
    // Only what a list looks at.
    let many = "WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < ?1)
        INSERT INTO account (id, number, owner_id, type, currency, scale, status,
            overdraft_limit_minor, version, created_at_ms)
        SELECT randomblob(16), 'N' || n, owner_id, type, 'JPY', 0, status, 0, 1, 5 FROM n, account";
    let count = Value::from(2 * ROWS_LOOKED_AT_MAX);
    transaction.execute(many, &[count]).unwrap();
    let balances = "INSERT OR IGNORE INTO balance (account_key) SELECT key FROM account";
    transaction.execute(balances, &[]).unwrap();
    transaction.commit().unwrap();
    let euros_of_owner = AccountFilter {
        currency: Some(oldest.currency),
        ..AccountFilter::of_owner(oldest.owner_id)
    };
    let pages = pages(&store, &euros_of_owner, 50).into_iter();
    assert!(pages.map(|page| page.len()).eq([0, 0, 1]));
    // Alone, the filter finds it at once.
    let euros = AccountFilter {
        currency: Some(oldest.currency),
        ..AccountFilter::default()
    };
    assert_eq!(all(&store, &euros), [oldest]);
}
