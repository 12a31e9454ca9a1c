//! Faults of a disk and of a process, for tests of what a bank keeps after them.
//!
//! A test writes a [`Plan`]: which operation of which store fails, where the power goes, at which
//! call of a guest the process dies. The plan takes effect below SQLite, in a VFS that passes
//! everything on to the system's ([`vfs`]), and at the calls where the host asks ([`at_call`]). The
//! code above is the same as in the released host.
//!
//! - [`plan`]: the text of a plan;
//! - [`injector`]: counts operations and calls, and finds the fault that is due;
//! - [`disk`]: the data that outlives a power loss;
//! - [`vfs`]: the way into SQLite, and the only unsafe code.
//!
//! The binary `strongroom-faulty` reads the plan from the environment variable [`PLAN_VARIABLE`].
//! Each fault prints a line to standard error before it acts: `strongroom-faults: fired <the
//! fault>`.
//!
//! No published VFS crate fits: those that support the shared memory of a write-ahead log want
//! their own locks and memory, and a test must run over the system's.

mod disk;
mod end;
mod injector;
mod plan;
mod vfs;

pub use injector::{Counts, Trap, install};
pub use plan::{
    Call, Code, Fault, FaultKind, Lasting, Model, Operation, Plan, PlanError, PowerLoss, When,
};

use injector::{Injector, installed};
use std::path::Path;
use std::process::exit;

pub const PLAN_VARIABLE: &str = "STRONGROOM_FAULTS";

const EXIT_BAD_PLAN: i32 = 2;

/// Installs the plan of the environment, if there is one. A plan that cannot be read ends the
/// process: a test without its faults would pass.
///
/// The caller keeps the result until the process ends normally. The process then prints its counts,
/// if the plan asks for them.
pub fn start() -> Started {
    if let Ok(text) = std::env::var(PLAN_VARIABLE) {
        match text.parse() {
            Ok(plan) => install(plan),
            Err(error) => {
                eprintln!("strongroom-faults: the plan cannot be read: {error}");
                exit(EXIT_BAD_PLAN);
            }
        }
    }
    Started(())
}

/// A process that may have a plan.
#[must_use]
pub struct Started(());

impl Drop for Started {
    fn drop(&mut self) {
        if let Some(injector) = installed().filter(|injector| injector.plan.count) {
            end::say(&format!("counts {}", injector.counts()));
        }
    }
}

/// Reports that every service serves: a plan that begins with `after-start` counts from here.
pub fn arm() {
    if let Some(injector) = installed() {
        injector.arm();
    }
}

/// How often everything has happened since counting began.
pub fn counts() -> Counts {
    installed().map_or_else(Counts::default, Injector::counts)
}

/// Reports a guest's call at the store in `file`, before or after it. May end the process.
///
/// # Errors
/// [`Trap`]: the guest must die of this call.
pub fn at_call(file: &Path, call: Call, when: When) -> Result<(), Trap> {
    installed().map_or(Ok(()), |injector| injector.at_call(file, call, when))
}

/// Reports that a file was overwritten with its own content, not through SQLite, and synced with
/// its folder.
pub fn written_over(file: &Path) {
    if let Some(mut disk) = installed().and_then(Injector::disk) {
        disk.written_over(file);
    }
}

/// SQLite's `synchronous` for the writer of a store.
pub fn synchronous() -> &'static str {
    match installed() {
        Some(injector) if injector.plan.is_synchronous_normal => "NORMAL",
        _ => "FULL",
    }
}
