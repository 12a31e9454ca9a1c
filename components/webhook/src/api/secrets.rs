//! The call that gives a webhook a new secret.

use super::body::RotateBody;
use super::find::find_active;
use super::view::SecretView;
use crate::service::{Env, Service};
use crate::webhook::{self, EARLIER_SECRETS_MAX, SECRET_ROTATED, Secret};
use strongroom_sdk::audit_log::{Actor, Record};
use strongroom_sdk::clock::Clock;
use strongroom_sdk::idempotency::{Begun, IdempotencyKey, KeyedRequest, StoredReply};
use strongroom_sdk::identity::Admin;
use strongroom_sdk::problem::Problem;
use strongroom_sdk::store::Transaction;
use uuid::Uuid;

impl<E: Env> Service<E> {
    /// `POST /{id}/rotate-secret`: administrators. The secrets before the new one sign beside it
    /// for a time. So a client that has lost the response can send another request: the secret
    /// that its receiver has still signs.
    pub fn rotate_secret(
        &self,
        admin: &Admin,
        key: Option<&IdempotencyKey>,
        id: Uuid,
        body: &RotateBody,
    ) -> Result<StoredReply, Problem> {
        let route = format!("POST /{id}/rotate-secret");
        let request = KeyedRequest::new(key, admin.principal(), &route, body)?;
        let (secret, seconds) = body.check()?;
        let secret = secret.unwrap_or_else(|| Secret::fresh(&self.random));
        let transaction = match request.begin(&self.store)? {
            Begun::First(transaction) => transaction,
            Begun::Repeated(reply) => return Ok(reply),
        };
        let webhook = find_active(&transaction, id)?;
        let now_ms = self.clock.now_ms();
        let until_ms = now_ms.saturating_add(seconds.saturating_mul(1_000));
        if !webhook::rotate(&transaction, &webhook, &secret, now_ms, until_ms)? {
            return Err(too_many());
        }
        Record {
            new_value: Some(seconds.to_string()),
            ..Record::new(now_ms, Actor::new(admin), SECRET_ROTATED, id)
        }
        .append(&transaction)?;
        let view = SecretView {
            secret: secret.to_text(),
            webhook: self.view(webhook),
        };
        let reply = request.created(&transaction, now_ms, &view)?;
        transaction.commit()?;
        Ok(reply)
    }
}

fn too_many() -> Problem {
    Problem::unprocessable(
        "webhook_secrets_too_many",
        format!(
            "At most {EARLIER_SECRETS_MAX} earlier secrets may sign. Wait until one has expired, \
             or send `old_secrets_expire_in` 0: then none of them signs any more."
        ),
    )
}
