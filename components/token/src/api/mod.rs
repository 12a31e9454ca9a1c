//! The handlers of the routes, and the bodies that they take.

#[cfg(target_family = "wasm")]
pub(crate) mod handlers;
pub mod request;
