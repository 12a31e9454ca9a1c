//! Each standing order is what the audit log made of it.

use crate::schedule::{CANCELLED, CREATED, SCHEDULE_COLUMNS, Schedule, ScheduleState};
use strongroom_sdk::audit::Check;
use strongroom_sdk::audit_log::{Step, check_targets};
use strongroom_sdk::store::{Row, Store, StoreError};

pub(super) fn check<S: Store>(store: &S) -> Result<Check, StoreError> {
    check_targets(
        store,
        "every standing order is what the audit log made of it",
        "schedule",
        format!(
            "SELECT id, EXISTS (SELECT 1 FROM schedule_before_log AS before \
             WHERE before.id = schedule.id), {SCHEDULE_COLUMNS} \
             FROM schedule WHERE id > ?1 ORDER BY id LIMIT ?2"
        ),
        is_made_by,
    )
}

/// An order is made once, never changes, and is cancelled once if it is cancelled.
fn is_made_by(row: &Row, steps: Vec<Step>) -> Result<bool, StoreError> {
    let schedule = Schedule::from_row(&row.clone().behind(2))?;
    let is_from_before = row.integer(1)? != 0;
    if is_from_before {
        return Ok(true);
    }
    let cancelled = ScheduleState::Cancelled;
    let created = (CREATED, Some(schedule.facts()));
    let end =
        (schedule.state == cancelled).then(|| (CANCELLED, Some(cancelled.as_str().to_owned())));
    let expected = std::iter::once(created).chain(end);
    let found = steps
        .iter()
        .map(|step| (step.action.as_str(), step.new_value.clone()));
    Ok(found.eq(expected))
}
