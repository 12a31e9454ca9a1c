//! How long threads work for a service.
//!
//! To read a thread's CPU time is a system call, which a small request would pay for several times.
//! So each poll of a call's future is timed by the clock: a call that waits is not polled. A link
//! call runs within a poll of its caller, whose time it is not.

use super::figures::ServiceFigures;
use crate::telemetry::CurrentRequest;
use std::cell::Cell;
use std::future::poll_fn;
use std::pin::pin;
use std::time::{Duration, Instant};

thread_local! {
    /// How long calls within the poll that runs have taken.
    static WITHIN: Cell<Duration> = const { Cell::new(Duration::ZERO) };
}

/// Runs a call of a service, and adds how long threads worked for it.
pub async fn timed<F: Future>(figures: &ServiceFigures, call: F) -> F::Output {
    let mut call = pin!(call);
    poll_fn(|cx| {
        let before = WITHIN.replace(Duration::ZERO);
        let begun = Instant::now();
        let polled = call.as_mut().poll(cx);
        let took = begun.elapsed();
        let own = took.saturating_sub(WITHIN.get());
        figures.add_busy(own);
        CurrentRequest::note_busy(own);
        WITHIN.set(before + took);
        polled
    })
    .await
}
