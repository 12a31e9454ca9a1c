//! The component around the service: what it imports, what it exports, and its routes.

mod audit;
#[expect(
    unsafe_code,
    reason = "the component model's exports are C functions, which wit-bindgen writes"
)]
mod bindings;
mod commands;
mod directory;
mod env;
mod lifecycle;

pub(crate) use env::{Host, service};

struct Component;

strongroom_sdk::export_http!(crate::routes::site);
