//! Who may log in: `strongroom:auth/directory`, as a trait. In a component it is an import.

use uuid::Uuid;

/// What staff did to a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangeKind {
    /// The user may not log in any more.
    Disabled,
    /// The user may log in again.
    Enabled,
    /// Any other change, such as another role: it stops no standing order.
    Other,
}

/// A change of a user by staff.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UserChange {
    /// The place among all changes. Each is above that of the previous change.
    pub sequence: u64,
    /// The user who was changed.
    pub user_id: Uuid,
    /// What staff did.
    pub kind: ChangeKind,
    /// When they did it, in milliseconds since 1970 UTC.
    pub at_ms: i64,
}

/// The users cannot be looked up now.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct UsersError(pub String);

/// Says who may log in.
pub trait Users {
    /// Whether staff have disabled a user; none where there is no such user.
    fn is_disabled(&self, id: Uuid) -> Result<Option<bool>, UsersError>;

    /// The changes of users with a sequence above `after`, oldest first; none only behind the last.
    fn changes(&self, after: u64) -> Result<Vec<UserChange>, UsersError>;
}
