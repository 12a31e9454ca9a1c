//! The end of the journal, and the time of the decision that comes next.

use strongroom_sdk::clock::Clock;
use strongroom_sdk::hash_chain::Hash;
use strongroom_sdk::store::{Row, StoreError};

/// The end of the journal.
#[derive(Debug, Clone, Copy)]
pub struct Head {
    pub transfer_sequence: i64,
    pub entry_sequence: i64,
    pub recorded_at_ms: i64,
    pub hash: Hash,
}

impl Head {
    /// Reads transfer sequence, entry sequence, recorded time, and hash from four columns in a row.
    pub fn from_row(row: &Row, column: usize) -> Result<Self, StoreError> {
        Ok(Self {
            transfer_sequence: row.integer(column)?,
            entry_sequence: row.integer(column + 1)?,
            recorded_at_ms: row.integer(column + 2)?,
            hash: row.bytes32(column + 3)?,
        })
    }
}

/// The time of a decision, by two clocks. They differ after the machine's clock was set back.
#[derive(Debug, Clone, Copy)]
pub struct Moment {
    /// By the machine's clock. Holds begin and end by it: by the journal's clock a hold would last
    /// until the machine's clock has caught up.
    pub wall_ms: i64,
    /// By the journal's clock, which never goes back.
    pub recorded_at_ms: i64,
}

impl Moment {
    /// Now, for the next row after `head`.
    pub fn after(head: &Head, clock: &impl Clock) -> Self {
        let wall_ms = clock.now_ms();
        Self {
            wall_ms,
            recorded_at_ms: wall_ms.max(head.recorded_at_ms),
        }
    }
}
