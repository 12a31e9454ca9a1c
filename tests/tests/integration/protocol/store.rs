//! A service's store: one writer, and group commit (`host/src/store/queue.rs`).
//!
//! A turn sees what the turns before it in its group have written. It becomes durable with its
//! group, and only then its caller goes on. A reader of `sql.query` sees what is durable. A lone
//! writer that commits on the spot is a group of one turn.

use super::*;

/// The rows of a store, and the callers that wait for their commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Store<Rows, Waiter: Member> {
    /// What the next turn sees.
    pub now: Rows,
    /// What a reader sees, and what a crash leaves.
    pub durable: Rows,
    /// The callers that go on when the open group is on disk.
    pub waiting: Set<Waiter>,
}

impl<Rows: Copy + PartialEq, Waiter: Member> Store<Rows, Waiter> {
    /// A store with these rows.
    pub fn of(rows: Rows) -> Self {
        Self {
            now: rows,
            durable: rows,
            waiting: Set::default(),
        }
    }

    /// What is durable, or what the open group has written too.
    pub fn seen(&self, open_group: bool) -> &Rows {
        if open_group { &self.now } else { &self.durable }
    }

    /// `WriterConnection::commit_group`: the group is on disk. Returns the callers that go on.
    pub fn commit(&mut self) -> Set<Waiter> {
        self.durable = self.now;
        std::mem::take(&mut self.waiting)
    }

    /// The open group is lost: in a crash, or by `WriterConnection::roll_back_group`. Its callers
    /// learn of no outcome.
    pub fn lose_group(&mut self) {
        self.now = self.durable;
        self.waiting = Set::default();
    }
}
