//! Standing orders: transfers that the bank makes by itself, date by date.
//!
//! A due date becomes a *run* in the commit that moves the order past that date. Then the ledger
//! posts the run's transfer. Its id follows from the order, the date, and the attempt, so a date is
//! paid once, whatever crashes. The run keeps what the ledger decided.
//!
//! - `body`, `view`: an order as a client sends it and sees it;
//! - `order`, `calendar`: what was requested, and its dates;
//! - `record`, `run`: an order and a run as they are stored; `rows`, `run_rows`: their statements;
//! - `tick`: all that the bank does by itself. `follow` reads which accounts were closed and which
//!   users were disabled, and `states` ends, pauses, or resumes their orders; `begin` makes runs of
//!   due dates; `pay` has the ledger post them;
//! - `cancel`: the end of an order by its owner or by staff.

mod audit_record;
mod begin;
mod body;
mod calendar;
mod cancel;
mod follow;
mod order;
mod pay;
mod record;
mod rows;
mod run;
mod run_rows;
mod states;
mod tick;
mod transfer;
mod view;

pub use audit_record::{CANCELLED, CREATED, created_by};
pub use begin::{RETRY_FOR_MS, RUNS_PER_TICK_MAX};
pub use body::{COUNT_MAX, EVERY_MAX, ScheduleBody};
pub use calendar::{Interval, Plan};
pub use cancel::cancel;
pub use follow::Source;
pub use order::{OnInsufficientFunds, StandingOrder};
pub use pay::RETRY_PAUSE_MS;
pub use record::{EndedBecause, Schedule, ScheduleState};
pub use rows::{Overview, count_active, find, insert, list, read};
pub use run::{Run, RunState};
pub use tick::Summary;
pub use view::ScheduleView;

pub(crate) use follow::followed;
pub(crate) use record::{SCHEDULE_COLUMN_COUNT, SCHEDULE_COLUMNS};
pub(crate) use run::RUN_COLUMNS;
pub(crate) use transfer::transfer_of;

#[cfg(test)]
mod tests;
