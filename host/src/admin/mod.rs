//! The operator's side: health, readiness, and what every service is doing. Never on the public port.

mod calls;
mod listener;
mod services;

pub use listener::AdminListener;
