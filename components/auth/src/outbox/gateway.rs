//! The outbox of API keys that the gateway must refuse, and of users for whom no key may act, or
//! may act again.

use super::DELIVERIES_PER_TICK;
use crate::env::{Env, Gateway};
use crate::error::AuthError;
use crate::service::AuthService;
use strongroom_sdk::store::{Reader, Row, Store, StoreError, Transaction, Value};
use uuid::Uuid;

const INSERT: &str = "INSERT OR IGNORE INTO gateway_outbox (subject) VALUES (?1)";

const SELECT_OLDEST: &str = "SELECT subject FROM gateway_outbox ORDER BY subject LIMIT ?1";

const SELECT_SUBJECT: &str = "SELECT subject FROM gateway_outbox WHERE subject = ?1";

/// Whether the subject is a disabled user; `NULL` for an API key.
const IS_DISABLED: &str = "SELECT disabled FROM gateway_outbox LEFT JOIN user ON id = subject
    WHERE subject = ?1";

const DELETE: &str = "DELETE FROM gateway_outbox WHERE subject = ?1";

/// Notes that the gateway must learn of an ended API key, or of a user who is disabled or enabled.
pub(crate) fn tell_gateway_of(
    subject: Uuid,
    transaction: &impl Transaction,
) -> Result<(), StoreError> {
    transaction.execute(INSERT, &[subject.into()])?;
    Ok(())
}

impl<E: Env> AuthService<E> {
    pub(super) fn deliver_to_gateway(&self) -> Result<usize, AuthError> {
        self.deliver_rows(SELECT_OLDEST, DELIVERIES_PER_TICK.into())
    }

    pub(super) fn deliver_to_gateway_about(&self, subject: Uuid) -> Result<usize, AuthError> {
        self.deliver_rows(SELECT_SUBJECT, subject.into())
    }

    fn deliver_rows(&self, select: &str, parameter: Value) -> Result<usize, AuthError> {
        let rows = self.store.query(select, &[parameter])?;
        let mut count = 0;
        for row in rows {
            self.tell_gateway(row.uuid(0)?)?;
            count += 1;
        }
        Ok(count)
    }

    /// Calls the gateway while the store's only writer is held. Otherwise the calls of a user who
    /// is disabled and enabled at once could reach the gateway in the other order.
    fn tell_gateway(&self, subject: Uuid) -> Result<(), AuthError> {
        let transaction = self.store.begin()?;
        let Some(row) = transaction.query(IS_DISABLED, &[subject.into()])?.first() else {
            // Another call has delivered it.
            return Ok(());
        };
        match row.optional(0, Row::integer)? {
            None => self.gateway.revoke_key(subject)?,
            Some(0) => self.gateway.unblock_customer(subject)?,
            Some(_) => self.gateway.block_customer(subject)?,
        }
        transaction.execute(DELETE, &[subject.into()])?;
        // A crash may undo the deletion, which costs one more delivery.
        transaction.commit_later()?;
        Ok(())
    }
}
