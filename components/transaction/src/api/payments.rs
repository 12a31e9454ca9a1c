//! The calls that pay: deposit, withdraw, transfer, posting, hold, batch.

use crate::request::{
    BatchBody, BatchRequest, CashBody, HoldBody, PAYMENT_SCOPE, PostingBody, TransferBody,
};
use crate::service::{Env, Service};
use crate::view::{problem_of, reply_to_batch, reply_to_transfer};
use strongroom_ledger_api::{Actor, Batch, DebitAuthority, Instruction, Kind, Ledger, Transfer};
use strongroom_sdk::clock::Clock;
use strongroom_sdk::idempotency::{IdempotencyKey, StoredReply, derived_id};
use strongroom_sdk::identity::{Cashier, Identity, Principal, Role, Writer};
use strongroom_sdk::problem::Problem;
use uuid::Uuid;

impl<E: Env> Service<E> {
    /// `POST /deposit`: tellers, administrators, and clients.
    pub fn deposit(
        &self,
        cashier: &Cashier,
        key: &IdempotencyKey,
        body: CashBody,
    ) -> Result<StoredReply, Problem> {
        let requester = Requester::bank(cashier);
        self.submit(&requester, key, body.into_deposit()?)
    }

    /// `POST /withdraw`: the owner, tellers, administrators, and clients.
    pub fn withdraw(
        &self,
        writer: &Writer,
        key: &IdempotencyKey,
        body: CashBody,
    ) -> Result<StoredReply, Problem> {
        let requester = Requester::bank_or_payer(writer);
        self.submit(&requester, key, body.into_withdrawal()?)
    }

    /// `POST /transfer` and `POST /send`: the owner of the source; clients.
    pub fn transfer(
        &self,
        writer: &Writer,
        key: &IdempotencyKey,
        body: TransferBody,
    ) -> Result<StoredReply, Problem> {
        let requester = Requester::payer(writer);
        self.submit(&requester, key, body.into_instruction()?)
    }

    /// `POST /postings`: the owner of all accounts to debit, tellers, administrators, and clients.
    pub fn posting(
        &self,
        writer: &Writer,
        key: &IdempotencyKey,
        body: PostingBody,
    ) -> Result<StoredReply, Problem> {
        let requester = Requester::bank_or_payer(writer);
        self.submit(&requester, key, body.into_instruction()?)
    }

    /// `POST /holds`: those who may debit the source, as for [`Service::transfer`].
    pub fn hold(
        &self,
        writer: &Writer,
        key: &IdempotencyKey,
        body: HoldBody,
    ) -> Result<StoredReply, Problem> {
        let requester = Requester::payer(writer);
        self.submit(&requester, key, body.into_instruction()?)
    }

    /// `POST /batch`: those who may debit the sources, as for [`Service::transfer`].
    pub fn batch(
        &self,
        writer: &Writer,
        key: &IdempotencyKey,
        body: BatchBody,
    ) -> Result<StoredReply, Problem> {
        let requester = Requester::payer(writer);
        let BatchRequest {
            instruction,
            fingerprint,
        } = body.into_request()?;
        let batch = Batch {
            id: requester.id_of(key),
            fingerprint,
            authority: requester.authority,
            actor: requester.actor,
            on_behalf_of: requester.on_behalf_of,
            request_id: requester.request_id,
            instruction,
            requested_at_ms: self.clock.now_ms(),
        };
        let reply = self.ledger.post_batch(&batch);
        let reply = reply.map_err(|error| problem_of(&error, Kind::Transfer))?;
        reply_to_batch(batch.id, batch.instruction.atomic, reply)
    }

    /// Has the ledger decide on one transfer, in one commit.
    ///
    /// # Errors
    /// 404 `account_not_found`, 422 `validation_failed`, 422 `idempotency_key_reused`: nothing is
    /// recorded. 503 `service_unavailable`: the ledger may have decided or not, and the same key
    /// finds out.
    pub(super) fn submit(
        &self,
        requester: &Requester,
        key: &IdempotencyKey,
        instruction: Instruction,
    ) -> Result<StoredReply, Problem> {
        let transfer = Transfer {
            id: requester.id_of(key),
            fingerprint: instruction.fingerprint(),
            authority: requester.authority,
            actor: requester.actor,
            on_behalf_of: requester.on_behalf_of,
            request_id: requester.request_id.clone(),
            instruction,
            denied_by: None,
            requested_at_ms: self.clock.now_ms(),
        };
        match self.ledger.post(&transfer) {
            Ok(reply) => reply_to_transfer(&reply),
            Err(error) => Err(problem_of(&error, transfer.instruction.kind)),
        }
    }
}

/// Who makes a request, and whose accounts it may debit.
pub(super) struct Requester {
    principal: Principal,
    actor: Actor,
    on_behalf_of: Option<Uuid>,
    authority: DebitAuthority,
    /// The host's id of the request, where staff or a client make it: the journal keeps it.
    request_id: Option<String>,
}

impl Requester {
    /// Who pays from their own accounts: a user, the customer for whom a client acts, or the bank
    /// for which one acts.
    pub(super) fn payer(writer: &Writer) -> Self {
        match writer.role {
            Role::Service => Self::new(writer, DebitAuthority::Bank),
            _ => Self {
                request_id: writer
                    .request_id
                    .clone()
                    .filter(|_| writer.client.is_some()),
                ..Self::new(writer, DebitAuthority::Owner(writer.subject))
            },
        }
    }

    /// Who acts on any customer's account, or else pays from their own.
    fn bank_or_payer(writer: &Writer) -> Self {
        match Cashier::try_from(Identity::clone(writer)) {
            Ok(cashier) => Self::bank(&cashier),
            Err(_) => Self::payer(writer),
        }
    }

    /// Who acts on any customer's account.
    pub(super) fn bank(cashier: &Cashier) -> Self {
        Self::new(cashier, DebitAuthority::Bank)
    }

    fn new(identity: &Identity, authority: DebitAuthority) -> Self {
        Self {
            principal: identity.principal(),
            actor: Actor::of(identity),
            on_behalf_of: identity.on_behalf_of(),
            authority,
            request_id: identity.request_id.clone(),
        }
    }

    fn id_of(&self, key: &IdempotencyKey) -> Uuid {
        derived_id(self.principal, PAYMENT_SCOPE, key.as_str())
    }
}
