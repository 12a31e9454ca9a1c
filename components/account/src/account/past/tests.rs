//! Goal: the balance of any past moment is the sum of the entries up to it, found without reading
//! them.
//! Method: movements at times of a clock that the test sets, several in one millisecond, compared
//! with a sum over all entries.

use super::*;
use crate::tests::kit::{self, OWNER};
use proptest::prelude::*;
use strongroom_sdk::clock::ManualClock;
use strongroom_sdk::store::{Ending, SqliteStore, WatchedStore};

const START_MS: i64 = 1_795_374_657_123;

struct Scene {
    store: SqliteStore,
    clock: ManualClock,
    account: Account,
}

impl Scene {
    fn new() -> Self {
        let (store, clock) = (kit::store(), ManualClock::at(START_MS));
        let account = kit::open(&store, &clock, OWNER, "EUR");
        Self {
            store,
            clock,
            account,
        }
    }

    fn pay(&self, id: u128, amount_minor: i64) {
        kit::cash(&self.store, &self.clock, id, &self.account, amount_minor);
    }

    fn at(&self, at_ms: i64) -> Result<Option<i64>, StoreError> {
        balance_at(&self.store, &self.clock, &self.account, at_ms)
    }

    /// The same, as a sum.
    fn sum_at(&self, at_ms: i64) -> i64 {
        let sql = "SELECT coalesce(sum(iif(direction = 'credit', entry.amount_minor, -entry.amount_minor)), 0)
            FROM entry JOIN transfer ON transfer.sequence = transfer_sequence
            WHERE account_key = ?1 AND recorded_at_ms <= ?2";
        let params = [Value::from(self.account.key), Value::from(at_ms)];
        let row = self.store.query(sql, &params).unwrap().first().unwrap();
        row.integer(0).unwrap()
    }
}

#[test]
fn a_moment_that_is_not_over_has_no_past_balance() {
    let scene = Scene::new();
    scene.pay(1, 500);
    for at_ms in [START_MS, START_MS + 1, i64::MAX] {
        assert_eq!(scene.at(at_ms), Ok(None));
    }
    assert_eq!(scene.at(START_MS - 1), Ok(Some(0)));
    assert_eq!(scene.at(i64::MIN), Ok(Some(0)));
}

#[test]
fn only_a_moment_that_the_journal_has_not_passed_waits_for_the_disk() {
    let scene = Scene::new();
    scene.pay(1, 500);
    scene.clock.pass_ms(2);
    let store = WatchedStore::new(scene.store.clone());
    let at = |at_ms| balance_at(&store, &scene.clock, &scene.account, at_ms);
    assert_eq!(at(START_MS - 1), Ok(Some(0)));
    assert_eq!(store.take_endings(), []);
    assert_eq!(at(START_MS), Ok(Some(500)));
    assert_eq!(at(START_MS + 1), Ok(Some(500)));
    assert_eq!(store.take_endings(), [Ending::OnDisk; 2]);
}

#[test]
fn a_past_balance_reads_no_history() {
    let scene = Scene::new();
    scene.pay(1, 500);
    let steps = kit::plan(&scene.store, AT, 2);
    let count = |word| steps.iter().filter(|step| step.contains(word)).count();
    let found = ["SEARCH", "SCAN", "TEMP"].map(count);
    assert_eq!(found, [3, 0, 0], "{steps:?}");
}

proptest! {
    #[test]
    fn every_past_balance_is_the_sum_of_the_entries_until_then(
        movements in prop::collection::vec((0_i64..3, -50_i64..60), 1..40),
    ) {
        let scene = Scene::new();
        for (id, (ms, amount_minor)) in (1..).zip(movements) {
            scene.clock.pass_ms(ms);
            if amount_minor != 0 {
                scene.pay(id, amount_minor);
            }
        }
        scene.clock.pass_ms(3);
        for at_ms in START_MS - 2..scene.clock.now_ms() {
            prop_assert_eq!(scene.at(at_ms), Ok(Some(scene.sum_at(at_ms))));
        }
    }
}
