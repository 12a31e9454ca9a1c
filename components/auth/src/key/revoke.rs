//! An administrator revokes an API key, and the tick ends what never became one.

use super::{KeyState, move_state, state};
use crate::audit_log::KEY_REVOKED;
use crate::env::Env;
use crate::error::AuthError;
use crate::outbox::tell_gateway_of;
use crate::service::AuthService;
use strongroom_sdk::audit_log::Actor;
use strongroom_sdk::store::{Reader, Store, Transaction};
use uuid::Uuid;

/// Nobody makes a key for so long.
const PENDING_MS_MAX: i64 = 60_000;

const ABANDONED: &str = "SELECT id FROM api_key WHERE state = 'pending' AND created_at < ?1";

const DELETE_PENDING: &str = "DELETE FROM api_key WHERE id = ?1 AND state = 'pending'";

impl<E: Env> AuthService<E> {
    /// Revokes a key: the gateway refuses it before this returns. A retry changes nothing here, and
    /// tells the gateway again.
    ///
    /// # Errors
    /// - [`AuthError::NotFound`];
    /// - [`AuthError::NotInForce`] where the key is revoked but may still work.
    pub fn revoke_key(&self, actor: &Actor, id: Uuid) -> Result<(), AuthError> {
        let transaction = self.store.begin()?;
        if move_state(id, [KeyState::Active, KeyState::Revoked], &transaction)? {
            self.record(actor, KEY_REVOKED, id).append(&transaction)?;
        } else if state(id, &transaction)? != Some(KeyState::Revoked) {
            return Err(AuthError::NotFound);
        }
        // Also on a retry: the gateway may have lost what it was told, such as with its own file.
        tell_gateway_of(id, &transaction)?;
        // Also a revoked row may be of an earlier turn of the group, and not be on disk yet.
        transaction.commit()?;
        self.put_in_force(id)
    }

    /// Deletes the rows of keys that were never finished, of which the gateway may have accepted
    /// one: the outbox has them now. For `tick`.
    pub fn abandon_pending_keys(&self) -> Result<(), AuthError> {
        let before_ms = self.now_ms().saturating_sub(PENDING_MS_MAX);
        let abandoned = self.store.query(ABANDONED, &[before_ms.into()])?;
        for row in abandoned {
            let id = row.uuid(0)?;
            let transaction = self.store.begin()?;
            if transaction.execute(DELETE_PENDING, &[id.into()])? == 1 {
                tell_gateway_of(id, &transaction)?;
            }
            transaction.commit()?;
        }
        Ok(())
    }
}
