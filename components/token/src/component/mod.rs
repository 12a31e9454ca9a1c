//! The component around the service: what it imports, what it exports, and its routes.

#[expect(
    unsafe_code,
    reason = "the component model's exports are C functions, which wit-bindgen writes"
)]
pub(crate) mod bindings;
mod env;
mod issuer;
mod lifecycle;

pub(crate) use env::service;

struct Component;

strongroom_sdk::export_http!(crate::routes::site);
