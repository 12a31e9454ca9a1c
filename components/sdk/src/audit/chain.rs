//! A walk along a hash chain, for audits.

use super::{Check, Report, Total};
use crate::hash_chain::{GENESIS, Hash};
use crate::store::{Row, StoreError};
use std::fmt::Display;

/// The place of the walk, and its check.
#[derive(Debug)]
pub struct ChainWalk {
    /// The check that the chain has no gaps and verifies up to its head.
    pub check: Check,
    row: &'static str,
    sequence: i64,
    hash: Hash,
}

impl ChainWalk {
    /// A walk that begins before the first row. `name` is the name of the check, and `row` the word
    /// for a row.
    pub fn new(name: &'static str, row: &'static str) -> Self {
        Self {
            check: Check::new(name),
            row,
            sequence: 0,
            hash: GENESIS,
        }
    }

    /// Goes to the next row. `hash_of` makes its hash from that of the previous row, or says why
    /// the row has none.
    pub fn step<E: Display>(
        &mut self,
        sequence: i64,
        stored: Hash,
        hash_of: impl FnOnce(&Hash) -> Result<Hash, E>,
    ) {
        let (row, before) = (self.row, self.sequence);
        self.check.examine();
        self.check.require(sequence == before + 1, || {
            format!("{row} {sequence}: follows {before}, so some are missing")
        });
        match hash_of(&self.hash) {
            Ok(hash) => self.check.require(hash == stored, || {
                format!("{row} {sequence}: it is not what its hash was made of")
            }),
            Err(error) => self.check.violation(format!("{row} {sequence}: {error}")),
        }
        // The next row is checked against the stored hash, so one broken row does not break the
        // rest.
        (self.sequence, self.hash) = (sequence, stored);
    }

    /// Compares the end of the walk with the stored head, whose first columns are the sequence and
    /// the hash, and reports.
    ///
    /// # Errors
    /// [`StoreError::Row`] where a column of the head has another type.
    pub fn finish(mut self, head: Option<&Row>, report: &mut Report) -> Result<(), StoreError> {
        let (row, sequence) = (self.row, self.sequence);
        match head {
            Some(head) => {
                let stored = (head.integer(0)?, head.bytes32(1)?);
                self.check.require(stored == (sequence, self.hash), || {
                    format!(
                        "the chain ends at {row} {sequence}, and its head says {}, or another hash",
                        stored.0
                    )
                });
            }
            None => self.check.violation("the chain has no head".to_owned()),
        }
        report.totals.push(Total {
            name: format!("the last {row}, and its hash"),
            value: format!("{sequence}, {}", hex::encode(self.hash)),
        });
        report.checks.push(self.check);
        Ok(())
    }
}
