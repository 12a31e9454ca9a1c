//! Faults of a disk and of a process, for tests of what a bank keeps when they happen.
//!
//! A test writes a [`Plan`]: which operation of which store fails, where the power goes, at which call of a guest the process is
//! killed. The plan takes effect below SQLite, in a VFS that passes everything on to the system's ([`vfs`]), and at the calls where the
//! host asks ([`at_call`]). Nothing above knows of it: what is tested is what runs.
//!
//! - [`plan`]: the text of a plan;
//! - [`injector`]: counts what happens, and says which fault is due;
//! - [`disk`]: what a machine without power would still have;
//! - [`vfs`]: the way into SQLite, and the only unsafe code.
//!
//! The binary `strongroom-faulty` reads the plan from the environment variable [`PLAN_VARIABLE`]. Every fault says on
//! standard error that it has come, before it acts: `strongroom-faults: fired <the fault>`.
//!
//! No published VFS crate was of use: those that know the shared memory of a write-ahead log want locks and memory written anew, and a
//! fault must be tested over the system's own.

mod disk;
mod end;
mod injector;
mod plan;
mod vfs;

pub use injector::{Counts, Trap};
pub use plan::{
    Call, Code, Crash, Fault, IoError, Lasting, Model, Operation, Plan, PlanError, PowerLoss,
    Stores, When,
};

use injector::Injector;
use std::path::Path;
use std::process::exit;
use std::sync::OnceLock;

/// The environment variable with the plan of a host.
pub const PLAN_VARIABLE: &str = "STRONGROOM_FAULTS";

/// What a host answers with when its plan cannot be read.
const EXIT_BAD_PLAN: i32 = 2;

static INJECTOR: OnceLock<Injector> = OnceLock::new();

/// Puts a plan under every store that this process opens from now on.
///
/// # Panics
/// If there is a plan already, or the system's VFS is not SQLite's own.
pub fn install(plan: Plan) {
    let is_first = INJECTOR.set(Injector::new(plan)).is_ok();
    assert!(is_first, "a process has one plan of faults");
    vfs::register();
}

/// Installs the plan of the environment, if there is one. A plan that cannot be read ends the process: a test without its faults would
/// pass.
///
/// What this answers is kept until the process ends normally, which then says how often everything happened, if the plan asks.
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
        if let Some(injector) = INJECTOR.get().filter(|injector| injector.plan.count) {
            end::say(&format!("counts {}", injector.counts()));
        }
    }
}

/// Says that every service serves: a plan that begins with `after-start` counts from here.
pub fn arm() {
    if let Some(injector) = INJECTOR.get() {
        injector.arm();
    }
}

/// How often everything has happened since counting began.
pub fn counts() -> Counts {
    INJECTOR
        .get()
        .map_or_else(Counts::default, Injector::counts)
}

/// A guest makes a call at the store in `file`, or is about to be answered. May end the process.
///
/// # Errors
/// [`Trap`]: the guest is to die of this call.
pub fn at_call(file: &Path, call: Call, when: When) -> Result<(), Trap> {
    match INJECTOR.get() {
        Some(injector) => injector.at_call(file, call, when),
        None => Ok(()),
    }
}

/// Says that a file was written over with what it holds, not through SQLite, and that it and its folder were synced.
pub fn written_over(file: &Path) {
    if let Some(mut disk) = INJECTOR.get().and_then(Injector::disk) {
        disk.written_over(file);
    }
}

/// How careful the writer of a store is to be, as SQLite's `synchronous` has it.
pub fn synchronous() -> &'static str {
    match INJECTOR.get() {
        Some(injector) if injector.plan.is_synchronous_normal => "NORMAL",
        _ => "FULL",
    }
}
