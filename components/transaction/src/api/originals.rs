//! The calls on an earlier transaction: capture or void a hold, reverse a transaction.
//!
//! They read the original from the ledger first. It never changes, so a repeated request is the
//! same request.

use super::payments::Requester;
use super::read::recorded;
use crate::request::{CaptureBody, ReverseBody, of_original};
use crate::service::{Env, Service};
use strongroom_ledger_api::{Decline, Kind, Posting};
use strongroom_sdk::idempotency::{IdempotencyKey, StoredReply};
use strongroom_sdk::identity::{Cashier, Identity, Role, Writer};
use strongroom_sdk::problem::Problem;
use uuid::Uuid;

impl<E: Env> Service<E> {
    /// `POST /holds/{id}/capture`: the payer.
    pub fn capture(
        &self,
        writer: &Writer,
        key: &IdempotencyKey,
        hold_id: Uuid,
        body: CaptureBody,
    ) -> Result<StoredReply, Problem> {
        let requester = Requester::payer(writer);
        let hold = self.hold_of(writer, hold_id)?;
        let held = hold.amount.ok_or_else(Problem::not_found)?;
        let instruction = body.into_instruction(hold_id, held)?;
        self.submit(&requester, key, instruction)
    }

    /// `POST /holds/{id}/void`: the payer.
    pub fn void(
        &self,
        writer: &Writer,
        key: &IdempotencyKey,
        hold_id: Uuid,
    ) -> Result<StoredReply, Problem> {
        let requester = Requester::payer(writer);
        let hold = self.hold_of(writer, hold_id)?;
        let instruction = of_original(Kind::Void, hold_id, hold.amount);
        self.submit(&requester, key, instruction)
    }

    /// `POST /{id}/reverse`: tellers, administrators, and clients.
    pub fn reverse(
        &self,
        cashier: &Cashier,
        key: &IdempotencyKey,
        id: Uuid,
        body: ReverseBody,
    ) -> Result<StoredReply, Problem> {
        let requester = Requester::bank(cashier);
        let original = recorded(&self.ledger, id)?.ok_or_else(Problem::not_found)?;
        let instruction = body.into_instruction(id, original.amount)?;
        self.submit(&requester, key, instruction)
    }

    /// A hold of the caller, or any where a client acts for the bank. A hold of another user gets
    /// the same 404 as one that does not exist.
    fn hold_of(&self, identity: &Identity, id: Uuid) -> Result<Posting, Problem> {
        let is_callers = |hold: &Posting| {
            let payer = hold.source.map(|party| party.owner_id);
            let is_own = payer == Some(identity.subject) || identity.role == Role::Service;
            hold.kind == Kind::Hold && is_own
        };
        let hold = recorded(&self.ledger, id)?.filter(is_callers);
        let hold = hold.ok_or_else(Problem::not_found)?;
        match hold.decline {
            None => Ok(hold),
            Some(decline) => Err(hold_declined(decline)),
        }
    }
}

/// 422 for the end of a hold that was declined: it reserves nothing, so the ledger is not asked.
fn hold_declined(decline: Decline) -> Problem {
    let detail = format!(
        "The hold was declined ({}) and reserves nothing: make another one.",
        decline.as_str()
    );
    Problem::unprocessable("hold_declined", detail)
        .with_extension("decline_code", decline.as_str().into())
}
