//! The token service: sessions and their access and refresh tokens.
//!
//! A *session* begins at a login and is one row. Its *access tokens* are JWTs that the gateway verifies without asking anyone; its
//! *refresh token* is opaque and good for one rotation. What ends a session is committed here first and then made known to the
//! gateway (`revocation`), so that a crash between the two loses nothing.
//!
//! Everything here is plain Rust against the traits of [`outside`]; the component around it is in `wasm`.

pub mod access_token;
mod end;
mod introspect;
mod issue;
mod oauth;
pub mod outside;
mod purge;
mod refresh;
pub mod refresh_token;
pub mod request;
mod revocation;
mod revoke;
mod schema;
mod service;
mod session;
mod settings;
#[cfg(target_family = "wasm")]
mod wasm;

pub use introspect::Introspection;
pub use issue::Subject;
pub use refresh::RefreshError;
pub use schema::MIGRATIONS;
pub use service::{TokenError, TokenService, Tokens};
pub use settings::Settings;

#[cfg(test)]
mod tests;
