//! The calls of `/schedules`: standing orders.

use super::{AUDITORS, STAFF_WHO_ACT, Service};
use crate::schedule::{
    self, CancelError, Schedule, ScheduleBody, ScheduleState, ScheduleView, Source, StandingOrder,
};
use crate::view::{problem_of, unavailable};
use axum::http::StatusCode;
use serde::Deserialize;
use strongroom_ledger_api::{
    AccountRef, Decline, Directory, Instruction, Kind, Ledger, LedgerError, Side,
};
use strongroom_sdk::audit_log::{self, Actor, EventView};
use strongroom_sdk::calendar::Day;
use strongroom_sdk::clock::Clock;
use strongroom_sdk::http::RequestId;
use strongroom_sdk::idempotency::{IdempotencyKey, StoredReply, derived_id, key_reused};
use strongroom_sdk::identity::{Identity, Role};
use strongroom_sdk::page::{List, Page};
use strongroom_sdk::problem::Problem;
use strongroom_sdk::store::{Store, StoreError, Transaction};
use uuid::Uuid;

/// How many standing orders a user may have at a time.
pub const SCHEDULES_PER_USER_MAX: i64 = 1_000;
/// What makes an id of a schedule another than one of a transfer under the same key.
const ID_SCOPE: &str = "schedule";

/// `POST /schedules`: the owner of the source, whatever the role but auditor.
///
/// # Errors
/// 403; 404 `account_not_found`; 422 `schedule_in_past`, `account_closed`, `currency_mismatch`,
/// `schedules_too_many`, `idempotency_key_reused`; 503.
pub fn create_schedule<S: Store, L: Ledger + Directory, C: Clock>(
    service: &Service<S, L, C>,
    identity: &Identity,
    key: &IdempotencyKey,
    body: ScheduleBody,
) -> Result<StoredReply, Problem> {
    if identity.role == Role::Auditor {
        return Err(Problem::forbidden());
    }
    let order = body.into_order()?;
    let schedule = Schedule {
        sequence: 0,
        id: derived_id(identity.subject, ID_SCOPE, key.as_str()),
        owner: identity.subject,
        fingerprint: order.fingerprint(),
        order,
        state: ScheduleState::Active,
        ended_because: None,
        dates_behind: 0,
        dates_skipped: 0,
        created_at_ms: service.clock.now_ms(),
    };
    // Before it is judged: what was right at first stays right.
    if let Some((first, _)) = schedule::peek(&service.store, schedule.id)? {
        return replay(&schedule, first);
    }
    let transaction = begin_checked(service, &schedule)?;
    if schedule::count_active(&transaction, schedule.owner)? >= SCHEDULES_PER_USER_MAX {
        return Err(too_many());
    }
    if schedule::insert(&transaction, &schedule)? {
        transaction.commit()?;
        return answer(&schedule, false);
    }
    let first = schedule::find(&transaction, schedule.id)?;
    transaction.commit()?;
    let missing = || StoreError::Row("an id that conflicts has no row".to_owned());
    replay(&schedule, first.ok_or_else(missing)?)
}

/// Begins the transaction that inserts an order, of which is known that it can be paid. While the
/// ledger is asked, an account of it may be closed, and that be followed: then it is asked again.
/// What is followed later finds the order.
fn begin_checked<S: Store, L: Ledger + Directory, C>(
    service: &Service<S, L, C>,
    schedule: &Schedule,
) -> Result<S::Transaction, Problem> {
    loop {
        let followed = schedule::followed(&service.store, Source::Accounts)?;
        check(&service.ledger, schedule)?;
        let transaction = service.store.begin()?;
        if schedule::followed_by_now(&transaction, Source::Accounts)? == followed {
            return Ok(transaction);
        }
    }
}

fn replay(asked: &Schedule, first: Schedule) -> Result<StoredReply, Problem> {
    if first.fingerprint != asked.fingerprint {
        return Err(key_reused());
    }
    // As it was at first.
    let first = Schedule {
        state: ScheduleState::Active,
        ended_because: None,
        dates_behind: 0,
        dates_skipped: 0,
        ..first
    };
    answer(&first, true)
}

fn answer(schedule: &Schedule, replayed: bool) -> Result<StoredReply, Problem> {
    let view = ScheduleView::new(schedule, None);
    StoredReply::new(StatusCode::CREATED, &view, replayed)
}

/// What depends on the day, and on what the ledger knows of the accounts.
fn check<L: Ledger + Directory>(ledger: &L, schedule: &Schedule) -> Result<(), Problem> {
    let StandingOrder {
        instruction, plan, ..
    } = &schedule.order;
    let first = plan.start;
    if Day::at(schedule.created_at_ms).is_some_and(|today| first < today) {
        return Err(Problem::unprocessable(
            "schedule_in_past",
            "A standing order begins today (UTC) at the earliest.",
        )
        .with_error(
            "/start",
            "schedule_in_past",
            "must be today or later, in UTC",
        ));
    }
    let payer = instruction.source.map(|id| ledger.find(id)).transpose();
    let payer = payer.map_err(unavailable)?.flatten();
    let own = payer.filter(|account| account.owner_id == schedule.owner);
    let Some(payer) = own else {
        let not_found = LedgerError::AccountNotFound(Side::Source);
        return Err(problem_of(&not_found, Kind::Transfer));
    };
    if payer.closed {
        return Err(never_paid(Decline::AccountClosed, Side::Source.pointer()));
    }
    if payer.currency != instruction.amount.currency() {
        return Err(never_paid(Decline::CurrencyMismatch, "/currency"));
    }
    // Of the payee the ledger tells where there is the money for a date: somebody without any
    // learns nothing here.
    let first = schedule::transfer_of(schedule, first, 1, schedule.created_at_ms);
    let judged = ledger.judge(&first);
    match judged.map_err(|error| problem_of(&error, Kind::Transfer))? {
        Some(Decline::AccountClosed) => Err(never_paid(
            Decline::AccountClosed,
            payee_pointer(instruction),
        )),
        Some(Decline::CurrencyMismatch) => Err(never_paid(Decline::CurrencyMismatch, "/currency")),
        // Another day there may be the money, or the account may not be frozen any more.
        _ => Ok(()),
    }
}

/// 422 for an order of which no date can be paid.
fn never_paid(decline: Decline, pointer: &str) -> Problem {
    let (code, detail) = (decline.as_str(), decline.detail());
    Problem::unprocessable(code, detail).with_error(pointer, code, detail)
}

/// The member of the body that names the payee.
fn payee_pointer(instruction: &Instruction) -> &'static str {
    match instruction.destination {
        Some(AccountRef::Number(_)) => Side::DestinationNumber.pointer(),
        Some(AccountRef::Id(_)) | None => Side::DestinationId.pointer(),
    }
}

fn too_many() -> Problem {
    Problem::unprocessable(
        "schedules_too_many",
        format!("A user may have {SCHEDULES_PER_USER_MAX} standing orders at a time."),
    )
}

/// `GET /schedules`: the caller's own, newest first.
///
/// # Errors
/// 503 where the store does not work.
pub fn list_schedules<S: Store, L, C>(
    service: &Service<S, L, C>,
    identity: &Identity,
    page: &Page<u64>,
) -> Result<List<ScheduleView>, Problem> {
    let found = schedule::list(&service.store, identity.subject, page.after, page.fetch())?;
    let list = List::new(found, page, |(schedule, _)| schedule.sequence);
    Ok(list.map(|(schedule, last_run)| ScheduleView::new(&schedule, last_run)))
}

/// `GET /schedules/{id}`: its owner, and staff.
///
/// # Errors
/// 404.
pub fn get_schedule<S: Store, L, C>(
    service: &Service<S, L, C>,
    identity: &Identity,
    id: Uuid,
) -> Result<ScheduleView, Problem> {
    match schedule::peek(&service.store, id)? {
        Some((schedule, last_run)) if identity.may_read(schedule.owner) => {
            Ok(ScheduleView::new(&schedule, last_run))
        }
        _ => Err(Problem::not_found()),
    }
}

/// `DELETE /schedules/{id}`: its owner, teller, admin. It stays readable, as `cancelled`. What staff
/// did to an order of another user is in the audit log.
///
/// # Errors
/// 403 for an auditor; 404; 503 where a payment under way could not be stopped for certain: the call may be repeated until it succeeds.
pub fn delete_schedule<S: Store, L: Ledger, C: Clock>(
    service: &Service<S, L, C>,
    identity: &Identity,
    request_id: RequestId,
    id: Uuid,
) -> Result<(), Problem> {
    let (schedule, _) = schedule::peek(&service.store, id)?
        .filter(|(schedule, _)| identity.may_read(schedule.owner))
        .ok_or_else(Problem::not_found)?;
    let is_owner = schedule.owner == identity.subject;
    if !is_owner {
        identity.require(STAFF_WHO_ACT)?;
    }
    let staff = (!is_owner).then(|| Actor::new(identity, request_id));
    let Service {
        store,
        ledger,
        clock,
        ..
    } = service;
    schedule::cancel(store, ledger, clock, id, staff).map_err(|error| match error {
        CancelError::NotFound => Problem::not_found(),
        CancelError::Unavailable => Problem::unavailable(),
        CancelError::Store(error) => error.into(),
    })
}

/// The parameters of `GET /schedules/events`.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EventFilter {
    /// What was done to this order alone.
    pub schedule_id: Option<Uuid>,
}

/// `GET /schedules/events`: the audit log, newest first: auditor, admin.
///
/// # Errors
/// 403.
pub fn schedule_events<S: Store, L, C>(
    service: &Service<S, L, C>,
    identity: &Identity,
    page: &Page<u64, EventFilter>,
) -> Result<List<EventView>, Problem> {
    identity.require(AUDITORS)?;
    let list = audit_log::page(&service.store, page, page.filter.schedule_id)?;
    Ok(list.map(|event| event.view("schedule_id")))
}
