//! Makes the running services what `registry.toml` says, without dropping a request.
//!
//! The steps of a change, in order:
//! 1. [`watch`]: the registry or a component's file was saved ([`kernel_watch`]), or another
//!    [`trigger`] asks for a pass over the registry, which [`swapper`] makes;
//! 2. [`diff`]: which services differ from what runs, and which of these do links connect;
//! 3. [`load`]: read and compile the components, check their imports and exports;
//! 4. [`check`]: do the links fit, between new generations and those that stay;
//! 5. [`start`] and [`warm`]: the new generations get ready;
//! 6. [`switch`]: all of them begin to serve in one step, and the operator learns what their start
//!    says ([`announcer`]);
//! 7. [`drain`]: the old generations finish what they began.
//!
//! A service that fails at a step is refused, and its old generation goes on ([`refusals`]).
//! [`removal`] takes out the services that the registry no longer names, and [`canary`] tries out
//! new versions, each judged by its [`verdict`]. [`history`] and [`report`] say what happened, and
//! [`plan`] what would happen.

mod announcer;
mod canary;
mod change_set;
mod check;
mod diff;
mod drain;
mod figures;
mod files;
mod history;
mod kernel_watch;
mod load;
mod pass;
mod plan;
mod prepare;
mod refusals;
mod removal;
mod report;
mod start;
mod swapper;
mod switch;
mod trigger;
mod verdict;
mod warm;
mod watch;

pub use announcer::Announcer;
pub use history::Record;
pub use plan::Plan;
pub use swapper::Swapper;
pub use trigger::Trigger;
pub use watch::FileWatch;

use tokio::signal::unix::Signal;
use tokio_util::sync::CancellationToken;

/// Keeps the services what the registry says, until `stop`; `hangup` is SIGHUP.
pub async fn run(swapper: &Swapper, watch: FileWatch, hangup: Signal, stop: &CancellationToken) {
    // Not in one loop: a pass may take as long as a service's start.
    tokio::select! {
        () = stop.cancelled() => {}
        () = watch.run(swapper, hangup) => {}
        () = watch::clock(swapper) => {}
        () = swapper.judge_canaries() => {}
    }
}
