//! Standing orders: transfers that the bank makes by itself, date by date.
//!
//! A due date becomes a *run* in the commit that moves the schedule on to its next date. Then the ledger posts the run's transfer, whose id
//! follows from schedule, date, and attempt: so the date is paid once, whatever crashes. What the ledger decides is noted in the run.
//!
//! What becomes of accounts and of users decides on schedules too, and is followed with cursors
//! (`follow`): one ends with its payer's or payee's account, and is paused while its owner may not
//! log in.

mod body;
mod calendar;
mod cancel;
mod follow;
mod record;
mod rows;
mod states;
mod tick;
mod view;

pub use body::{COUNT_MAX, EVERY_MAX, ScheduleBody};
pub use calendar::{Interval, Plan};
pub use cancel::{CANCELLED, CancelError, cancel};
pub use follow::Source;
pub use record::{
    EndedBecause, OnInsufficientFunds, Run, RunState, Schedule, ScheduleState, StandingOrder,
};
pub use rows::{count_active, find, insert, list, peek};
pub use tick::{RETRY_FOR_MS, RETRY_PAUSE_MS, RUNS_PER_TICK_MAX, Summary, TickError, tick};
pub use view::ScheduleView;

pub(crate) use follow::{followed, followed_by_now};
pub(crate) use record::{RUN_COLUMNS, SCHEDULE_COLUMN_COUNT, SCHEDULE_COLUMNS};
pub(crate) use tick::transfer_of;

#[cfg(test)]
mod tests;
