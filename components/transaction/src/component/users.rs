//! The users of the auth service to which the registry links this service.

use super::bindings::strongroom::auth::directory;
use crate::users::{ChangeKind, UserChange, Users, UsersError};
use uuid::Uuid;

/// `strongroom:auth/directory`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LinkedUsers;

impl Users for LinkedUsers {
    fn is_disabled(&self, id: Uuid) -> Result<Option<bool>, UsersError> {
        let user = directory::find(&id.to_string())?;
        Ok(user.map(|user| user.disabled))
    }

    fn changes(&self, after: u64) -> Result<Vec<UserChange>, UsersError> {
        let changes = directory::changes(after)?;
        changes.into_iter().map(UserChange::try_from).collect()
    }
}

impl TryFrom<directory::UserChange> for UserChange {
    type Error = UsersError;

    fn try_from(change: directory::UserChange) -> Result<Self, UsersError> {
        let malformed = |_| UsersError(format!("the id of user {} is not a UUID", change.user_id));
        Ok(Self {
            sequence: change.sequence,
            user_id: change.user_id.parse().map_err(malformed)?,
            kind: match change.kind {
                directory::ChangeKind::Disabled => ChangeKind::Disabled,
                directory::ChangeKind::Enabled => ChangeKind::Enabled,
                directory::ChangeKind::Other => ChangeKind::Other,
            },
            at_ms: change.at_ms,
        })
    }
}

impl From<directory::Error> for UsersError {
    fn from(error: directory::Error) -> Self {
        match error {
            directory::Error::Invalid(text) | directory::Error::Unavailable(text) => Self(text),
        }
    }
}
