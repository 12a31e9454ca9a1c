//! The end of a standing order: once it has succeeded, nothing of the order is paid any more.
//!
//! The end is committed first, so that no further date begins. Then the ledger burns the id of every date without an outcome: a tick
//! that has read the order before its end may still post it, and finds the id burnt.

use super::record::ScheduleState;
use super::{rows, tick};
use strongroom_ledger_api::Ledger;
use strongroom_sdk::audit_log::{Actor, Record};
use strongroom_sdk::clock::Clock;
use strongroom_sdk::store::{Store, StoreError, Transaction};
use uuid::Uuid;

/// The action of the record of an order that staff have ended; its values are the states.
pub const CANCELLED: &str = "schedule.cancelled";

/// More open runs than a schedule can have while it is caught up within one tick.
const OPEN_RUNS_MAX: i64 = 1_000;

/// Why a standing order may not have ended.
#[derive(Debug, thiserror::Error)]
pub enum CancelError {
    /// There is no such schedule.
    #[error("not found")]
    NotFound,
    /// It has no next date any more, but one that is under way can be neither confirmed nor cancelled now. Ask again.
    #[error("the ledger does not respond")]
    Unavailable,
    /// The store does not work.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Ends a schedule, and records the member of staff who does so, if it is not the owner. One that has ended already stays so. A date that is under way is cancelled in the ledger, where it may turn
/// out to have been paid a moment before.
///
/// # Errors
/// [`CancelError`].
pub fn cancel<S: Store, L: Ledger>(
    store: &S,
    ledger: &L,
    clock: &impl Clock,
    id: Uuid,
    staff: Option<Actor>,
) -> Result<(), CancelError> {
    end(store, clock.now_ms(), id, staff)?;
    let open = rows::open_runs(store, Some(id), OPEN_RUNS_MAX)?;
    let pass = tick::decide(ledger, open, |_| Ok(tick::Wish::Cancel));
    tick::note(store, &pass, clock.now_ms())?;
    if pass.has_all() {
        Ok(())
    } else {
        Err(CancelError::Unavailable)
    }
}

fn end<S: Store>(
    store: &S,
    now_ms: i64,
    id: Uuid,
    staff: Option<Actor>,
) -> Result<(), CancelError> {
    let transaction = store.begin()?;
    let schedule = rows::find(&transaction, id)?.ok_or(CancelError::NotFound)?;
    let before = schedule.state;
    if !matches!(before, ScheduleState::Cancelled | ScheduleState::Ended) {
        rows::end(&transaction, schedule, now_ms)?;
        if let Some(actor) = staff {
            Record {
                at_ms: now_ms,
                actor,
                action: CANCELLED.into(),
                target: id,
                old_value: Some(before.as_str().to_owned()),
                new_value: Some(ScheduleState::Cancelled.as_str().to_owned()),
            }
            .append(&transaction)?;
        }
    }
    Ok(transaction.commit()?)
}
