//! The calls that end a hold, or reverse a transaction.
//!
//! What they are about is asked of the ledger first: it never changes, so that a repeated request is the same request.

use super::submit::{own_accounts, submit, submit_for_bank};
use super::{STAFF_WHO_ACT, Service};
use crate::drive::Answer;
use crate::idempotency::IdempotencyKey;
use crate::ledger::{Ledger, Outcome, Posting};
use crate::request::{CaptureBody, Kind, ReverseBody, Route, void_instruction};
use strongroom_sdk::clock::Clock;
use strongroom_sdk::http::RequestId;
use strongroom_sdk::identity::Identity;
use strongroom_sdk::problem::Problem;
use strongroom_sdk::store::Store;
use uuid::Uuid;

/// `POST /holds/{id}/capture`: the payer.
///
/// # Errors
/// 403 for an auditor; 404 where there is no such hold, or it is not the caller's; and those of [`submit`](crate::drive::submit).
pub fn capture<S: Store, L: Ledger, C: Clock>(
    service: &Service<S, L, C>,
    identity: &Identity,
    key: IdempotencyKey,
    hold_id: Uuid,
    body: CaptureBody,
) -> Result<Answer, Problem> {
    let authority = own_accounts(identity)?;
    let hold = hold_of(&service.ledger, identity, hold_id)?;
    let instruction = body.into_instruction(hold_id, hold.amount_minor, hold.currency)?;
    submit(
        service,
        identity,
        Route::Capture,
        key,
        authority,
        instruction,
    )
}

/// `POST /holds/{id}/void`: the payer.
///
/// # Errors
/// As [`capture`].
pub fn void<S: Store, L: Ledger, C: Clock>(
    service: &Service<S, L, C>,
    identity: &Identity,
    key: IdempotencyKey,
    hold_id: Uuid,
) -> Result<Answer, Problem> {
    let authority = own_accounts(identity)?;
    let hold = hold_of(&service.ledger, identity, hold_id)?;
    let instruction = void_instruction(hold_id, hold.amount_minor, hold.currency);
    submit(service, identity, Route::Void, key, authority, instruction)
}

/// `POST /{id}/reverse`: teller, admin.
///
/// # Errors
/// 403; 404 where there is no such transaction; and those of [`submit`](crate::drive::submit).
pub fn reverse<S: Store, L: Ledger, C: Clock>(
    service: &Service<S, L, C>,
    identity: &Identity,
    request_id: RequestId,
    key: IdempotencyKey,
    id: Uuid,
    body: ReverseBody,
) -> Result<Answer, Problem> {
    identity.require(STAFF_WHO_ACT)?;
    let original = recorded(&service.ledger, id)?;
    let instruction = body.into_instruction(id, original.amount_minor, original.currency)?;
    submit_for_bank(
        service,
        (identity, request_id),
        Route::Reverse,
        key,
        instruction,
    )
}

/// The caller's own hold. One of somebody else looks like none at all, and so does one that was declined.
fn hold_of(ledger: &impl Ledger, identity: &Identity, id: Uuid) -> Result<Posting, Problem> {
    let hold = recorded(ledger, id)?;
    let is_hold = hold.kind == Kind::Hold && !matches!(hold.outcome, Outcome::Declined(_));
    let is_payer = hold
        .source
        .is_some_and(|party| party.owner_id == identity.subject);
    if is_hold && is_payer {
        Ok(hold)
    } else {
        Err(Problem::not_found())
    }
}

fn recorded(ledger: &impl Ledger, id: Uuid) -> Result<Posting, Problem> {
    match ledger.lookup(id) {
        Ok(Some(posting)) => Ok(posting),
        Ok(None) => Err(Problem::not_found()),
        Err(error) => Err(super::read::unavailable(&error)),
    }
}
