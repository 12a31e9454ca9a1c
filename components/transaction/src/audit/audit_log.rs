//! Each standing order that another than its owner has ended, as the audit log says, is cancelled.

use crate::schedule::{CANCELLED, CREATED, SCHEDULE_COLUMNS, Schedule, ScheduleState};
use strongroom_sdk::audit::Check;
use strongroom_sdk::audit_log::{Step, check_targets};
use strongroom_sdk::store::{Row, Store, StoreError};

pub(super) fn check<S: Store>(store: &S) -> Result<Check, StoreError> {
    check_targets(
        store,
        "every standing order that another than its owner has ended, as the audit log says, is \
         cancelled",
        "schedule",
        format!("SELECT id, {SCHEDULE_COLUMNS} FROM schedule WHERE id > ?1 ORDER BY id LIMIT ?2"),
        is_made_by,
    )
}

/// A client makes an order once, and staff or a client end it once, if at all. What an owner does
/// has no record.
fn is_made_by(row: &Row, steps: Vec<Step>) -> Result<bool, StoreError> {
    let schedule = Schedule::from_row(&row.clone().behind(1))?;
    let leads_to = |step: &Step, action, state: ScheduleState| {
        step.action == action && step.new_value.as_deref() == Some(state.as_str())
    };
    let ends = match steps.as_slice() {
        [first, ends @ ..] if leads_to(first, CREATED, ScheduleState::Active) => ends,
        ends => ends,
    };
    let cancelled = ScheduleState::Cancelled;
    Ok(match ends {
        [] => true,
        [end] => leads_to(end, CANCELLED, cancelled) && schedule.state == cancelled,
        _ => false,
    })
}
