//! From `wasi:http/incoming-handler` to an axum router, and back.
//!
//! A component writes its routes below its own name (`/login`, not `/api/auth/login`) and exports them with [`crate::export_http!`].

pub mod client;
mod exchange;
mod path;
mod pieces;
mod request_id;
#[cfg(target_family = "wasm")]
mod send;
mod site;
#[cfg(target_family = "wasm")]
mod stream;
#[cfg(target_family = "wasm")]
mod wasm;

pub use path::PathId;
pub use pieces::body_of_pieces;
pub use request_id::RequestId;
pub use site::Site;
#[cfg(target_family = "wasm")]
pub use wasm::serve;

#[cfg(target_family = "wasm")]
#[doc(hidden)]
pub use wasip2;

#[cfg(test)]
mod tests;
