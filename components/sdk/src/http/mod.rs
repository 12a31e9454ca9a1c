//! HTTP: a component's routes on `wasi:http`, and its own requests.
//!
//! A component writes its routes below its own name (`/login`, not `/api/auth/login`), and exports
//! them with `strongroom_sdk::export_http!(site)`:
//!
//! ```
//! use axum::{Router, routing::get};
//! use strongroom_sdk::http::{PathId, Site};
//!
//! fn site() -> Site {
//!     Site::new(Router::new().route("/{id}", get(note)))
//! }
//!
//! async fn note(PathId(id): PathId) -> String {
//!     format!("the note {id}")
//! }
//! # site();
//! ```

pub mod client;
mod exchange;
mod path;
mod pieces;
#[cfg(any(test, feature = "native", target_family = "wasm"))]
pub(crate) mod ready;
mod request_id;
#[cfg(target_family = "wasm")]
mod send;
#[cfg(target_family = "wasm")]
mod serve;
mod site;
#[cfg(target_family = "wasm")]
mod stream;

pub(crate) use exchange::WholeUri;
pub use path::PathId;
pub use pieces::body_of_pieces;
pub(crate) use request_id::request_id;
#[cfg(target_family = "wasm")]
pub use serve::serve;
pub use site::Site;

#[cfg(target_family = "wasm")]
#[doc(hidden)]
pub use wasip2;

#[cfg(test)]
mod tests;
