//! What a client may request. A request is checked to its end before the ledger is asked. What is
//! wrong is 422 with the field.

mod amount;
mod batch;
mod body;
mod id_scope;
mod posting;

pub use batch::{BATCH_BODY_BYTES_MAX, BatchBody, BatchRequest};
pub use body::{CaptureBody, CashBody, HoldBody, ReverseBody, TransferBody, of_original};
pub use id_scope::{PAYMENT_SCOPE, SCHEDULE_SCOPE};
pub use posting::PostingBody;

#[cfg(test)]
mod tests;
