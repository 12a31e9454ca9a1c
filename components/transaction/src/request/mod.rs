//! What a client may ask for. A request is checked to its end before the ledger is asked.

mod amount;
mod batch;
mod body;
mod metadata;
mod route;

pub use batch::{BATCH_BODY_BYTES_MAX, BatchBody};
pub use body::{CaptureBody, CashBody, HoldBody, ReverseBody, TransferBody, of_original};
pub use metadata::Metadata;
pub use route::Route;

#[cfg(test)]
mod tests;
