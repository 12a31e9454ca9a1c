//! The auth service: users, their passwords and roles, and API keys.
//!
//! A new password, another role, or a disabled account makes the older tokens of a user wrong. Such
//! a change raises the user's *security version*, and is committed with an outbox row. Then the
//! token service ends the older sessions (`outbox`).
//!
//! The service is plain Rust against the traits of [`env`]. The shell around it is in `component`
//! and `reports`.

#[cfg(target_family = "wasm")]
mod api;
mod audit;
mod audit_log;
mod commands;
#[cfg(target_family = "wasm")]
mod component;
mod credentials;
mod device;
mod email;
pub mod env;
mod error;
pub mod key;
mod login;
pub mod metrics;
#[cfg(target_family = "wasm")]
mod openapi;
mod outbox;
pub mod password;
#[cfg(target_family = "wasm")]
mod reports;
#[cfg(target_family = "wasm")]
mod routes;
mod schema;
mod service;
mod settings;
pub mod throttle;
pub mod user;

pub use audit::check_invariants;
pub use audit_log::{CHANGES_LIMIT, ChangeKind, ChangedUser, EventFilter};
pub use email::{Email, EmailError};
pub use error::AuthError;
pub use key::{KeyFilter, NewKey};
pub use login::{LoggedIn, Login, PasswordChange};
pub use schema::MIGRATIONS;
pub use service::AuthService;
pub use settings::{Settings, admin_password};
pub use user::{NewUser, OwnChange, Registration, UserChange, UserFilter, check_admin_password};

#[cfg(test)]
mod tests;
