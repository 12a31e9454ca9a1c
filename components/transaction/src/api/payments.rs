//! The calls that move money: derive the id, have the ledger decide, respond from its record.

use super::{STAFF_WHO_ACT, Service};
use crate::request::{BatchBody, CashBody, HoldBody, IdScope, TransferBody};
use crate::view::{problem_of, reply_to_batch, reply_to_transfer};
use strongroom_ledger_api::{Actor, Batch, DebitAuthority, Instruction, Kind, Ledger, Transfer};
use strongroom_sdk::clock::Clock;
use strongroom_sdk::http::RequestId;
use strongroom_sdk::idempotency::{IdempotencyKey, StoredReply, derived_id};
use strongroom_sdk::identity::{Identity, Role};
use strongroom_sdk::problem::Problem;

/// `POST /deposit`: teller, admin.
///
/// # Errors
/// 403, and those of [`submit`].
pub fn deposit<S, L: Ledger, C: Clock>(
    service: &Service<S, L, C>,
    identity: &Identity,
    request_id: RequestId,
    key: &IdempotencyKey,
    body: CashBody,
) -> Result<StoredReply, Problem> {
    let asker = Asker::bank(identity, request_id)?;
    let instruction = body.into_deposit()?;
    submit(service, &asker, IdScope::Deposit, key, instruction)
}

/// `POST /withdraw`: the owner, teller, admin.
///
/// # Errors
/// 403 for an auditor, who only reads; and those of [`submit`].
pub fn withdraw<S, L: Ledger, C: Clock>(
    service: &Service<S, L, C>,
    identity: &Identity,
    request_id: RequestId,
    key: &IdempotencyKey,
    body: CashBody,
) -> Result<StoredReply, Problem> {
    let asker = match identity.role {
        Role::Teller | Role::Admin => Asker::bank(identity, request_id)?,
        Role::Customer | Role::Auditor => Asker::owner(identity)?,
    };
    let instruction = body.into_withdrawal()?;
    submit(service, &asker, IdScope::Withdraw, key, instruction)
}

/// `POST /transfer` and `POST /send`: the owner of the source, whatever the role but auditor.
///
/// # Errors
/// As [`withdraw`].
pub fn transfer<S, L: Ledger, C: Clock>(
    service: &Service<S, L, C>,
    identity: &Identity,
    key: &IdempotencyKey,
    body: TransferBody,
) -> Result<StoredReply, Problem> {
    let asker = Asker::owner(identity)?;
    let instruction = body.into_instruction()?;
    submit(service, &asker, IdScope::Transfer, key, instruction)
}

/// `POST /holds`: the owner of the source, as for [`transfer`].
///
/// # Errors
/// As [`withdraw`].
pub fn hold<S, L: Ledger, C: Clock>(
    service: &Service<S, L, C>,
    identity: &Identity,
    key: &IdempotencyKey,
    body: HoldBody,
) -> Result<StoredReply, Problem> {
    let asker = Asker::owner(identity)?;
    let instruction = body.into_instruction()?;
    submit(service, &asker, IdScope::Hold, key, instruction)
}

/// `POST /batch`: the owner of the sources, as for [`transfer`].
///
/// # Errors
/// As [`withdraw`].
pub fn batch<S, L: Ledger, C: Clock>(
    service: &Service<S, L, C>,
    identity: &Identity,
    key: &IdempotencyKey,
    body: BatchBody,
) -> Result<StoredReply, Problem> {
    let asker = Asker::owner(identity)?;
    let instruction = body.into_instruction()?;
    let batch = Batch {
        id: asker.id_of(IdScope::Batch, key),
        fingerprint: instruction.fingerprint(),
        authority: asker.authority,
        actor: asker.actor,
        on_behalf_of: None,
        instruction,
        requested_at_ms: service.clock.now_ms(),
    };
    let reply = service.ledger.post_batch(&batch);
    let reply = reply.map_err(|error| problem_of(&error, Kind::Transfer))?;
    let atomic = batch.instruction.atomic;
    reply_to_batch(batch.id, atomic, reply.outcomes, reply.repeated)
}

/// Who asks, and whose accounts they may debit.
pub(super) struct Asker {
    actor: Actor,
    authority: DebitAuthority,
    /// The host's id of the request, where it is staff's: the journal keeps it.
    request_id: Option<String>,
}

impl Asker {
    /// A user with accounts of their own. An auditor only reads.
    ///
    /// # Errors
    /// 403.
    pub(super) fn owner(identity: &Identity) -> Result<Self, Problem> {
        if identity.role == Role::Auditor {
            return Err(Problem::forbidden());
        }
        Ok(Self {
            actor: Actor::user(identity.subject),
            authority: DebitAuthority::Owner(identity.subject),
            request_id: None,
        })
    }

    /// Staff, who act on any customer's account.
    ///
    /// # Errors
    /// 403.
    pub(super) fn bank(identity: &Identity, request_id: RequestId) -> Result<Self, Problem> {
        identity.require(STAFF_WHO_ACT)?;
        Ok(Self {
            actor: Actor::user(identity.subject),
            authority: DebitAuthority::Bank,
            request_id: request_id.0,
        })
    }

    fn id_of(&self, route: IdScope, key: &IdempotencyKey) -> uuid::Uuid {
        derived_id(self.actor.id, route.as_str(), key.as_str())
    }
}

/// Has the ledger decide, in one commit.
///
/// # Errors
/// 404 `account_not_found`, 422 `validation_failed`, 422 `idempotency_key_reused`: nothing is recorded. 503 `service_unavailable`: the
/// ledger may have decided or not; the same key says.
pub(super) fn submit<S, L: Ledger, C: Clock>(
    service: &Service<S, L, C>,
    asker: &Asker,
    route: IdScope,
    key: &IdempotencyKey,
    instruction: Instruction,
) -> Result<StoredReply, Problem> {
    let transfer = Transfer {
        id: asker.id_of(route, key),
        fingerprint: instruction.fingerprint(),
        authority: asker.authority,
        actor: asker.actor,
        on_behalf_of: None,
        request_id: asker.request_id.clone(),
        instruction,
        denied_by: None,
        requested_at_ms: service.clock.now_ms(),
    };
    match service.ledger.post(&transfer) {
        Ok(reply) => reply_to_transfer(&reply),
        Err(error) => Err(problem_of(&error, transfer.instruction.kind)),
    }
}
