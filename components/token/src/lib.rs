//! The token service: sessions and their access and refresh tokens.
//!
//! A *session* begins at a login and is one row. Its *access tokens* are JWTs that the gateway verifies without asking anyone; its
//! *refresh token* is opaque and good for one rotation. What ends a session is committed here first and then made known to the
//! gateway (`revocation`), so that a crash between the two loses nothing.
//!
//! Everything here is plain Rust against the traits of [`env`]; the component around it is in `component`.

pub mod access_token;
pub mod api;
#[cfg(target_family = "wasm")]
mod component;
pub mod env;
mod oauth;
pub mod refresh_token;
mod revocation;
#[cfg(target_family = "wasm")]
mod routes;
mod schema;
mod service;
mod session;
mod settings;

pub use schema::MIGRATIONS;
pub use service::{TokenError, TokenService, Tokens};
pub use session::{Introspection, RefreshError, Subject};
pub use settings::Settings;

#[cfg(test)]
mod tests;
