//! A user as clients see them: without the password hash.

use super::User;
use serde::Serialize;
use strongroom_sdk::clock::format_rfc3339;
use strongroom_sdk::identity::Role;
use strongroom_sdk::metadata::Metadata;
use strongroom_sdk::openapi::Timestamp;
use utoipa::ToSchema;
use uuid::Uuid;

/// What users see of themselves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = User)]
pub struct View {
    id: Uuid,
    email: String,
    #[schema(required)]
    name: Option<String>,
    #[schema(inline)]
    role: Role,
    metadata: Metadata,
    #[schema(value_type = Timestamp)]
    created_at: String,
}

/// What staff see of a user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = UserForStaff)]
pub struct StaffView {
    #[serde(flatten)]
    user: View,
    disabled: bool,
}

impl From<User> for View {
    fn from(user: User) -> Self {
        Self {
            id: user.id,
            email: user.email,
            name: user.name,
            role: user.role,
            metadata: user.metadata,
            created_at: format_rfc3339(user.created_at_ms),
        }
    }
}

impl From<User> for StaffView {
    fn from(user: User) -> Self {
        Self {
            disabled: user.disabled,
            user: user.into(),
        }
    }
}
