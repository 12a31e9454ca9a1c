//! `POST /schedules`: a standing order is checked as far as can be known now, and stored.

use crate::request::SCHEDULE_SCOPE;
use crate::schedule::{self, Overview, Schedule, ScheduleBody, ScheduleView, Source};
use crate::service::{Env, Service};
use crate::view::{problem_of, unavailable};
use axum::http::StatusCode;
use strongroom_ledger_api::{AccountRef, Decline, Directory, Kind, Ledger, LedgerError, Side};
use strongroom_sdk::audit_log::Actor;
use strongroom_sdk::calendar::Day;
use strongroom_sdk::clock::Clock;
use strongroom_sdk::idempotency::{IdempotencyKey, StoredReply, derived_id, key_reused};
use strongroom_sdk::identity::Payer;
use strongroom_sdk::problem::Problem;
use strongroom_sdk::store::{Store, StoreError, Transaction};

/// How many standing orders a user may have at a time.
pub const SCHEDULES_PER_USER_MAX: i64 = 1_000;

impl<E: Env> Service<E> {
    /// `POST /schedules`: the owner of the source. A client makes one for a customer alone, who
    /// pays; the audit log has it.
    pub fn create_schedule(
        &self,
        payer: &Payer,
        key: &IdempotencyKey,
        body: ScheduleBody,
    ) -> Result<StoredReply, Problem> {
        let owner = payer.subject;
        let id = derived_id(payer.principal(), SCHEDULE_SCOPE, key.as_str());
        let schedule = Schedule::new(id, owner, body.into_order()?, self.clock.now_ms());
        // Before the checks: what was accepted once stays accepted.
        if let Some(first) = schedule::read(&self.store, id)? {
            return replay(&schedule, first.schedule);
        }
        let transaction = self.begin_checked(&schedule)?;
        if schedule::count_active(&transaction, owner)? >= SCHEDULES_PER_USER_MAX {
            return Err(too_many());
        }
        if schedule::insert(&transaction, &schedule)? {
            let actor = Actor::new(payer);
            schedule::created_by(actor, &schedule).append(&transaction)?;
            transaction.commit()?;
            return reply(schedule, false);
        }
        let first = schedule::find(&transaction, id)?;
        transaction.commit()?;
        let missing = || StoreError::Row("an id that conflicts has no row".to_owned());
        replay(&schedule, first.ok_or_else(missing)?)
    }

    /// Begins the transaction that inserts an order, after the checks.
    ///
    /// While the ledger is asked, an account may be closed, and the tick may follow that change:
    /// then the checks start again. The tick ends the order if it follows the change later.
    fn begin_checked(
        &self,
        schedule: &Schedule,
    ) -> Result<<E::Store as Store>::Transaction, Problem> {
        loop {
            let followed = schedule::followed(&self.store, Source::Accounts)?;
            self.check(schedule)?;
            let transaction = self.store.begin()?;
            if schedule::followed(&transaction, Source::Accounts)? == followed {
                return Ok(transaction);
            }
        }
    }

    /// Checks what depends on the day, and on what the ledger knows of the accounts.
    fn check(&self, schedule: &Schedule) -> Result<(), Problem> {
        let (instruction, first) = (&schedule.order.instruction, schedule.order.plan.start);
        if Day::at(schedule.created_at_ms).is_some_and(|today| first < today) {
            return Err(in_past());
        }
        let payer = instruction.source.map(|id| self.ledger.find(id));
        let payer = payer.transpose().map_err(unavailable)?.flatten();
        let own = payer.filter(|account| account.owner_id == schedule.owner);
        let Some(payer) = own else {
            let not_found = LedgerError::AccountNotFound(Side::Source);
            return Err(problem_of(&not_found, Kind::Transfer));
        };
        if payer.closed {
            return Err(never_paid(Decline::AccountClosed, &Side::Source.pointer()));
        }
        if instruction.amount.map(|amount| amount.currency()) != Some(payer.currency) {
            return Err(never_paid(Decline::CurrencyMismatch, "/currency"));
        }
        // The ledger says nothing of the payee while the payer does not have the money.
        let first = schedule::transfer_of(schedule, first, 1, schedule.created_at_ms);
        let judged = self.ledger.judge(&first);
        let payee = match instruction.destination {
            Some(AccountRef::Number(_)) => Side::DestinationNumber,
            Some(AccountRef::Id(_)) | None => Side::DestinationId,
        };
        match judged.map_err(|error| problem_of(&error, Kind::Transfer))? {
            Some(decline @ Decline::AccountClosed) => Err(never_paid(decline, &payee.pointer())),
            Some(decline @ Decline::CurrencyMismatch) => Err(never_paid(decline, "/currency")),
            // On another day there may be the money, or the account may not be frozen any more.
            _ => Ok(()),
        }
    }
}

fn replay(requested: &Schedule, first: Schedule) -> Result<StoredReply, Problem> {
    if first.fingerprint != requested.fingerprint {
        return Err(key_reused());
    }
    // As it was at first, whatever became of it.
    let Schedule {
        id, owner, order, ..
    } = first;
    reply(Schedule::new(id, owner, order, first.created_at_ms), true)
}

fn reply(schedule: Schedule, repeated: bool) -> Result<StoredReply, Problem> {
    let last_run = None;
    let view = ScheduleView::from(Overview { schedule, last_run });
    StoredReply::new(StatusCode::CREATED, &view, repeated)
}

fn in_past() -> Problem {
    const CODE: &str = "schedule_in_past";
    Problem::unprocessable(CODE, "A standing order begins today (UTC) at the earliest.").with_error(
        "/start",
        CODE,
        "must be today or later, in UTC",
    )
}

/// 422 for an order of which no date can be paid.
fn never_paid(decline: Decline, pointer: &str) -> Problem {
    let (code, detail) = (decline.as_str(), decline.detail());
    Problem::unprocessable(code, detail).with_error(pointer, code, detail)
}

fn too_many() -> Problem {
    Problem::unprocessable(
        "schedules_too_many",
        format!("A user may have {SCHEDULES_PER_USER_MAX} standing orders at a time."),
    )
}
