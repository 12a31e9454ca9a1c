//! The changes of users in the log, as other services follow them.

use super::{DISABLED, is_about_key};
use crate::env::Env;
use crate::error::AuthError;
use crate::service::AuthService;
use strongroom_sdk::audit_log::{self, Event};
use uuid::Uuid;

/// One call of [`AuthService::changes`] returns at most so many changes.
pub const CHANGES_LIMIT: i64 = 1_000;

/// What staff changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangeKind {
    /// The user may not log in any more.
    Disabled,
    /// The user may log in again.
    Enabled,
    /// Anything else.
    Other,
}

/// A change that staff made to a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangedUser {
    /// The place among all changes.
    pub sequence: u64,
    pub user_id: Uuid,
    /// What staff changed.
    pub kind: ChangeKind,
    /// The time of the change, in milliseconds since 1970 UTC.
    pub at_ms: i64,
}

impl<E: Env> AuthService<E> {
    /// The changes with a sequence above `after`, oldest first, at most [`CHANGES_LIMIT`].
    pub fn changes(&self, after: u64) -> Result<Vec<ChangedUser>, AuthError> {
        let mut after = i64::try_from(after).unwrap_or(i64::MAX);
        loop {
            let mut events = audit_log::after(&self.store, after, CHANGES_LIMIT)?;
            let last = events.last().map(|event| event.sequence);
            events.retain(|event| !is_about_key(&event.record.action));
            match last {
                // All are about API keys, and a change of a user may follow.
                Some(last) if events.is_empty() => after = last,
                _ => return Ok(events.into_iter().map(ChangedUser::from).collect()),
            }
        }
    }
}

impl From<Event> for ChangedUser {
    fn from(event: Event) -> Self {
        let record = event.record;
        Self {
            sequence: event.sequence.unsigned_abs(),
            user_id: record.target,
            kind: match (&*record.action, record.new_value.as_deref()) {
                (DISABLED, Some("true")) => ChangeKind::Disabled,
                (DISABLED, _) => ChangeKind::Enabled,
                _ => ChangeKind::Other,
            },
            at_ms: record.at_ms,
        }
    }
}
