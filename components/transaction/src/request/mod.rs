//! What a client may ask for. A request is checked to its end before anything is stored, so that an intent is always well-formed.

mod amount;
mod batch;
mod body;
mod instruction;
mod metadata;

pub use batch::{
    BATCH_BODY_BYTES_MAX, BATCH_TRANSFERS_MAX, BatchBody, BatchInstruction, Line, Refusal,
    line_fingerprint, line_id,
};
pub use body::{
    CaptureBody, DepositBody, HoldBody, ReverseBody, TransferBody, WithdrawBody, void_instruction,
};
pub use instruction::{AccountRef, Instruction, Kind, Route};
pub use metadata::Metadata;

#[cfg(test)]
mod tests;
