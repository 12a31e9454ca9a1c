//! What the journal says, decided again as it is read.

use std::collections::{HashMap, HashSet};

use uuid::Uuid;

use super::call::{Details, Line, Wish};
use super::check::{Rule, Violation};
use super::journal::{Event, Leg, Row};
use super::model::Model;
use super::replay::Replay;
use super::words::{Kind, Outcome};

/// All rows so far.
#[derive(Debug, Clone, Default)]
pub struct Books {
    replay: Replay,
    /// Without their entries: they are judged when a row is read.
    rows: HashMap<Uuid, Row>,
    /// The rows that a client has heard of.
    told: HashSet<Uuid>,
    /// By sequence, from 1.
    ids: Vec<Uuid>,
    events: u64,
}

impl Books {
    /// How many rows it has read: where one goes on reading.
    pub fn rows_seen(&self) -> u64 {
        u64::try_from(self.ids.len()).expect("a number of rows")
    }

    /// The newest event.
    pub const fn events_seen(&self) -> u64 {
        self.events
    }

    /// How many rows of each kind came out how.
    pub fn counts(&self) -> HashMap<(Kind, Outcome), u64> {
        let mut counts = HashMap::new();
        for row in self.rows.values() {
            *counts.entry((row.kind, row.outcome)).or_default() += 1;
        }
        counts
    }

    pub const fn model(&self) -> &Model {
        &self.replay.model
    }

    pub fn row(&self, id: Uuid) -> Option<&Row> {
        self.rows.get(&id)
    }

    /// Learns what was done to an account.
    pub fn notice(&mut self, event: Event) {
        self.events = self.events.max(event.sequence);
        self.replay.notice(event);
    }

    /// Replays rows, those of an atomic batch together: `batch_of` says which these are.
    pub fn read(
        &mut self,
        rows: &[Row],
        batch_of: &HashMap<Uuid, usize>,
        violations: &mut Vec<Violation>,
    ) {
        let batch = |row: &Row| batch_of.get(&row.id);
        let is_together = |row: &Row, next: &Row| batch(row).is_some() && batch(row) == batch(next);
        for together in rows.chunk_by(is_together) {
            let differences = self.replay.replay(together).into_iter();
            violations.extend(differences.map(|what| (Rule::Replay, what)));
            for row in together {
                self.ids.push(row.id);
                let kept = Row {
                    entries: Vec::new(),
                    ..row.clone()
                };
                if let Some(other) = self.rows.insert(row.id, kept) {
                    let what = format!("row {} has the id of {other:?}", row.sequence);
                    violations.push((Rule::Doubled, what));
                }
            }
        }
    }

    /// Notes that a client has heard of a row. False if one had before.
    pub fn tell(&mut self, id: Uuid) -> bool {
        self.rows.contains_key(&id) && self.told.insert(id)
    }

    /// The rows from a place on that no client has heard of.
    pub fn untold_from(&self, sequence: u64) -> Vec<Row> {
        let first = usize::try_from(sequence - 1).expect("it was the length of a list");
        let rows = self.ids[first..].iter().map(|id| &self.rows[id]);
        let untold = rows.filter(|row| !self.told.contains(&row.id));
        untold.cloned().collect()
    }

    /// What the bank shows of a row.
    pub fn details_of(&self, row: &Row) -> Details {
        let is_named = |id: &Uuid| {
            let account = self.model().account(*id);
            account.is_none_or(|account| !account.is_settlement)
        };
        Details {
            kind: row.kind,
            sequence: row.sequence,
            from: row.debit.filter(is_named),
            to: row.credit.filter(is_named),
            amount: row.amount,
            currency: row.currency,
            legs: row.legs.clone(),
            subject: self.subject_of(row).map(|subject| subject.id),
        }
    }

    fn subject_of(&self, row: &Row) -> Option<&Row> {
        let index = usize::try_from(row.subject?.checked_sub(1)?).ok()?;
        self.row(*self.ids.get(index)?)
    }

    /// Whether a row is what a client asked for.
    pub fn is_as_asked(&self, wish: &Wish, row: &Row) -> bool {
        let sum = (row.amount, row.currency);
        let is_of_line = |line: &Line| {
            // A payer's decline is recorded without a payee where there is no such account.
            let credit = match self.model().account(line.to) {
                None if row.outcome.is_declined() => None,
                _ => Some(line.to),
            };
            let accounts = (row.debit, row.credit) == (Some(line.from), credit);
            accounts && sum == (line.amount, line.currency)
        };
        let is_of_whole = |id: Uuid| {
            let subject = self.subject_of(row);
            subject.is_some_and(|of| of.id == id && sum == (of.amount, of.currency))
        };
        // A payer's decline is recorded without the accounts to credit that do not exist.
        let is_of_legs = |legs: &[Leg]| {
            let recorded = legs.iter().map(|leg| Leg {
                account: leg.account.filter(|id| self.model().account(*id).is_some()),
                ..*leg
            });
            row.legs == recorded.collect::<Vec<_>>()
        };
        let fits = match *wish {
            Wish::Deposit(account, asked) => row.credit == Some(account) && sum == asked,
            Wish::Withdraw(account, asked) => row.debit == Some(account) && sum == asked,
            Wish::Transfer(line) => is_of_line(&line),
            Wish::Posting(ref legs) => is_of_legs(legs),
            Wish::Hold(line, expires_in) => {
                let expires_at_ms = row.recorded_at_ms + i64::from(expires_in) * 1_000;
                let is_for_so_long = row.expires_at_ms == Some(expires_at_ms);
                is_of_line(&line) && (is_for_so_long || row.outcome.is_declined())
            }
            Wish::Capture(hold, Some(asked)) => {
                self.subject_of(row).is_some_and(|of| of.id == hold) && sum == asked
            }
            Wish::Capture(hold, None) | Wish::Void(hold) => is_of_whole(hold),
            Wish::Reverse(id) => is_of_whole(id),
            Wish::Batch { .. } | Wish::Order(..) => false,
        };
        fits && row.kind == wish.kind()
    }
}
