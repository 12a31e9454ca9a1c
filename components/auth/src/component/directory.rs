//! The export `strongroom:auth/directory`.

use super::bindings::exports::strongroom::auth::directory as wit;
use super::{Component, service};
use crate::{AuthError, ChangeKind, ChangedUser};

impl wit::Guest for Component {
    fn find(id: String) -> Result<Option<wit::User>, wit::Error> {
        let id = id
            .parse()
            .map_err(|_| wit::Error::Invalid("id is not a UUID".to_owned()))?;
        match service().user(id) {
            Ok(user) => Ok(Some(wit::User {
                id: user.id.to_string(),
                email: user.email,
                name: user.name,
                role: user.role.to_string(),
                disabled: user.disabled,
            })),
            Err(AuthError::NotFound) => Ok(None),
            Err(error) => Err(wit::Error::Unavailable(error.to_string())),
        }
    }

    fn changes(after: u64) -> Result<Vec<wit::UserChange>, wit::Error> {
        let changes = service()
            .changes(after)
            .map_err(|error| wit::Error::Unavailable(error.to_string()))?;
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
