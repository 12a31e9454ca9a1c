//! The token service: sessions and their access and refresh tokens.
//!
//! A *session* begins at a login and is one row. Its *access tokens* are JWTs, which the gateway
//! verifies by itself. Its *refresh token* is opaque and valid for one rotation. The service
//! commits the end of a session first and then delivers it to the gateway (`revocation`), so that a
//! crash between the two loses nothing.
//!
//! The service is plain Rust against the traits of [`env`]. The shell around it is in `component`
//! and `reports`.

pub mod access_token;
pub mod api;
mod audit;
#[cfg(target_family = "wasm")]
mod component;
pub mod env;
mod error;
pub mod metrics;
mod oauth;
#[cfg(target_family = "wasm")]
mod openapi;
pub mod refresh_token;
#[cfg(target_family = "wasm")]
mod reports;
mod revocation;
#[cfg(target_family = "wasm")]
mod routes;
mod schema;
mod service;
mod session;
mod settings;

pub use error::TokenError;
pub use schema::MIGRATIONS;
pub use service::TokenService;
pub use session::{Introspection, NewSession, RefreshError, Tokens};
pub use settings::Settings;

#[cfg(test)]
mod tests;
