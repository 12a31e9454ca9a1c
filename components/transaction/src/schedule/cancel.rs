//! The end of a standing order by its owner or by staff: after it, nothing of the order is paid.
//!
//! The end is committed first, so that no further date begins. Then the ledger cancels the transfer
//! of every open run. A tick that has read the order before its end may still post that transfer,
//! and finds it cancelled.

use super::audit_record::cancelled_by;
use super::pay::{Action, pay, record};
use super::record::ScheduleState;
use super::{rows, run_rows};
use crate::service::{Env, Service};
use strongroom_sdk::audit_log::Actor;
use strongroom_sdk::clock::Clock;
use strongroom_sdk::problem::Problem;
use strongroom_sdk::store::{Store, Transaction};
use uuid::Uuid;

/// More open runs than an order can have: it begins at most so many within one tick.
const OPEN_RUNS_MAX: i64 = 1_000;

/// Ends an order, and logs it. An order that has ended stays as it is. A payment under way is
/// cancelled, unless the ledger has made it already.
///
/// # Errors
/// 404; 503 where no further date begins, but a payment under way may still be made.
pub fn cancel<E: Env>(service: &Service<E>, id: Uuid, by: Actor) -> Result<(), Problem> {
    let Service { store, clock, .. } = service;
    end(store, id, by, clock.now_ms())?;
    let open = run_rows::open(store, Some(id), OPEN_RUNS_MAX)?;
    let pass = pay(&service.ledger, open, |_| Ok(Action::Cancel));
    record(store, &pass, clock.now_ms())?;
    if pass.has_all() {
        Ok(())
    } else {
        Err(Problem::unavailable())
    }
}

fn end<S: Store>(store: &S, id: Uuid, by: Actor, now_ms: i64) -> Result<(), Problem> {
    let transaction = store.begin()?;
    let schedule = rows::find(&transaction, id)?.ok_or_else(Problem::not_found)?;
    let state = schedule.state;
    let has_ended = match state {
        ScheduleState::Cancelled | ScheduleState::Ended => true,
        // Its last date may still be paid.
        ScheduleState::Completed => !run_rows::has_unfinished(&transaction, id)?,
        ScheduleState::Active | ScheduleState::Paused => false,
    };
    if !has_ended {
        rows::cancel(&transaction, schedule, now_ms)?;
        cancelled_by(by, id, state, now_ms).append(&transaction)?;
    }
    Ok(transaction.commit()?)
}
