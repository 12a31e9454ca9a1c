//! The rows of the audit log.

use super::chain;
use strongroom_sdk::store::{Row, StoreError, Transaction};
use uuid::Uuid;

const INSERT: &str =
    "INSERT INTO audit_log (id, at, actor, action, target, old_value, new_value, request_id)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";

/// The columns that [`Event::from_row`] reads.
pub(super) const COLUMNS: &str = "audit_log.id, audit_log.at, audit_log.actor, audit_log.action, audit_log.target, audit_log.old_value, audit_log.new_value, \
     audit_log.request_id";

/// The action of the row that says that a user was made by staff, and with which role.
pub(super) const CREATED: &str = "user.created";

/// Who does something, and in which request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// The user's id.
    pub id: Uuid,
    /// The host's id of the request.
    pub request_id: Option<String>,
}

impl Actor {
    /// The bank itself, which makes the first administrator: no user has the nil UUID.
    pub(crate) const BANK: Self = Self {
        id: Uuid::nil(),
        request_id: None,
    };
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

/// A row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Event {
    pub(super) id: Uuid,
    pub(super) at_ms: i64,
    pub(super) actor: Uuid,
    pub(super) action: String,
    pub(super) target: Uuid,
    pub(super) old_value: Option<String>,
    pub(super) new_value: Option<String>,
    pub(super) request_id: Option<String>,
}

impl AuditRecord<'_> {
    pub(crate) fn insert(self, transaction: &impl Transaction) -> Result<(), StoreError> {
        let event = Event {
            id: self.id,
            at_ms: self.at_ms,
            actor: self.actor.id,
            action: self.action.to_owned(),
            target: self.target,
            old_value: self.old_value,
            new_value: self.new_value,
            request_id: self.actor.request_id.clone(),
        };
        transaction.execute(
            INSERT,
            &[
                event.id.into(),
                event.at_ms.into(),
                event.actor.into(),
                event.action.as_str().into(),
                event.target.into(),
                event.old_value.clone().into(),
                event.new_value.clone().into(),
                event.request_id.clone().into(),
            ],
        )?;
        chain::append(transaction, &event)
    }
}

impl Event {
    /// Reads a row of [`COLUMNS`].
    pub(super) fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.uuid(0)?,
            at_ms: row.integer(1)?,
            actor: row.uuid(2)?,
            action: row.text(3)?,
            target: row.uuid(4)?,
            old_value: row.optional(5, Row::text)?,
            new_value: row.optional(6, Row::text)?,
            request_id: row.optional(7, Row::text)?,
        })
    }
}
