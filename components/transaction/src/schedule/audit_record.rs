//! What the audit log says of a standing order: who made it, what it is, and who ended it.

use super::record::{Schedule, ScheduleState};
use strongroom_sdk::audit_log::{Actor, Record};
use uuid::Uuid;

/// An order was made. The new value is [`Schedule::facts`].
pub const CREATED: &str = "schedule.created";
/// An order was ended by its owner, by staff, or by a client. The values are the states.
pub const CANCELLED: &str = "schedule.cancelled";

/// The record of a new order.
pub fn created_by(actor: Actor, schedule: &Schedule) -> Record {
    Record {
        new_value: Some(schedule.facts()),
        ..Record::new(schedule.created_at_ms, actor, CREATED, schedule.id)
    }
}

/// The record of the end of an order.
pub(super) fn cancelled_by(actor: Actor, id: Uuid, before: ScheduleState, at_ms: i64) -> Record {
    Record {
        old_value: Some(before.as_str().to_owned()),
        new_value: Some(ScheduleState::Cancelled.as_str().to_owned()),
        ..Record::new(at_ms, actor, CANCELLED, id)
    }
}
