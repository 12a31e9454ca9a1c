//! The end of a standing order: once it has succeeded, nothing of the order is paid any more.
//!
//! The end is committed first, so that no further date begins. Then the ledger burns the id of every date without an outcome: a tick
//! that has read the order before its end may still post it, and finds the id burnt.

use super::record::{Schedule, ScheduleState};
use super::{rows, run};
use strongroom_ledger_api::Ledger;
use strongroom_sdk::clock::Clock;
use strongroom_sdk::store::{Store, StoreError, Transaction};
use uuid::Uuid;

/// More open runs than a schedule can have while it is caught up within one tick.
const OPEN_RUNS_MAX: i64 = 1_000;

/// Why a standing order may not have ended.
#[derive(Debug, thiserror::Error)]
pub enum CancelError {
    /// There is no such schedule of this user.
    #[error("not found")]
    NotFound,
    /// It has no next date any more, but one that is under way can be neither confirmed nor cancelled now. Ask again.
    #[error("the ledger does not respond")]
    Unavailable,
    /// The store does not work.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Ends a schedule of a user; one that has ended already stays so. A date that is under way is cancelled in the ledger, where it may turn
/// out to have been paid a moment before.
///
/// # Errors
/// [`CancelError`].
pub fn cancel<S: Store, L: Ledger>(
    store: &S,
    ledger: &L,
    clock: &impl Clock,
    (id, owner): (Uuid, Uuid),
) -> Result<(), CancelError> {
    end(store, clock.now_ms(), (id, owner))?;
    let open = rows::open_runs(store, Some(id), OPEN_RUNS_MAX)?;
    let pass = run::decide(ledger, open, |_| Ok(run::Wish::Cancel));
    run::note(store, &pass, clock.now_ms())?;
    if pass.has_all() {
        Ok(())
    } else {
        Err(CancelError::Unavailable)
    }
}

fn end<S: Store>(store: &S, now_ms: i64, (id, owner): (Uuid, Uuid)) -> Result<(), CancelError> {
    let transaction = store.begin()?;
    let found: Option<Schedule> = rows::find(&transaction, id)?;
    let Some(schedule) = found.filter(|schedule| schedule.owner == owner) else {
        return Err(CancelError::NotFound);
    };
    if schedule.state != ScheduleState::Ended {
        rows::end(&transaction, schedule, now_ms)?;
    }
    Ok(transaction.commit()?)
}
