//! Goal: whatever the disk does, what the ledger has acknowledged is in it, once and unchanged, and nothing else is.
//!
//! Method: a process of its own runs the account service's real rules over the real store, with one fault below SQLite: the power goes at
//! the Nth sync, or the Nth read, write, sync, truncation, or opening fails. It says on standard output what it was acknowledged. Then
//! the files are opened without faults and judged ([`judge`]). N goes from 1 on, until a run ends before its fault has come.
//!
//! - [`adapter`]: the store as the service's code sees it;
//! - [`workload`]: what is asked, and the process that asks;
//! - [`run`]: such a process, and what it said;
//! - [`places`]: which N there are, for short and full marks.

mod adapter;
mod judge;
mod places;
mod run;
mod workload;

use judge::Ledger;
use places::{every, short_or_full, some};
use run::{End, Run};
use std::thread;
use strongroom_faults::{Code, Model, Operation};

/// How many places of an operation fail for the short marks, with each code.
const PLACES_SHORT: u64 = 10;
/// How a process ends that a failed sync has ended, and one that lost its power.
const ABORTED: End = End::Signal(6);
const KILLED: End = End::Signal(9);

/// Runs a workload whose power goes at each sync in turn; answers what was found broken, by plan.
fn lose_power_everywhere(settings: &str, model: Model) -> Vec<String> {
    let mut broken = Vec::new();
    for at in every() {
        let plan = format!("{settings}power-loss store=* at={at} model={model} seed={at}");
        let ledger = Ledger::new();
        let run = Run::of(ledger.folder(), &plan);
        if !run.has_fired() {
            assert_eq!(run.end, End::Normal, "{plan}: {}", run.log);
            break;
        }
        assert_eq!(run.end, KILLED, "{plan}: {}", run.log);
        broken.extend(
            ledger
                .violations(&[&run])
                .into_iter()
                .map(|violation| format!("{plan}: {violation}")),
        );
    }
    broken
}

fn assert_nothing_is_lost(model: Model) {
    let broken = lose_power_everywhere("", model);
    assert_eq!(broken, Vec::<String>::new());
}

#[test]
fn nothing_acknowledged_is_lost_when_no_write_without_a_sync_is_on_disk() {
    assert_nothing_is_lost(Model::Drop);
}

#[test]
fn nothing_acknowledged_is_lost_when_writes_without_a_sync_came_to_the_disk_in_any_order() {
    assert_nothing_is_lost(Model::Reorder);
}

#[test]
fn nothing_acknowledged_is_lost_when_writes_without_a_sync_are_torn() {
    assert_nothing_is_lost(Model::Torn);
}

/// The same check finds what a writer loses that does not wait for the disk: so it would find it above.
#[test]
fn a_writer_that_does_not_wait_for_the_disk_is_found_out() {
    let broken = lose_power_everywhere("synchronous=normal; ", Model::Drop);
    assert!(
        broken
            .iter()
            .any(|violation| violation.contains("acknowledged")),
        "{broken:?}"
    );
}

/// A failed sync ends the process. The kernel goes on showing what the disk has not kept, and a second sync would answer well: what the
/// next process finds in its files must be on disk before it answers anything from them.
#[test]
fn nothing_that_is_answered_after_a_failed_sync_is_lost_when_the_power_goes() {
    for at in some(Operation::Sync, 5) {
        let ledger = Ledger::new();
        let cache = ledger.page_cache();
        let failed = Run::of(
            ledger.folder(),
            &format!("page-cache={cache}; error store=* op=sync at={at} code=EIO"),
        );
        if !failed.has_fired() {
            break;
        }
        assert_eq!(failed.end, ABORTED, "sync {at}: {}", failed.log);
        // At the first sync of all that the next process makes, at the second, ..: what it has answered before must be there.
        for lost_at in 1.. {
            let again = ledger.copy();
            let cache = again.page_cache();
            let plan = format!("page-cache={cache}; power-loss store=* at={lost_at} model=drop");
            let after = Run::of(again.folder(), &plan);
            let violations = again.violations(&[&failed, &after]);
            assert_eq!(
                violations,
                Vec::<String>::new(),
                "sync {at} failed, then {plan}: {}",
                after.log
            );
            if !after.has_fired() || lost_at == short_or_full(3, 20) {
                break;
            }
        }
    }
}

/// Each way to fail has its own runs, which wait for the disk more than they compute.
fn fail_everywhere(operation: Operation) {
    thread::scope(|ways| {
        for &code in Code::ALL {
            for lasting in ["once", "good"] {
                ways.spawn(move || fail_at_each_place(operation, code, lasting));
            }
        }
    });
}

fn fail_at_each_place(operation: Operation, code: Code, lasting: &str) {
    for at in some(operation, PLACES_SHORT) {
        let plan = format!("error store=* op={operation} at={at} code={code} for={lasting}");
        let ledger = Ledger::new();
        let run = Run::of(ledger.folder(), &plan);
        let expected = match operation {
            Operation::Sync if run.has_fired() => ABORTED,
            _ => End::Normal,
        };
        assert_eq!(run.end, expected, "{plan}: {}", run.log);
        let goes_on = lasting == "once" && expected == End::Normal;
        assert!(
            !goes_on || run.is_complete(),
            "{plan}: the store does not go on: {}",
            run.log
        );
        let violations = ledger.violations(&[&run]);
        assert_eq!(violations, Vec::<String>::new(), "{plan}: {}", run.log);
        if !run.has_fired() {
            break;
        }
    }
}

#[test]
fn a_read_that_fails_loses_nothing_and_makes_nothing_up() {
    fail_everywhere(Operation::Read);
}

#[test]
fn a_write_that_fails_loses_nothing_and_makes_nothing_up() {
    fail_everywhere(Operation::Write);
}

#[test]
fn a_sync_that_fails_ends_the_process_and_loses_nothing() {
    fail_everywhere(Operation::Sync);
}

#[test]
fn a_truncation_that_fails_loses_nothing_and_makes_nothing_up() {
    fail_everywhere(Operation::Truncate);
}

#[test]
fn a_file_that_does_not_open_loses_nothing_and_makes_nothing_up() {
    fail_everywhere(Operation::Open);
}
