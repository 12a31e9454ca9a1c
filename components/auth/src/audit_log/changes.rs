//! What staff did to users, as other services follow it.

use crate::audit_log::DISABLED;
use crate::env::Env;
use crate::service::{AuthError, AuthService};
use strongroom_sdk::audit_log::{self, Event};
use uuid::Uuid;

/// The most changes of one [`AuthService::changes`].
pub const CHANGES_LIMIT: i64 = 1_000;

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangeKind {
    /// The user may not log in any more.
    Disabled,
    /// The user may log in again.
    Enabled,
    /// Anything else.
    Other,
}

/// Something that staff did to a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangedUser {
    /// The place among all changes.
    pub sequence: u64,
    /// To whom.
    pub user_id: Uuid,
    /// What.
    pub kind: ChangeKind,
    /// When, in milliseconds since 1970 UTC.
    pub at_ms: i64,
}

impl<E: Env> AuthService<E> {
    /// The changes of users with a sequence above `after`, oldest first, at most [`CHANGES_LIMIT`]:
    /// the rows of the audit log.
    ///
    /// # Errors
    /// [`AuthError::Store`].
    pub fn changes(&self, after: u64) -> Result<Vec<ChangedUser>, AuthError> {
        let after = i64::try_from(after).unwrap_or(i64::MAX);
        let events = audit_log::after(&self.store, after, CHANGES_LIMIT)?;
        Ok(events.into_iter().map(ChangedUser::from).collect())
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
