//! The end of a standing order: when it has been answered, nothing of it is paid any more.

use super::record::Schedule;
use super::{rows, run};
use crate::drive::give_up;
use crate::ledger::Ledger;
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
    /// It has no next date any more, but one that is under way can be neither confirmed nor given up now. Ask again.
    #[error("the ledger does not answer")]
    Unavailable,
    /// The store does not work.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Ends a schedule of a user; one that has ended already stays so. A date that is under way is given up in the ledger, where it may turn out
/// to have been paid a moment before.
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
    let mut decided = Vec::new();
    let mut is_whole = true;
    for open in rows::open_runs(store, Some(id), OPEN_RUNS_MAX)? {
        let one = run::ask(store, ledger, open, |accepted| give_up(ledger, accepted))?;
        if one.is_decided() {
            decided.push(one);
        } else {
            is_whole = false;
        }
    }
    run::note(store, &decided, clock.now_ms())?;
    if is_whole {
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
    rows::end(&transaction, schedule, now_ms)?;
    Ok(transaction.commit()?)
}
