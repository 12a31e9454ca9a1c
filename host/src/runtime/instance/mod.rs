//! The instances of a generation: what each has in the host, and how requests and calls use them.

pub mod busy;
pub mod context;
pub mod exports;
pub mod failure;
pub mod figures;
pub mod live;
pub mod pool;
mod request;
pub mod response;
pub mod restoration;
pub mod stats;
