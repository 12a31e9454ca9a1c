//! The operator's side: health, readiness, the state of every service, and commands to services.
//! Never on the public port.
//!
//! A request's way: [`listener`] accepts its connection, [`guard`] checks whether the client may
//! call, and [`calls`] responds.

mod calls;
mod guard;
mod listener;
mod metrics;
mod token;

pub use calls::{AdminApi, BACKUP_BYTES, CommandBody, CommandOutput};
pub use listener::AdminListener;
pub use token::{kept_token, open_token, read_token, token_file};
