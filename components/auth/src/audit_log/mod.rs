//! The log of what staff do to users.

mod changes;
mod check;
mod events;

pub use changes::{CHANGES_LIMIT, ChangeKind, ChangedUser};
pub use check::check_invariants;
pub(crate) use check::{CREATED, DISABLED, PASSWORD_RESET};
pub use events::EventFilter;
