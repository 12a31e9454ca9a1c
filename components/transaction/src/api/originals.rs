//! The calls that end a hold, or reverse a transaction.
//!
//! What they are about is read from the ledger first: it never changes, so that a repeated request is the same request.

use super::Service;
use super::submit::{Asker, submit};
use crate::request::{CaptureBody, IdScope, ReverseBody, of_original};
use crate::view::unavailable;
use strongroom_ledger_api::{Decline, Journal, Kind, Ledger, Posting};
use strongroom_sdk::clock::Clock;
use strongroom_sdk::http::RequestId;
use strongroom_sdk::idempotency::{IdempotencyKey, StoredReply};
use strongroom_sdk::identity::Identity;
use strongroom_sdk::problem::Problem;
use uuid::Uuid;

/// `POST /holds/{id}/capture`: the payer.
///
/// # Errors
/// 403 for an auditor; 404 where there is no such hold, or it is not the caller's; 422
/// `hold_declined`; and those of any payment.
pub fn capture<S, L: Ledger + Journal, C: Clock>(
    service: &Service<S, L, C>,
    identity: &Identity,
    key: &IdempotencyKey,
    hold_id: Uuid,
    body: CaptureBody,
) -> Result<StoredReply, Problem> {
    let asker = Asker::owner(identity)?;
    let hold = hold_of(&service.ledger, identity, hold_id)?;
    let instruction = body.into_instruction(hold_id, hold.amount)?;
    submit(service, &asker, IdScope::Capture, key, instruction)
}

/// `POST /holds/{id}/void`: the payer.
///
/// # Errors
/// As [`capture`].
pub fn void<S, L: Ledger + Journal, C: Clock>(
    service: &Service<S, L, C>,
    identity: &Identity,
    key: &IdempotencyKey,
    hold_id: Uuid,
) -> Result<StoredReply, Problem> {
    let asker = Asker::owner(identity)?;
    let hold = hold_of(&service.ledger, identity, hold_id)?;
    let instruction = of_original(Kind::Void, hold_id, hold.amount);
    submit(service, &asker, IdScope::Void, key, instruction)
}

/// `POST /{id}/reverse`: teller, admin.
///
/// # Errors
/// 403; 404 where there is no such transaction; and those of any payment.
pub fn reverse<S, L: Ledger + Journal, C: Clock>(
    service: &Service<S, L, C>,
    identity: &Identity,
    request_id: RequestId,
    key: &IdempotencyKey,
    id: Uuid,
    body: ReverseBody,
) -> Result<StoredReply, Problem> {
    let asker = Asker::bank(identity, request_id)?;
    let original = recorded(&service.ledger, id)?;
    let instruction = body.into_instruction(id, original.amount)?;
    submit(service, &asker, IdScope::Reverse, key, instruction)
}

/// The caller's own hold. One of another user looks like none at all.
fn hold_of(ledger: &impl Journal, identity: &Identity, id: Uuid) -> Result<Posting, Problem> {
    let hold = recorded(ledger, id)?;
    let is_payer = hold
        .source
        .is_some_and(|party| party.owner_id == identity.subject);
    if hold.kind != Kind::Hold || !is_payer {
        return Err(Problem::not_found());
    }
    match hold.decline {
        None => Ok(hold),
        Some(decline) => Err(hold_declined(decline)),
    }
}

/// There is nothing that could end, so the ledger is not asked: it was never a hold.
fn hold_declined(decline: Decline) -> Problem {
    let detail = format!(
        "The hold was declined ({}) and reserves nothing: make another one.",
        decline.as_str()
    );
    Problem::unprocessable("hold_declined", detail)
        .with_extension("decline_code", decline.as_str().into())
}

fn recorded(ledger: &impl Journal, id: Uuid) -> Result<Posting, Problem> {
    let found = ledger.lookup(id).map_err(unavailable)?;
    found.ok_or_else(Problem::not_found)
}
