//! The host in which tests make things go wrong: the library of the released binary, with the hook
//! that obeys a plan of faults.

use std::process::ExitCode;
use strongroom::faults::{Hook, StoreCall, When, set};
use strongroom_faults as plan;

fn main() -> ExitCode {
    let _started = plan::start();
    set(Hook {
        at_call: |file, call, when| Ok(plan::at_call(file, call_of(call), when_of(when))?),
        synchronous: plan::synchronous,
        written_over: plan::written_over,
        arm: plan::arm,
    });
    strongroom::run()
}

fn call_of(call: StoreCall) -> plan::Call {
    match call {
        StoreCall::Begin => plan::Call::Begin,
        StoreCall::BeginQuery => plan::Call::BeginQuery,
        StoreCall::Execute => plan::Call::Execute,
        StoreCall::Query => plan::Call::Query,
        StoreCall::Commit => plan::Call::Commit,
        StoreCall::CommitWith => plan::Call::CommitWith,
        StoreCall::CommitLater => plan::Call::CommitLater,
        StoreCall::Read => plan::Call::Read,
    }
}

fn when_of(when: When) -> plan::When {
    match when {
        When::Before => plan::When::Before,
        When::After => plan::When::After,
    }
}
