//! The log of what staff do to users and API keys, and of what users change of themselves.

mod changes;
mod events;

pub use changes::{CHANGES_LIMIT, ChangeKind, ChangedUser};
pub use events::EventFilter;

use crate::env::Env;
use crate::service::AuthService;
use strongroom_sdk::audit_log::{Actor, Record};
use uuid::Uuid;

/// Staff made a user. The new value is the role.
pub(crate) const CREATED: &str = "user.created";
/// Staff gave a user another role.
pub(crate) const ROLE: &str = "user.role";
/// A user got another name, or none.
pub(crate) const NAME: &str = "user.name";
/// What clients note about a user was changed. The values are JSON texts.
pub(crate) const METADATA: &str = "user.metadata";
/// The user may not log in any more (`true`), or may again (`false`).
pub(crate) const DISABLED: &str = "user.disabled";
/// An operator gave a user a new password. The event has no values.
pub(crate) const PASSWORD_RESET: &str = "user.password_reset";
/// Staff made an API key. The new value is what never changes of it, as JSON.
pub(crate) const KEY_CREATED: &str = "key.created";
/// Staff confirmed an API key after a restoration. The event has no values.
pub(crate) const KEY_CONFIRMED: &str = "key.confirmed";
/// Staff revoked an API key. The event has no values.
pub(crate) const KEY_REVOKED: &str = "key.revoked";

/// Whether an action is about an API key, and not about a user.
pub(crate) fn is_about_key(action: &str) -> bool {
    [KEY_CREATED, KEY_CONFIRMED, KEY_REVOKED].contains(&action)
}

impl<E: Env> AuthService<E> {
    /// A record of now, without values.
    pub(crate) fn record(&self, actor: &Actor, action: &'static str, target: Uuid) -> Record {
        Record::new(self.now_ms(), actor.clone(), action, target)
    }
}
