//! The export `strongroom:auth/directory`.

use super::Component;
use super::bindings::exports::strongroom::auth::directory as wit;
use super::bindings::exports::strongroom::auth::directory::{Error, Guest, User};
use super::env::service;
use crate::{AuthError, ChangeKind, ChangedUser};

impl Guest for Component {
    fn find(id: String) -> Result<Option<User>, Error> {
        let id = id
            .parse()
            .map_err(|_| Error::Invalid("id is not a UUID".to_owned()))?;
        let service = service().map_err(|error| Error::Unavailable(error.to_string()))?;
        match service.user(id) {
            Ok(user) => Ok(Some(User {
                id: user.id.to_string(),
                email: user.email,
                name: user.name,
                role: user.role.to_string(),
                disabled: user.disabled,
            })),
            Err(AuthError::NotFound) => Ok(None),
            Err(error) => Err(Error::Unavailable(error.to_string())),
        }
    }

    fn changes(after: u64) -> Result<Vec<wit::UserChange>, Error> {
        let service = service().map_err(|error| Error::Unavailable(error.to_string()))?;
        let changes = service.changes(after);
        let changes = changes.map_err(|error| Error::Unavailable(error.to_string()))?;
        Ok(changes.into_iter().map(wit::UserChange::from).collect())
    }
}

impl From<ChangedUser> for wit::UserChange {
    fn from(change: ChangedUser) -> Self {
        Self {
            sequence: change.sequence,
            user_id: change.user_id.to_string(),
            kind: match change.kind {
                ChangeKind::Disabled => wit::ChangeKind::Disabled,
                ChangeKind::Enabled => wit::ChangeKind::Enabled,
                ChangeKind::Other => wit::ChangeKind::Other,
            },
            at_ms: change.at_ms,
        }
    }
}
