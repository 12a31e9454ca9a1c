//! The rows of the audit log.

use super::chain;
use crate::http::RequestId;
use crate::identity::Identity;
use crate::store::{Row, StoreError, Transaction};
use uuid::Uuid;

const INSERT: &str =
    "INSERT INTO audit_log (id, at, actor, action, target, old_value, new_value, request_id)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";

/// The columns that [`Event::from_row`] reads.
pub const COLUMNS: &str = "audit_log.id, audit_log.at, audit_log.actor, audit_log.action, audit_log.target, audit_log.old_value, audit_log.new_value, \
     audit_log.request_id";

/// Who does something, and in which request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// The user's id.
    pub id: Uuid,
    /// The host's id of the request.
    pub request_id: Option<String>,
}

impl Actor {
    /// The bank itself: no user has the nil UUID.
    pub const BANK: Self = Self {
        id: Uuid::nil(),
        request_id: None,
    };

    /// Whoever makes a request.
    pub fn new(caller: &Identity, RequestId(request_id): RequestId) -> Self {
        Self {
            id: caller.subject,
            request_id,
        }
    }
}

/// One thing that was done. Committed together with what it tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record<'a> {
    /// A UUID of version 7: the log is read in the order of its ids.
    pub id: Uuid,
    /// When, in milliseconds since 1970 UTC.
    pub at_ms: i64,
    /// By whom.
    pub actor: &'a Actor,
    /// `user.created`, `user.role`, ..
    pub action: &'static str,
    /// To what.
    pub target: Uuid,
    /// What was before.
    pub old_value: Option<String>,
    /// What is since.
    pub new_value: Option<String>,
}

/// A row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// As [`Record::id`].
    pub id: Uuid,
    /// As [`Record::at_ms`].
    pub at_ms: i64,
    /// The user's id.
    pub actor: Uuid,
    /// As [`Record::action`].
    pub action: String,
    /// As [`Record::target`].
    pub target: Uuid,
    /// As [`Record::old_value`].
    pub old_value: Option<String>,
    /// As [`Record::new_value`].
    pub new_value: Option<String>,
    /// As [`Actor::request_id`].
    pub request_id: Option<String>,
}

impl Record<'_> {
    /// Appends the record to the log, and to its chain.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn insert(self, transaction: &impl Transaction) -> Result<(), StoreError> {
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
    ///
    /// # Errors
    /// [`StoreError::Row`] where a column is of a type that cannot be.
    pub fn from_row(row: &Row) -> Result<Self, StoreError> {
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
