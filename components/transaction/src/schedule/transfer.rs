//! The transfer of a date.

use super::record::Schedule;
use crate::request::SCHEDULE_SCOPE;
use serde_json::json;
use strongroom_ledger_api::{Actor, DebitAuthority, Transfer};
use strongroom_sdk::calendar::Day;
use strongroom_sdk::idempotency::derived_id;
use strongroom_sdk::identity::Principal;
use uuid::Uuid;

/// The id of an attempt at a date. No client's key has a space, so no client's request has this id.
pub(super) fn transfer_id(schedule: &Schedule, due: Day, attempt: u32) -> Uuid {
    let key = format!("schedule {} {due} {attempt}", schedule.id);
    derived_id(Principal::User(schedule.owner), SCHEDULE_SCOPE, &key)
}

/// The transfer of an attempt at a date: the same each time it is made.
pub(crate) fn transfer_of(
    schedule: &Schedule,
    due: Day,
    attempt: u32,
    requested_at_ms: i64,
) -> Transfer {
    let mut instruction = schedule.order.instruction.clone();
    let note = json!({"schedule_due": due.to_string(), "schedule_id": schedule.id});
    instruction.metadata = Some(note.to_string());
    Transfer {
        id: transfer_id(schedule, due, attempt),
        fingerprint: instruction.fingerprint(),
        authority: DebitAuthority::Owner(schedule.owner),
        actor: Actor::user(schedule.owner),
        on_behalf_of: None,
        request_id: None,
        instruction,
        denied_by: None,
        requested_at_ms,
    }
}
