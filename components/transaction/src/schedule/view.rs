//! A standing order, as its owner sees it.

use super::calendar::Interval;
use super::order::OnInsufficientFunds;
use super::record::{EndedBecause, ScheduleState};
use super::rows::Overview;
use super::run::{Run, RunState};
use serde::Serialize;
use strongroom_ledger_api::AccountRef;
use strongroom_sdk::calendar::Day;
use strongroom_sdk::clock::format_rfc3339;
use strongroom_sdk::openapi::{Amount, CurrencyCode, Timestamp};
use utoipa::ToSchema;
use uuid::Uuid;

/// A standing order, as JSON.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = StandingOrder)]
pub struct ScheduleView {
    id: Uuid,
    #[schema(value_type = ScheduleState, inline)]
    status: &'static str,
    #[schema(value_type = Option<EndedBecause>, inline, required)]
    ended_because: Option<&'static str>,
    #[schema(required)]
    from_account_id: Option<Uuid>,
    #[schema(required)]
    to_account_id: Option<Uuid>,
    #[schema(required)]
    to_account_number: Option<String>,
    #[schema(value_type = Amount)]
    amount: Option<String>,
    #[schema(value_type = CurrencyCode)]
    currency: Option<&'static str>,
    #[schema(required)]
    reference: Option<String>,
    start: Day,
    #[schema(inline)]
    interval: Interval,
    every: u16,
    #[schema(required)]
    until: Option<Day>,
    #[schema(required)]
    count: Option<u32>,
    #[schema(inline)]
    on_insufficient_funds: OnInsufficientFunds,
    #[schema(required)]
    next_due: Option<Day>,
    runs: u32,
    #[schema(inline, required)]
    last_run: Option<RunView>,
    #[schema(value_type = Timestamp)]
    created_at: String,
}

/// What became of its latest date.
#[derive(Debug, Clone, Serialize, ToSchema)]
struct RunView {
    due: Day,
    #[schema(value_type = RunState, inline)]
    status: &'static str,
    attempts: u32,
    /// None where the ledger has recorded nothing.
    #[schema(required)]
    transaction_id: Option<Uuid>,
    #[schema(required)]
    decline_code: Option<String>,
    #[schema(value_type = Timestamp)]
    at: String,
}

impl From<Overview> for ScheduleView {
    fn from(Overview { schedule, last_run }: Overview) -> Self {
        let (instruction, plan) = (&schedule.order.instruction, &schedule.order.plan);
        let (to_account_id, to_account_number) = match instruction.destination.clone() {
            Some(AccountRef::Id(id)) => (Some(id), None),
            Some(AccountRef::Number(number)) => (None, Some(number)),
            None => (None, None),
        };
        Self {
            id: schedule.id,
            status: schedule.state.as_str(),
            ended_because: schedule.ended_because.map(EndedBecause::as_str),
            from_account_id: instruction.source,
            to_account_id,
            to_account_number,
            amount: instruction.amount.map(|amount| amount.to_string()),
            currency: instruction.amount.map(|amount| amount.currency().code()),
            reference: instruction.reference.clone(),
            start: plan.start,
            interval: plan.interval,
            every: plan.every,
            until: plan.until,
            count: plan.count,
            on_insufficient_funds: schedule.order.on_insufficient_funds,
            next_due: schedule.next_due(),
            runs: schedule.dates_behind.saturating_sub(schedule.dates_skipped),
            last_run: last_run.map(RunView::from),
            created_at: format_rfc3339(schedule.created_at_ms),
        }
    }
}

impl From<Run> for RunView {
    fn from(run: Run) -> Self {
        Self {
            due: run.due,
            status: run.state.as_str(),
            attempts: run.attempts,
            transaction_id: (run.state != RunState::Refused).then_some(run.transfer_id),
            decline_code: run.decline_code,
            at: format_rfc3339(run.changed_at_ms),
        }
    }
}
