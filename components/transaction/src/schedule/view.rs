//! A standing order, as its owner sees it.

use super::calendar::Interval;
use super::order::OnInsufficientFunds;
use super::record::EndedBecause;
use super::rows::Overview;
use super::run::Run;
use serde::Serialize;
use strongroom_ledger_api::AccountRef;
use strongroom_sdk::calendar::Day;
use strongroom_sdk::clock::format_rfc3339;
use uuid::Uuid;

/// A standing order, as JSON.
#[derive(Debug, Clone, Serialize)]
pub struct ScheduleView {
    id: Uuid,
    status: &'static str,
    ended_because: Option<&'static str>,
    from_account_id: Option<Uuid>,
    to_account_id: Option<Uuid>,
    to_account_number: Option<String>,
    amount: Option<String>,
    currency: Option<&'static str>,
    reference: Option<String>,
    start: Day,
    interval: Interval,
    every: u16,
    until: Option<Day>,
    count: Option<u32>,
    on_insufficient_funds: OnInsufficientFunds,
    next_due: Option<Day>,
    runs: u32,
    last_run: Option<RunView>,
    created_at: String,
}

/// What became of its latest date.
#[derive(Debug, Clone, Serialize)]
struct RunView {
    due: Day,
    status: &'static str,
    attempts: u32,
    transaction_id: Uuid,
    decline_code: Option<String>,
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
            transaction_id: run.transfer_id,
            decline_code: run.decline_code,
            at: format_rfc3339(run.changed_at_ms),
        }
    }
}
