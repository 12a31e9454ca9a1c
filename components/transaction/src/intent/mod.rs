//! Intents: what clients asked, kept until the ledger's decision is known, and then the answer to repeat.

mod record;
mod rows;

pub use record::{Accepted, Final, Intent, State, Stored};
pub use rows::{
    PURGE_ROWS_MAX, count_accepted, due, find, finish, insert, left_over, peek, postpone, purge,
    remove, staff_request,
};

#[cfg(test)]
mod tests;
