//! What administrators did to users: see [`strongroom_sdk::audit_log`].
//!
//! [`check`] has the invariants: the chain verifies, and each user is what the log made of them.

mod check;

pub use check::check_invariants;

/// The action of the row that says that a user was made by staff, and with which role.
pub(crate) const CREATED: &str = "user.created";
