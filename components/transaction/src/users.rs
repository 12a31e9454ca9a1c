//! Who may log in: `strongroom:auth/directory`, as a trait. In a component it is an import.

use uuid::Uuid;

/// What staff did to a user.
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
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UserChange {
    /// The place among all changes: each is above that of the change before.
    pub sequence: u64,
    /// To whom.
    pub user_id: Uuid,
    /// What.
    pub kind: ChangeKind,
    /// When, in milliseconds since 1970 UTC.
    pub at_ms: i64,
}

/// The users cannot be looked up now.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct UsersError(pub String);

/// Says who may log in.
pub trait Users {
    /// Whether staff have disabled a user; none where there is no such user.
    ///
    /// # Errors
    /// [`UsersError`].
    fn is_disabled(&self, id: Uuid) -> Result<Option<bool>, UsersError>;

    /// The changes of users with a sequence above `after`, oldest first; none only behind the last.
    ///
    /// # Errors
    /// [`UsersError`].
    fn changes(&self, after: u64) -> Result<Vec<UserChange>, UsersError>;
}
