//! An API key as clients and the audit log see it.

use super::ApiKey;
use serde::Serialize;
use strongroom_sdk::clock::format_rfc3339;
use strongroom_sdk::openapi::Timestamp;
use utoipa::ToSchema;
use uuid::Uuid;

/// What never changes of a key. The audit log has it as the value of `key.created`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ApiKeyFacts)]
pub(super) struct KeyFacts {
    name: String,
    client_id: Uuid,
    scopes: Vec<String>,
    /// The first characters of the secret.
    prefix: String,
    #[schema(value_type = Option<Timestamp>, required)]
    expires_at: Option<String>,
    #[schema(value_type = Timestamp)]
    created_at: String,
}

/// A key as administrators and auditors see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ApiKey)]
pub struct KeyView {
    id: Uuid,
    #[serde(flatten)]
    facts: KeyFacts,
    #[schema(value_type = Option<Timestamp>, required)]
    last_used_at: Option<String>,
    /// Whether it is refused until an administrator confirms it: the bank was restored from a
    /// backup, and the key may have been revoked after that was made.
    needs_confirmation: bool,
}

/// A new key, as its maker sees it.
#[derive(Serialize, ToSchema)]
#[schema(as = CreatedApiKey)]
pub struct NewKeyView {
    #[serde(flatten)]
    key: KeyView,
    /// Null in the response to a repeated request.
    #[schema(value_type = Option<String>, required)]
    secret: String,
}

impl From<ApiKey> for KeyFacts {
    fn from(key: ApiKey) -> Self {
        Self {
            name: key.name,
            client_id: key.client,
            scopes: key.scopes,
            prefix: key.prefix,
            expires_at: key.expires_at_ms.map(format_rfc3339),
            created_at: format_rfc3339(key.created_at_ms),
        }
    }
}

impl KeyView {
    /// The key, and when it was last used, in milliseconds since 1970 UTC.
    pub(super) fn new(key: ApiKey, last_used_ms: Option<i64>, needs_confirmation: bool) -> Self {
        Self {
            id: key.id,
            facts: key.into(),
            last_used_at: last_used_ms.map(format_rfc3339),
            needs_confirmation,
        }
    }
}

impl NewKeyView {
    pub(super) fn new(key: ApiKey, secret: String) -> Self {
        Self {
            key: KeyView::new(key, None, false),
            secret,
        }
    }
}
