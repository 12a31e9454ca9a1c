//! An administrator confirms an API key after a restoration from a backup.

use super::{ApiKey, KeyView};
use crate::audit_log::KEY_CONFIRMED;
use crate::env::{Env, Gateway};
use crate::error::AuthError;
use crate::service::AuthService;
use strongroom_sdk::audit_log::Actor;
use strongroom_sdk::store::{Store, Transaction};
use uuid::Uuid;

impl<E: Env> AuthService<E> {
    /// Lets a key work again that the gateway refuses since the restoration: it may have been
    /// revoked after the backup was made. For any other key this changes nothing.
    ///
    /// # Errors
    /// [`AuthError::NotFound`], also for a revoked key; [`AuthError::NotInForce`] where the gateway
    /// does not take the change now.
    pub fn confirm_key(&self, actor: &Actor, id: Uuid) -> Result<KeyView, AuthError> {
        if self.gateway.suspended().contains(&id) {
            let transaction = self.store.begin()?;
            if ApiKey::active(id, &transaction)?.is_none() {
                return Err(AuthError::NotFound);
            }
            self.record(actor, KEY_CONFIRMED, id).append(&transaction)?;
            transaction.commit()?;
            let confirmed = self.gateway.confirm_key(id);
            confirmed.map_err(|_| AuthError::NotInForce)?;
        }
        self.key(id)
    }
}
