//! Where a test lets a store fail: the calls of guests, how careful the writer is, and when counting begins.
//!
//! A host without the feature `faults`, as it is released, has nothing behind these.

#[cfg(not(any(feature = "faults", test)))]
pub use absent::*;
#[cfg(any(feature = "faults", test))]
pub use planned::*;

#[cfg(any(feature = "faults", test))]
mod planned {
    use crate::store::ServiceStore;
    pub use strongroom_faults::{Call, arm, start, synchronous, written_over};
    use strongroom_faults::{When, at_call};

    /// A guest makes a call.
    ///
    /// # Errors
    /// It is to die of it.
    pub fn before(store: Option<&ServiceStore>, call: Call) -> wasmtime::Result<()> {
        come_upon(store, call, When::Before)
    }

    /// A guest is about to be answered.
    ///
    /// # Errors
    /// It is to die of its call.
    pub fn after(store: Option<&ServiceStore>, call: Call) -> wasmtime::Result<()> {
        come_upon(store, call, When::After)
    }

    fn come_upon(store: Option<&ServiceStore>, call: Call, when: When) -> wasmtime::Result<()> {
        let Some(store) = store else { return Ok(()) };
        Ok(at_call(store.readers.file(), call, when)?)
    }
}

#[cfg(not(any(feature = "faults", test)))]
mod absent {
    use crate::store::ServiceStore;
    use std::path::Path;

    /// What a guest asks of its store.
    pub enum Call {
        Begin,
        Execute,
        Query,
        Commit,
        CommitLater,
        Read,
    }

    /// A process that has no plan.
    pub struct Started;

    pub fn start() -> Started {
        Started
    }

    pub fn arm() {}

    pub fn synchronous() -> &'static str {
        "FULL"
    }

    pub fn written_over(_: &Path) {}

    #[inline]
    pub fn before(_: Option<&ServiceStore>, _: Call) -> wasmtime::Result<()> {
        Ok(())
    }

    #[inline]
    pub fn after(_: Option<&ServiceStore>, _: Call) -> wasmtime::Result<()> {
        Ok(())
    }
}
