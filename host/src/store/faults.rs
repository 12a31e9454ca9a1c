//! Where a test makes a store fail: at the calls of guests, by how the writer syncs, and from when
//! on.
//!
//! The store calls a hook at these places. Only a binary of the tests sets one, before it opens a
//! store. The released binary sets none.

use std::path::Path;
use std::sync::OnceLock;

/// A call of a guest at its store, as the WIT names it. `Read` is a query outside of transactions.
#[derive(Debug, Clone, Copy)]
pub enum FaultPoint {
    Begin,
    BeginQuery,
    Execute,
    Query,
    Commit,
    CommitWith,
    CommitLater,
    Read,
}

/// The side of a call on which a fault comes.
#[derive(Debug, Clone, Copy)]
pub enum When {
    /// The store has done nothing yet.
    Before,
    /// The call has taken effect, and the guest has no result yet.
    After,
}

/// The functions of a test binary that the store calls.
pub struct Hook {
    /// Runs at each call of a guest at the store in a file. An error kills the guest.
    pub at_call: fn(&Path, FaultPoint, When) -> anyhow::Result<()>,
    /// Returns SQLite's `synchronous` for the writer.
    pub synchronous: fn() -> &'static str,
    /// Runs after a file was overwritten with its own content, and synced with its folder.
    pub written_over: fn(&Path),
    /// Runs when every service serves.
    pub arm: fn(),
}

static HOOK: OnceLock<Hook> = OnceLock::new();

/// Sets the hook of this process.
///
/// # Panics
/// The process has one already.
pub fn set(hook: Hook) {
    let is_first = HOOK.set(hook).is_ok();
    assert!(is_first, "a process has one hook");
}

/// Runs the hook at a call of a guest, with the file of its store.
///
/// # Errors
/// The guest must die of the call.
pub(super) fn at_call(store: Option<&Path>, call: FaultPoint, when: When) -> wasmtime::Result<()> {
    match (HOOK.get(), store) {
        (Some(hook), Some(store)) => (hook.at_call)(store, call, when)
            .map_err(|error| wasmtime::Error::from_boxed(error.into())),
        _ => Ok(()),
    }
}

/// SQLite's `synchronous` for the writer. `FULL`: a commit that was acknowledged survives a power
/// loss.
pub(super) fn synchronous() -> &'static str {
    HOOK.get().map_or("FULL", |hook| (hook.synchronous)())
}

/// Reports that a file was overwritten with its own content, and synced with its folder.
pub(super) fn written_over(file: &Path) {
    if let Some(hook) = HOOK.get() {
        (hook.written_over)(file);
    }
}

/// Reports that every service serves.
pub(crate) fn arm() {
    if let Some(hook) = HOOK.get() {
        (hook.arm)();
    }
}
