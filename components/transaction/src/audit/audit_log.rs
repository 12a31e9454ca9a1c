//! Each standing order that staff have ended, as the audit log says, is cancelled.

use crate::schedule::{CANCELLED, SCHEDULE_COLUMNS, Schedule, ScheduleState};
use strongroom_sdk::audit::Check;
use strongroom_sdk::audit_log::{Step, check_targets};
use strongroom_sdk::store::{Row, Store, StoreError};

pub(super) fn check<S: Store>(store: &S) -> Result<Check, StoreError> {
    check_targets(
        store,
        "every standing order that staff have ended, as the audit log says, is cancelled",
        "schedule",
        format!("SELECT id, {SCHEDULE_COLUMNS} FROM schedule WHERE id > ?1 ORDER BY id LIMIT ?2"),
        is_made_by,
    )
}

/// Staff end an order once, if at all. An owner's end has no record.
fn is_made_by(row: &Row, steps: Vec<Step>) -> Result<bool, StoreError> {
    let schedule = Schedule::from_row(&row.clone().behind(1))?;
    let cancelled = ScheduleState::Cancelled;
    Ok(match steps.as_slice() {
        [] => true,
        [step] => {
            step.action == CANCELLED
                && step.new_value.as_deref() == Some(cancelled.as_str())
                && schedule.state == cancelled
        }
        _ => false,
    })
}
