//! What staff did: who, when, what, the old, the new, and the request. The log only grows; triggers refuse anything else, and a hash chain
//! tells whoever got past them.
//!
//! - [`log`]: the rows;
//! - [`chain`]: their hash chain, and rows of before there was one;
//! - [`check`]: the invariants: the chain verifies, and each user is what the log made of him.

mod chain;
mod check;
mod log;

pub use check::check_invariants;
pub use log::Actor;

pub(crate) use log::AuditRecord;
