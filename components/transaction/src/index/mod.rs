//! The index behind `GET /api/transactions`: what the filters ask for, of every transaction.
//!
//! It is derived from the ledger's journal, so that the ledger's own commits pay for no index. The
//! tick follows the journal, and so does a list before it responds. Its rows decide nothing: they
//! may be deleted, all together, and are made again from the first posting on.
//!
//! A void and an expiry are no rows of their own, as they are only how a hold ended.
//!
//! - [`filter`]: what a client asks for;
//! - `follow`: the way along the journal;
//! - `rows`: what a posting leaves in the index;
//! - `search`: a page of what matches.

pub mod filter;
mod follow;
mod rows;
mod search;

pub use filter::ListFilter;
pub use follow::{PARTS_PER_TICK_MAX, check_place, follow};
pub(crate) use follow::{indexed_sequence, places};
pub(crate) use rows::{INDEX_COLUMNS, IndexRow, account_rows, end_of, note_rows};
pub use search::{Listed, Matches, Scope, search};

/// The tables of the index, for the message of `verify`, which says how to make it again.
pub const TABLES: [&str; 4] = ["listed", "listed_account", "listed_metadata", "listed_head"];

#[cfg(test)]
mod tests;
