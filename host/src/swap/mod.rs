//! Makes the running services what `registry.toml` says, without dropping a request.
//!
//! A change's way, in order:
//! 1. [`watch`] sees that the registry or a component's file was saved, or is told by SIGHUP or the admin API;
//! 2. [`swapper`] reads the registry, compares it with what runs ([`difference`](crate::registry)), and goes through what differs;
//! 3. [`change_set`] loads the services that differ and hang together by links, type-checks them against each other and against those
//!    that stay, starts and warms them, and switches all of them in one step; whatever fails is refused, and the old one goes on;
//! 4. [`drain`] waits until the old generations have ended what they began;
//! 5. [`removal`] takes out what the registry no longer names;
//! 6. [`canary`] does the same for a version that is tried out, and takes it out when it does worse;
//! 7. [`history`] and [`report`] say what happened, and why not; [`plan`] says what would.

mod canary;
mod change_set;
mod drain;
mod files;
mod history;
mod kernel_watch;
mod plan;
mod refusals;
mod removal;
mod report;
mod swapper;
mod trigger;
mod verdict;
mod watch;

pub use history::RecordRow;
pub use plan::Plan;
pub use swapper::Swapper;
pub use trigger::Trigger;
pub use watch::Watch;
