//! Responses, made of the ledger's records alone, so that a repeated request gets the same.

mod batch;
mod decline;
mod refusal;

pub use batch::{BatchView, reply_to_batch};
pub use decline::reply_to_transfer;
pub use refusal::{problem_of, unavailable};
