//! What staff did: who, when, what, the old, the new, and the request. The log only grows; triggers refuse anything else.

use strongroom_sdk::store::{StoreError, Transaction};
use uuid::Uuid;

const INSERT: &str =
    "INSERT INTO audit_log (id, at, actor, action, target, old_value, new_value, request_id)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";

/// Who does something, and in which request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// The user's id.
    pub id: Uuid,
    /// The host's id of the request.
    pub request_id: Option<String>,
}

/// One thing that was done to a user. Committed together with what it tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AuditRecord<'a> {
    pub(crate) id: Uuid,
    pub(crate) at_ms: i64,
    pub(crate) actor: &'a Actor,
    /// `user.created`, `user.role`, ..
    pub(crate) action: &'static str,
    pub(crate) target: Uuid,
    pub(crate) old_value: Option<String>,
    pub(crate) new_value: Option<String>,
}

impl AuditRecord<'_> {
    pub(crate) fn insert(self, transaction: &impl Transaction) -> Result<(), StoreError> {
        transaction.execute(
            INSERT,
            &[
                self.id.into(),
                self.at_ms.into(),
                self.actor.id.into(),
                self.action.into(),
                self.target.into(),
                self.old_value.into(),
                self.new_value.into(),
                self.actor.request_id.clone().into(),
            ],
        )?;
        Ok(())
    }
}
