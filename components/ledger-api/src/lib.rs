//! The words of `strongroom:account`: requests to the ledger, and its records.
//!
//! The account service, which is the ledger, and all services that import one of its interfaces use
//! these types. Amounts are [`Money`](strongroom_sdk::money::Money).
//!
//! - [`words`]: kinds, statuses, declines;
//! - [`transfer`]: requests to move money;
//! - [`batch`]: many transfers under one key;
//! - [`posting`]: the records of the ledger;
//! - [`error`]: why the ledger records nothing;
//! - [`ledger`]: the three interfaces, as traits;
//! - [`view`]: a posting as clients see it, and its event;
//! - [`wit`]: the types of the WIT, and the conversions;
//! - `linked`: the traits by the imports of a component.

#![deny(missing_docs)]

pub mod batch;
pub mod error;
#[cfg(test)]
mod kit;
pub mod ledger;
#[cfg(target_family = "wasm")]
pub mod linked;
pub mod posting;
pub mod transfer;
pub mod view;
pub mod wit;
pub mod words;

pub use batch::{
    BATCH_LINES_MAX, Batch, BatchInstruction, BatchLine, BatchRecord, BatchReply, LineOutcome,
    Refusal, line_fingerprint, line_id,
};
pub use error::{LedgerError, Side};
pub use ledger::{
    AccountChange, AccountSummary, CHANGES_LIMIT, Directory, JOURNAL_LIMIT_MAX, Journal,
    LOOKUP_IDS_MAX, Ledger,
};
#[cfg(target_family = "wasm")]
pub use linked::Linked;
pub use posting::{Party, Posting, RecordedLeg, Reply, Resolution, first_debited};
pub use transfer::{
    AccountRef, Actor, DebitAuthority, HOLD_SECONDS_MAX, Instruction, LEGS_MAX, LEGS_MIN, Leg,
    REFERENCE_CHARACTERS_MAX, RULE_CHARACTERS_MAX, Transfer, is_rule,
};
pub use words::{ActorKind, Decline, Direction, Kind, Status};
