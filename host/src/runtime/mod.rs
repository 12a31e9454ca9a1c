//! Runs the services: loads their components, keeps their instances, and gives them requests, link calls, and ticks of the clock.
//!
//! A [`Service`] is a name; behind it stands its current [`Generation`], one loaded version of a component. The runtime knows nothing
//! of tokens or of the registry's file.

mod audit;
mod call_times;
mod callees;
mod canary;
mod commands;
mod compiled;
mod component_file;
mod compute;
mod context;
mod cpu;
mod engine;
mod fair_line;
mod generation;
mod guest_log;
mod imports;
mod in_flight;
mod instance_pool;
mod lifecycle;
mod lineup;
mod live;
mod loader;
mod memory_limit;
mod offline;
mod outbound;
mod problem;
mod request;
mod response;
mod scores;
mod service;
mod services;
mod slots;

pub use audit::{AuditReport, audit};
pub use canary::Canary;
pub use commands::CommandError;
pub use component_file::ComponentFile;
pub use generation::Generation;
pub use lineup::{Lineup, Post};
pub use loader::Loader;
pub use offline::{auditors, check};
pub use problem::{LoadProblem, in_one_line};
pub use response::{GuestBody, GuestBodyError};
pub use scores::Tally;
pub use service::{ServeError, Service};
pub use services::Services;
