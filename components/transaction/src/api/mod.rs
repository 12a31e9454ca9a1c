//! What each call of `/api/transactions` does, without the web server around it.
//!
//! A call that moves money parses its body, has the ledger decide, and responds from what the
//! ledger has recorded. `handlers` has the errors of each call.

mod create_schedule;
mod events;
#[cfg(target_family = "wasm")]
pub(crate) mod handlers;
mod originals;
mod payments;
mod read;
mod schedules;

pub use crate::index::ListFilter;
pub use create_schedule::SCHEDULES_PER_USER_MAX;
pub use events::{PARTS_MAX_OF_CUSTOMERS, events};
pub use read::Found;
pub use schedules::EventFilter;

#[cfg(test)]
mod tests;
