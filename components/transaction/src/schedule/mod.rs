//! Standing orders: transfers that the bank makes by itself, date by date.
//!
//! A due date becomes an intent like a client's, and the schedule moves on to its next date in the same commit: from there on the date is paid
//! once, whatever crashes, as its transfer's id follows from the schedule and the date. What the ledger decides is noted in the date's run.

mod body;
mod calendar;
mod cancel;
mod record;
mod rows;
mod run;
mod view;

pub use body::{COUNT_MAX, EVERY_MAX, ScheduleBody};
pub use calendar::{Interval, Plan};
pub use cancel::{CancelError, cancel};
pub use record::{OnInsufficientFunds, Run, RunState, Schedule, ScheduleState, StandingOrder};
pub use rows::{count_active, find, insert, list, peek};
pub use run::{RETRY_FOR_MS, RETRY_PAUSE_MS, RUNS_PER_TICK_MAX, Summary, tick};
pub use view::ScheduleView;

pub(crate) use record::{RUN_COLUMNS, SCHEDULE_COLUMNS};
pub(crate) use run::intent_of;

#[cfg(test)]
mod tests;
