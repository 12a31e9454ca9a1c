//! The host in which tests make things go wrong: the library of the released binary, with the hook
//! that obeys a plan of faults.

use std::process::ExitCode;
use strongroom::faults::{FaultPoint, Hook, When, set};
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

fn call_of(call: FaultPoint) -> plan::Call {
    match call {
        FaultPoint::Begin => plan::Call::Begin,
        FaultPoint::BeginQuery => plan::Call::BeginQuery,
        FaultPoint::Execute => plan::Call::Execute,
        FaultPoint::Query => plan::Call::Query,
        FaultPoint::Commit => plan::Call::Commit,
        FaultPoint::CommitWith => plan::Call::CommitWith,
        FaultPoint::CommitLater => plan::Call::CommitLater,
        FaultPoint::Read => plan::Call::Read,
    }
}

fn when_of(when: When) -> plan::When {
    match when {
        When::Before => plan::When::Before,
        When::After => plan::When::After,
    }
}
