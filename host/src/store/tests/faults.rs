//! Goal: whatever the disk does, every transfer that the ledger has acknowledged is in it, once and
//! unchanged, and no other.
//!
//! Method: a process of its own runs the account service's real rules over the real store, with one
//! fault below SQLite: the power goes at the Nth operation, or that fails. N grows from 1 until a
//! run ends before its fault. [`judge`] opens the files without faults.

mod adapter;
mod judge;
mod run;
mod workload;

use judge::Ledger;
use run::{End, NORMAL, Run};
use std::sync::LazyLock;
use std::thread;
use strongroom_faults::{Code, Model, Operation};

/// How a process ends after a failed sync, and after a power loss.
const ABORTED: End = (None, Some(6));
const KILLED: End = (None, Some(9));

/// Set by `./build.sh torture ledger`: the tests run at their full scale.
const FULL_SCALE_VARIABLE: &str = "STRONGROOM_FULL_SCALE";
/// The highest place: a run ends before it.
const PLACES_MAX: u64 = 5_000;

fn short_or_full<T>(short: T, full: T) -> T {
    match std::env::var_os(FULL_SCALE_VARIABLE) {
        Some(_) => full,
        None => short,
    }
}

/// Every place at the full scale; at the short one about `count`, others in each run of the tests.
fn some(operation: Operation, count: u64) -> impl Iterator<Item = u64> {
    let step = (CALM.count(operation) / count).max(1);
    let first = getrandom::u64().unwrap() % step + 1;
    let (first, step) = short_or_full((first, step), (1, 1));
    (first..=PLACES_MAX).step_by(usize::try_from(step).unwrap())
}

/// A run without a fault.
static CALM: LazyLock<Run> = LazyLock::new(|| {
    let ledger = Ledger::new();
    let run = Run::of(ledger.folder(), "");
    assert_eq!(run.end, NORMAL, "{}", run.log);
    assert!(run.is_complete(), "{}", run.log);
    let broken = ledger.violations(&[&run]);
    assert!(broken.is_empty(), "{broken:?}");
    run
});

/// The violations of a workload whose power goes at each sync in turn, each with its plan.
fn lose_power_everywhere(settings: &str, model: Model) -> Vec<String> {
    let mut broken = Vec::new();
    for at in 1..=PLACES_MAX {
        let plan = format!("{settings}power-loss store=* at={at} model={model} seed={at}");
        let ledger = Ledger::new();
        let run = Run::of(ledger.folder(), &plan);
        if !run.has_fired() {
            assert_eq!(run.end, NORMAL, "{plan}: {}", run.log);
            break;
        }
        assert_eq!(run.end, KILLED, "{plan}: {}", run.log);
        let violations = ledger.violations(&[&run]);
        broken.extend(violations.iter().map(|text| format!("{plan}: {text}")));
    }
    broken
}

#[test]
fn nothing_acknowledged_is_lost_whatever_became_of_writes_without_a_sync() {
    thread::scope(|threads| {
        for &model in Model::ALL {
            threads.spawn(move || {
                let broken = lose_power_everywhere("", model);
                assert!(broken.is_empty(), "{broken:?}");
            });
        }
    });
}

/// The same check finds the losses of a writer that does not wait, so it would find them above.
#[test]
fn a_writer_that_does_not_wait_for_the_disk_is_found_out() {
    let broken = lose_power_everywhere("synchronous=normal; ", Model::Drop);
    let is_loss = |violation: &String| violation.contains("acknowledged");
    assert!(broken.iter().any(is_loss), "{broken:?}");
}

/// The kernel shows data that the disk has not kept, and a second sync would succeed: the next
/// process must make its files durable before it returns any of them.
#[test]
fn nothing_that_is_returned_after_a_failed_sync_is_lost_when_the_power_goes() {
    for at in some(Operation::Sync, 5) {
        let ledger = Ledger::new();
        let cache = ledger.page_cache();
        let plan = format!("page-cache={cache}; error store=* op=sync at={at} code=EIO");
        let failed = Run::of(ledger.folder(), &plan);
        if !failed.has_fired() {
            break;
        }
        assert_eq!(failed.end, ABORTED, "sync {at}: {}", failed.log);
        // The power goes at each sync of the next process in turn.
        for lost_at in 1.. {
            let again = ledger.copy();
            let cache = again.page_cache();
            let plan = format!("page-cache={cache}; power-loss store=* at={lost_at} model=drop");
            let after = Run::of(again.folder(), &plan);
            let broken = again.violations(&[&failed, &after]);
            assert!(broken.is_empty(), "{at}, {plan}: {broken:?}: {}", after.log);
            if !after.has_fired() || lost_at == short_or_full(3, 20) {
                break;
            }
        }
    }
}

/// They run at the same time, as they wait for the disk more than they compute.
#[test]
fn an_operation_that_fails_loses_nothing_and_makes_nothing_up_and_a_sync_ends_the_process() {
    thread::scope(|threads| {
        for &operation in Operation::ALL {
            for &code in Code::ALL {
                for lasting in ["once", "good"] {
                    threads.spawn(move || fail_at_each_place(operation, code, lasting));
                }
            }
        }
    });
}

fn fail_at_each_place(operation: Operation, code: Code, lasting: &str) {
    for at in some(operation, 10) {
        let plan = format!("error store=* op={operation} at={at} code={code} for={lasting}");
        let ledger = Ledger::new();
        let run = Run::of(ledger.folder(), &plan);
        let expected = match operation {
            Operation::Sync if run.has_fired() => ABORTED,
            _ => NORMAL,
        };
        let log = &run.log;
        assert_eq!(run.end, expected, "{plan}: {log}");
        let goes_on = lasting == "once" && expected == NORMAL;
        assert!(!goes_on || run.is_complete(), "{plan} goes on: {log}");
        let broken = ledger.violations(&[&run]);
        assert!(broken.is_empty(), "{plan}: {broken:?}: {log}");
        if !run.has_fired() {
            break;
        }
    }
}
