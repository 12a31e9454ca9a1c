//! The auth service: users, their passwords and roles.
//!
//! What makes older tokens of a user wrong (a new password, another role, a disabled account) raises the user's *security version*
//! and is committed with an outbox row; the token service is then told to end the sessions that are older (`sessions`).
//!
//! Everything here is plain Rust against the traits of [`outside`]; the component around it is in `wasm`.

mod administer;
mod audit;
mod bootstrap;
mod changes;
mod commands;
mod credentials;
mod device;
mod email;
mod events;
mod login;
pub mod outside;
pub mod password;
mod register;
mod schema;
mod service;
mod sessions;
mod settings;
pub mod throttle;
pub mod user;
#[cfg(target_family = "wasm")]
mod wasm;

pub use administer::{NewUser, UserChange, UserFilter};
pub use audit::check_invariants;
pub use changes::{CHANGES_LIMIT, ChangeKind, ChangedUser};
pub use email::{Email, EmailError};
pub use events::EventFilter;
pub use login::{LoggedIn, Login, PasswordChange};
pub use register::Registration;
pub use schema::MIGRATIONS;
pub use service::{AuthError, AuthService};
pub use settings::{Settings, admin_password};

#[cfg(test)]
mod tests;
