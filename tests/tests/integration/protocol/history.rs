//! What no service keeps, for the properties alone.

use super::*;

/// What has happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct History {
    /// The first durable record of each id.
    pub first: [Option<Record>; Id::COUNT as usize],
    pub allowed: Set<Transfer>,
    /// Since the first 204 to a `DELETE`: the attempts that were posted then.
    pub deleted: Option<Set<Attempt>>,
}

impl History {
    /// A's group is on disk.
    pub fn note_commit(&mut self, durable: &Books) {
        for (first, record) in self.first.iter_mut().zip(durable.records) {
            *first = first.or(record);
        }
    }

    /// T returns 204 to a `DELETE`.
    pub fn note_deletion(&mut self, durable: &Books) {
        self.deleted.get_or_insert(posted_attempts(durable));
    }
}

pub fn posted_attempts(books: &Books) -> Set<Attempt> {
    let is_posted =
        |attempt: &Attempt| books.outcome(Id::Attempt(*attempt)) == Some(Outcome::Posted);
    Attempt::all().filter(is_posted).collect()
}
