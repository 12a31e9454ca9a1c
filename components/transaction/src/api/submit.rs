//! The calls that move money.

use super::{STAFF_WHO_ACT, Service};
use crate::drive::{self, Answer};
use crate::idempotency::IdempotencyKey;
use crate::intent::Intent;
use crate::ledger::{DebitAuthority, Ledger};
use crate::request::{
    BatchBody, DepositBody, HoldBody, Instruction, Route, TransferBody, WithdrawBody,
};
use strongroom_sdk::clock::Clock;
use strongroom_sdk::http::RequestId;
use strongroom_sdk::identity::{Identity, Role};
use strongroom_sdk::problem::Problem;
use strongroom_sdk::store::Store;

/// `POST /deposit`: teller, admin.
///
/// # Errors
/// 403, and those of [`drive::submit`].
pub fn deposit<S: Store, L: Ledger, C: Clock>(
    service: &Service<S, L, C>,
    identity: &Identity,
    request_id: RequestId,
    key: IdempotencyKey,
    body: DepositBody,
) -> Result<Answer, Problem> {
    identity.require(STAFF_WHO_ACT)?;
    let instruction = body.into_instruction()?;
    submit_for_bank(
        service,
        (identity, request_id),
        Route::Deposit,
        key,
        instruction,
    )
}

/// `POST /withdraw`: the owner, teller, admin.
///
/// # Errors
/// 403 for an auditor, who only reads; and those of [`drive::submit`].
pub fn withdraw<S: Store, L: Ledger, C: Clock>(
    service: &Service<S, L, C>,
    identity: &Identity,
    request_id: RequestId,
    key: IdempotencyKey,
    body: WithdrawBody,
) -> Result<Answer, Problem> {
    let route = Route::Withdraw;
    match identity.role {
        Role::Teller | Role::Admin => {
            let instruction = body.into_instruction()?;
            submit_for_bank(service, (identity, request_id), route, key, instruction)
        }
        Role::Customer => {
            let authority = DebitAuthority::Owner(identity.subject);
            let instruction = body.into_instruction()?;
            submit(service, identity, route, key, authority, instruction)
        }
        Role::Auditor => Err(Problem::forbidden()),
    }
}

/// `POST /transfer` and `POST /send`: the owner of the source, whatever the role but auditor.
///
/// # Errors
/// As [`withdraw`].
pub fn transfer<S: Store, L: Ledger, C: Clock>(
    service: &Service<S, L, C>,
    identity: &Identity,
    key: IdempotencyKey,
    body: TransferBody,
) -> Result<Answer, Problem> {
    let authority = own_accounts(identity)?;
    let instruction = body.into_instruction()?;
    submit(
        service,
        identity,
        Route::Transfer,
        key,
        authority,
        instruction,
    )
}

/// `POST /holds`: the owner of the source, as for [`transfer`].
///
/// # Errors
/// As [`withdraw`].
pub fn hold<S: Store, L: Ledger, C: Clock>(
    service: &Service<S, L, C>,
    identity: &Identity,
    key: IdempotencyKey,
    body: HoldBody,
) -> Result<Answer, Problem> {
    let authority = own_accounts(identity)?;
    let instruction = body.into_instruction()?;
    submit(service, identity, Route::Hold, key, authority, instruction)
}

/// `POST /batch`: the owner of the sources, as for [`transfer`].
///
/// # Errors
/// As [`withdraw`].
pub fn batch<S: Store, L: Ledger, C: Clock>(
    service: &Service<S, L, C>,
    identity: &Identity,
    key: IdempotencyKey,
    body: BatchBody,
) -> Result<Answer, Problem> {
    own_accounts(identity)?;
    let instruction = body.into_instruction()?;
    let times = (service.clock.now_ms(), service.intent_deadline_ms);
    let intent = Intent::of_batch(identity.subject, key, instruction, times);
    drive::submit(&service.store, &service.ledger, &intent)
}

/// Everybody may debit what is his, but for an auditor, who only reads.
pub(super) fn own_accounts(identity: &Identity) -> Result<DebitAuthority, Problem> {
    match identity.role {
        Role::Auditor => Err(Problem::forbidden()),
        Role::Customer | Role::Teller | Role::Admin => Ok(DebitAuthority::Owner(identity.subject)),
    }
}

pub(super) fn submit<S: Store, L: Ledger, C: Clock>(
    service: &Service<S, L, C>,
    identity: &Identity,
    route: Route,
    key: IdempotencyKey,
    authority: DebitAuthority,
    instruction: Instruction,
) -> Result<Answer, Problem> {
    let times = (service.clock.now_ms(), service.intent_deadline_ms);
    let intent = Intent::new(identity.subject, route, key, authority, instruction, times);
    drive::submit(&service.store, &service.ledger, &intent)
}

/// The same with any customer's money, which only staff may move: it is kept in which request they did.
pub(super) fn submit_for_bank<S: Store, L: Ledger, C: Clock>(
    service: &Service<S, L, C>,
    (identity, RequestId(request_id)): (&Identity, RequestId),
    route: Route,
    key: IdempotencyKey,
    instruction: Instruction,
) -> Result<Answer, Problem> {
    let times = (service.clock.now_ms(), service.intent_deadline_ms);
    let authority = DebitAuthority::Bank;
    let mut intent = Intent::new(identity.subject, route, key, authority, instruction, times);
    intent.staff_request = request_id;
    drive::submit(&service.store, &service.ledger, &intent)
}
