//! What a client may ask for. A request is checked to its end before anything is stored, so that an intent is always well-formed.

mod amount;
mod body;
mod instruction;
mod metadata;

pub use body::{DepositBody, TransferBody, WithdrawBody};
pub use instruction::{AccountRef, Instruction, Kind, Route};
pub use metadata::Metadata;

#[cfg(test)]
mod tests;
