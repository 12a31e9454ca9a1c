//! Goal: the balance of any past moment is the sum of the entries up to it, found by no scan.

use super::*;
use crate::tests::kit::{self, OWNER};
use proptest::prelude::*;
use strongroom_sdk::clock::ManualClock;
use strongroom_sdk::store::{Ending, SqliteStore, WatchedStore};

const START_MS: i64 = 1_795_374_657_123;

/// An account of EUR that was opened at the start.
fn scene() -> (SqliteStore, ManualClock, Account) {
    let (store, clock) = (kit::store(), ManualClock::at(START_MS));
    let account = kit::open(&store, &clock, OWNER, "EUR");
    (store, clock, account)
}

/// What [`balance_at`] returns, as a sum.
fn sum_at(store: &SqliteStore, account: &Account, at_ms: i64) -> i64 {
    let sql = "SELECT coalesce(sum(
            iif(direction = 'credit', entry.amount_minor, -entry.amount_minor)), 0)
        FROM entry JOIN transfer ON transfer.sequence = transfer_sequence
        WHERE account_key = ?1 AND recorded_at_ms <= ?2";
    let params = [account.key, at_ms].map(Value::from);
    let row = store.query(sql, &params).unwrap().first().unwrap();
    row.integer(0).unwrap()
}

#[test]
fn a_moment_that_is_not_over_has_no_past_balance_and_one_not_passed_waits_for_the_disk() {
    let (store, clock, account) = scene();
    kit::cash(&store, &clock, 1, &account, 500);
    let store = WatchedStore::new(store);
    let at = |at_ms| balance_at(&store, &clock, &account, at_ms);
    for at_ms in [START_MS, START_MS + 1, i64::MAX] {
        assert_eq!(at(at_ms), Ok(None));
    }
    assert_eq!(at(i64::MIN), Ok(Some(0)));
    clock.pass_ms(2);
    store.take_endings();
    assert_eq!(at(START_MS - 1), Ok(Some(0)));
    assert_eq!(store.take_endings(), []);
    assert_eq!(at(START_MS), Ok(Some(500)));
    assert_eq!(at(START_MS + 1), Ok(Some(500)));
    assert_eq!(store.take_endings(), [Ending::OnDisk; 2]);
}

#[test]
fn a_past_balance_reads_no_history() {
    let (store, clock, account) = scene();
    kit::cash(&store, &clock, 1, &account, 500);
    let steps = kit::plan(&store, AT, 2);
    let count = |word| steps.iter().filter(|step| step.contains(word)).count();
    let found = ["SEARCH", "SCAN", "TEMP"].map(count);
    assert_eq!(found, [3, 0, 0], "{steps:?}");
}

proptest! {
    #[test]
    fn every_past_balance_is_the_sum_of_the_entries_until_then(
        movements in prop::collection::vec((0_i64..3, -50_i64..60), 1..40),
    ) {
        let (store, clock, account) = scene();
        for (id, (ms, amount_minor)) in (1..).zip(movements) {
            clock.pass_ms(ms);
            if amount_minor != 0 {
                kit::cash(&store, &clock, id, &account, amount_minor);
            }
        }
        clock.pass_ms(3);
        for at_ms in START_MS - 2..clock.now_ms() {
            let sum = sum_at(&store, &account, at_ms);
            prop_assert_eq!(balance_at(&store, &clock, &account, at_ms), Ok(Some(sum)));
        }
    }
}
