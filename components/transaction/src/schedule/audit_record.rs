//! What the audit log says of a standing order that another than its owner has made or ended.

use super::record::{Schedule, ScheduleState};
use strongroom_sdk::audit_log::{Actor, Record};
use uuid::Uuid;

/// A client has made an order for its owner. The values of both actions are the states.
pub const CREATED: &str = "schedule.created";
/// Staff have ended an order, or a client has for its owner.
pub const CANCELLED: &str = "schedule.cancelled";

/// The record of an order that a client has made for its owner.
pub fn created_by(actor: Actor, schedule: &Schedule) -> Record {
    let states = [None, Some(schedule.state)];
    record_of(schedule.id, actor, CREATED, states, schedule.created_at_ms)
}

/// The record of an action that takes an order from one state to another.
pub(super) fn record_of(
    id: Uuid,
    actor: Actor,
    action: &'static str,
    states: [Option<ScheduleState>; 2],
    at_ms: i64,
) -> Record {
    let [old_value, new_value] = states.map(|state| state.map(|it| it.as_str().to_owned()));
    Record {
        at_ms,
        actor,
        action: action.into(),
        target: id,
        old_value,
        new_value,
    }
}
