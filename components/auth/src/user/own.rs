//! Users change themselves.

use super::{User, UserChange};
use crate::env::Env;
use crate::error::AuthError;
use crate::service::AuthService;
use serde::Deserialize;
use strongroom_sdk::audit_log::Actor;
use strongroom_sdk::json::given;
use strongroom_sdk::metadata::MetadataChange;
use utoipa::ToSchema;
use uuid::Uuid;

/// The body of `PATCH /me`. A missing field changes nothing.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(examples(json!({"name": "Ann Example", "metadata": {"theme": "dark"}})))]
pub struct OwnChange {
    /// The user's name; `null` takes the name away.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 100)]
    pub name: Option<Option<String>>,
    /// The keys to set, and with null those to remove; `null` removes all.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<MetadataChange>)]
    pub metadata: Option<Option<MetadataChange>>,
}

impl<E: Env> AuthService<E> {
    /// Changes what users may change of themselves, or a client with an API key for one of them.
    /// The audit log has it, so that it has each change of these fields.
    ///
    /// # Errors
    /// [`AuthError::Invalid`]; [`AuthError::NotFound`] for a client that acts for nobody, or for
    /// somebody who is no user.
    pub fn change_own(
        &self,
        actor: &Actor,
        id: Uuid,
        change: OwnChange,
    ) -> Result<User, AuthError> {
        let OwnChange { name, metadata } = change;
        let change = UserChange {
            name,
            metadata,
            ..UserChange::default()
        };
        self.change_user(actor, id, &change)
    }
}
