//! The auth service: users, their passwords and roles.
//!
//! What makes older tokens of a user wrong (a new password, another role, a disabled account) raises the user's *security version*
//! and is committed with an outbox row; the token service is then told to end the sessions that are older (`sessions`).
//!
//! Everything here is plain Rust against the traits of [`env`]; the component around it is in `component`.

mod audit_log;
mod commands;
#[cfg(target_family = "wasm")]
mod component;
mod credentials;
mod device;
mod email;
mod ended_sessions;
pub mod env;
mod login;
pub mod password;
#[cfg(target_family = "wasm")]
mod routes;
mod schema;
mod service;
mod settings;
pub mod throttle;
pub mod user;

pub use audit_log::{CHANGES_LIMIT, ChangeKind, ChangedUser, EventFilter, check_invariants};
pub use email::{Email, EmailError};
pub use login::{LoggedIn, Login, PasswordChange};
pub use schema::MIGRATIONS;
pub use service::{AuthError, AuthService};
pub use settings::{Settings, admin_password};
pub use user::{NewUser, Registration, UserChange, UserFilter};

#[cfg(test)]
mod tests;
