//! The operator's side: health, readiness, what every service is doing, and commands to services.
//! Never on the public port.
//!
//! A request's way: [`listener`] accepts its connection, [`guard`] judges whether its sender may
//! call, and [`calls`] answers.

mod calls;
mod guard;
mod listener;
mod services;
mod token;

pub use calls::{AdminApi, CommandBody, CommandOutput};
pub use listener::AdminListener;
pub use token::{open_token, read_token, token_file};
