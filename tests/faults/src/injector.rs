//! Counts the operations and calls at each store, and finds the fault that is due.

use crate::disk::Disk;
use crate::end;
use crate::plan::{Call, Code, Fault, FaultKind, Lasting, Operation, Plan, PowerLoss, When};
use crate::vfs;
use parking_lot::{Mutex, MutexGuard};
use std::collections::BTreeMap;
use std::fmt::{self, Display};
use std::path::Path;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

static INSTALLED: OnceLock<Injector> = OnceLock::new();

/// Puts a plan under every store that this process opens from now on.
///
/// # Panics
/// The process has a plan already, or the system's VFS is not SQLite's own.
pub fn install(plan: Plan) {
    let is_first = INSTALLED.set(Injector::new(plan)).is_ok();
    assert!(is_first, "a process has one plan of faults");
    vfs::register();
}

/// The injector of this process, if it has a plan.
pub fn installed() -> Option<&'static Injector> {
    INSTALLED.get()
}

/// The plan of a process, and its progress.
pub struct Injector {
    pub plan: Plan,
    armed: AtomicBool,
    progress: Mutex<Progress>,
    /// None if the plan does not depend on what is on disk.
    disk: Option<Mutex<Disk>>,
    /// Whether a sync has failed: the process may end itself at any time.
    has_failed: AtomicBool,
}

#[derive(Default)]
struct Progress {
    /// How often each fault has seen its operation or call.
    passed: Vec<u64>,
    counts: Counts,
}

/// The operations and calls at which faults happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum FaultPoint {
    Operation(Operation),
    Call(Call, When),
}

/// What an operation must do.
#[derive(Debug, PartialEq, Eq)]
pub enum Verdict {
    Pass,
    Fail(Code),
    /// The power goes before it has any effect.
    LosePower(PowerLoss),
}

/// A guest must die of a call.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a fault of the plan: {0}")]
pub struct Trap(String);

/// How often each operation and call has happened.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts(BTreeMap<(String, FaultPoint), u64>);

impl Counts {
    pub fn of(&self, store: &str, operation: Operation) -> u64 {
        let point = (store.to_owned(), FaultPoint::Operation(operation));
        self.0.get(&point).copied().unwrap_or(0)
    }
}

impl Display for Counts {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = self.0.iter().map(|((store, point), count)| match point {
            FaultPoint::Operation(operation) => format!("{store}:op.{operation}={count}"),
            FaultPoint::Call(call, when) => format!("{store}:call.{call}.{when}={count}"),
        });
        formatter.write_str(&words.collect::<Vec<_>>().join(" "))
    }
}

impl Injector {
    pub fn new(plan: Plan) -> Self {
        let is_power_lost = |fault: &Fault| matches!(fault.kind, FaultKind::PowerLoss(_));
        let is_disk_watched = plan.page_cache.is_some() || plan.faults.iter().any(is_power_lost);
        let progress = Progress {
            passed: vec![0; plan.faults.len()],
            counts: Counts::default(),
        };
        Self {
            armed: AtomicBool::new(!plan.is_after_start),
            progress: Mutex::new(progress),
            disk: is_disk_watched.then(|| Mutex::new(inherited(&plan))),
            has_failed: AtomicBool::new(false),
            plan,
        }
    }

    pub fn arm(&self) {
        self.armed.store(true, Relaxed);
    }

    pub fn counts(&self) -> Counts {
        self.progress.lock().counts.clone()
    }

    /// The state of the disk, if the plan depends on it. The caller holds it during a change.
    pub fn disk(&self) -> Option<MutexGuard<'_, Disk>> {
        self.disk.as_ref().map(Mutex::lock)
    }

    /// Counts an operation on a store's file that is about to begin.
    pub fn at_operation(&self, store: &str, operation: Operation) -> Verdict {
        let due = self.due(store, FaultPoint::Operation(operation));
        match due.map(|fault| fault.kind) {
            Some(FaultKind::Error { code, .. }) => Verdict::Fail(code),
            Some(FaultKind::PowerLoss(loss)) => Verdict::LosePower(loss),
            Some(FaultKind::Crash { .. } | FaultKind::Trap { .. }) | None => Verdict::Pass,
        }
    }

    /// Counts a side of a guest's call.
    pub fn at_call(&self, file: &Path, call: Call, when: When) -> Result<(), Trap> {
        let due = self.due(&store_of(file), FaultPoint::Call(call, when));
        let Some(fault) = due else { return Ok(()) };
        match fault.kind {
            FaultKind::Crash { .. } => {
                let disk = self.disk();
                if let Some(disk) = &disk {
                    self.hand_on(disk);
                }
                end::kill();
            }
            FaultKind::Trap { .. } => Err(Trap(fault.text.clone())),
            FaultKind::Error { .. } | FaultKind::PowerLoss(_) => Ok(()),
        }
    }

    /// Ends the process as a power loss does, with the files as the disk has them.
    pub fn lose_power(&self, loss: PowerLoss) -> ! {
        // Held to the end: no thread can change a file any more, or see a sync succeed.
        let mut disk = self.disk();
        if let Some(disk) = &mut disk
            && let Err(error) = disk.lose_power(loss)
        {
            end::say(&format!("the files could not be taken back: {error}"));
            std::process::abort();
        }
        end::kill();
    }

    /// Records that a sync has failed. The process may then end itself at any time.
    pub fn note_failure(&self, disk: &Disk) {
        self.has_failed.store(true, Relaxed);
        self.hand_on(disk);
    }

    /// Records a change: the process after one with a failed sync must know of it.
    pub fn note_change(&self, disk: &Disk) {
        if self.has_failed.load(Relaxed) {
            self.hand_on(disk);
        }
    }

    /// Saves the data that is not on disk for the next process, if the plan says so.
    fn hand_on(&self, disk: &Disk) {
        let Some(file) = &self.plan.page_cache else {
            return;
        };
        let text = serde_json::to_vec(disk).map_err(std::io::Error::from);
        if let Err(error) = text.and_then(|text| write_whole(file, &text)) {
            end::say(&format!("{}: cannot be written: {error}", file.display()));
            std::process::abort();
        }
    }

    /// Counts a point, and returns the fault that comes there; prints it the first time.
    fn due(&self, store: &str, point: FaultPoint) -> Option<&Fault> {
        if !self.armed.load(Relaxed) {
            return None;
        }
        let mut progress = self.progress.lock();
        let Counts(counts) = &mut progress.counts;
        *counts.entry((store.to_owned(), point)).or_default() += 1;
        let mut due = None;
        for (fault, passed) in self.plan.faults.iter().zip(&mut progress.passed) {
            if !fault.watches(store, point) {
                continue;
            }
            *passed += 1;
            if fault.comes_at(*passed) {
                due = due.or(Some((fault, *passed == fault.at)));
            }
        }
        let (fault, is_first) = due?;
        if is_first {
            end::say(&format!("fired {}", fault.text));
        }
        Some(fault)
    }
}

impl Fault {
    fn watches(&self, store: &str, point: FaultPoint) -> bool {
        let own = match self.kind {
            FaultKind::Error { operation, .. } => FaultPoint::Operation(operation),
            FaultKind::PowerLoss(_) => FaultPoint::Operation(Operation::Sync),
            FaultKind::Crash { call, when } | FaultKind::Trap { call, when } => {
                FaultPoint::Call(call, when)
            }
        };
        own == point && self.store.as_ref().is_none_or(|own| own == store)
    }

    fn comes_at(&self, passed: u64) -> bool {
        match self.kind {
            FaultKind::Error {
                lasting: Lasting::Good,
                ..
            } => passed >= self.at,
            _ => passed == self.at,
        }
    }
}

/// The store of a file: its stem, as SQLite's suffixes, such as `-wal`, follow the extension.
pub fn store_of(file: &Path) -> String {
    let stem = file.file_stem().unwrap_or_default();
    stem.to_string_lossy().into_owned()
}

/// The state of the disk that the previous process has saved.
fn inherited(plan: &Plan) -> Disk {
    let Some(Ok(text)) = plan.page_cache.as_ref().map(std::fs::read) else {
        return Disk::default();
    };
    serde_json::from_slice(&text).unwrap_or_else(|error| {
        end::say(&format!("the page cache cannot be read: {error}"));
        std::process::abort();
    })
}

/// Writes a file by a rename: the process may be killed in the middle.
fn write_whole(file: &Path, content: &[u8]) -> std::io::Result<()> {
    let new = file.with_extension("new");
    std::fs::write(&new, content)?;
    std::fs::rename(new, file)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn injector(plan: &str) -> Injector {
        Injector::new(plan.parse().unwrap())
    }

    #[test]
    fn an_error_comes_at_its_place_of_what_it_watches_once_or_from_there_on() {
        const ONCE: &str = "store=a op=write at=2";
        const BOTH: &str = "store=a op=write at=1; error code=EIO store=a op=write at=2";
        let (here, there) = (("a", Operation::Write), ("b", Operation::Write));
        let read = ("a", Operation::Read);
        for (words, operations, at) in [
            (ONCE, [here; 4], &[1][..]),
            ("store=a op=write at=2 for=good", [here; 4], &[1, 2, 3]),
            (ONCE, [there, read, here, here], &[3]),
            (ONCE, [there, here, read, there], &[]),
            ("store=* op=write at=2", [there, read, here, here], &[2]),
            (BOTH, [here; 4], &[0, 1]),
        ] {
            let injector = injector(&format!("error code=EIO {words}"));
            for (place, (store, operation)) in operations.into_iter().enumerate() {
                let expected = match at.contains(&place) {
                    true => Verdict::Fail(Code::Eio),
                    false => Verdict::Pass,
                };
                let verdict = injector.at_operation(store, operation);
                assert_eq!(verdict, expected, "{words}: {operations:?}: {place}");
            }
        }
    }

    #[test]
    fn nothing_counts_before_the_services_serve_if_the_plan_says_so() {
        let late = injector("after-start; error store=a op=write at=1 code=ENOSPC");
        let write = || late.at_operation("a", Operation::Write);
        assert_eq!([write(), write()], [Verdict::Pass, Verdict::Pass]);
        assert_eq!(late.counts(), Counts::default());
        late.arm();
        let enospc = Verdict::Fail(Code::Enospc);
        assert_eq!([write(), write()], [enospc, Verdict::Pass]);
        assert_eq!(late.counts().of("a", Operation::Write), 2);
    }

    #[test]
    fn a_guest_dies_of_the_call_that_the_plan_names() {
        use crate::plan::When::{After, Before};
        let trap = injector("trap store=a call=execute when=after at=2");
        let call = |when| {
            let called = trap.at_call(Path::new("/data/a.sqlite"), Call::Execute, when);
            called.is_err()
        };
        let calls = [Before, After, Before, After, After].map(call);
        assert_eq!(calls, [false, false, false, true, false]);
        let counts = trap.counts().to_string();
        assert_eq!(counts, "a:call.execute.before=2 a:call.execute.after=3");
    }

    #[test]
    fn a_log_and_a_journal_belong_to_their_database() {
        for suffix in ["", "-wal", "-journal"] {
            let file = format!("/data/stores/accounts.sqlite{suffix}");
            assert_eq!(store_of(Path::new(&file)), "accounts");
        }
    }
}
