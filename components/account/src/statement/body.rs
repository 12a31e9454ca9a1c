//! A statement as it is sent: piece by piece, each entry checked against the previous one.
//!
//! A wrong statement must not look whole. So an entry that does not follow from the previous one is
//! an error, and so is an end that differs from the balance in the head; the response then breaks
//! off.

use super::StatementError;
use super::format::Format;
use super::layout::Layout;
use super::line::{self, Line};
use super::summary::{Mark, Span, Summary, Total};
use crate::account::Direction;
use strongroom_sdk::store::Store;

/// The least bytes of a piece, but for the last; a piece has at most a page of entries more.
const PIECE_BYTES: usize = 256 * 1024;

/// The pieces of a statement, in order; after an error there are no more.
pub struct Body<S> {
    store: S,
    summary: Summary,
    layout: &'static dyn Layout,
    stage: Stage,
    /// The account after the last line.
    at: Mark,
    /// The part of the journal after that line.
    span: Span,
    debits: Total,
    credits: Total,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Head,
    Lines,
    Over,
}

impl<S: Store> Body<S> {
    /// The statement that begins with `summary`.
    ///
    /// # Errors
    /// [`StatementError::TooLarge`] where the format has no room for the amounts.
    pub fn new(store: S, summary: Summary, format: Format) -> Result<Self, StatementError> {
        let layout = format.layout();
        if !layout.has_room_for(&summary) {
            return Err(StatementError::TooLarge);
        }
        Ok(Self {
            store,
            at: summary.opening,
            span: summary.span,
            summary,
            layout,
            stage: Stage::Head,
            debits: Total::default(),
            credits: Total::default(),
        })
    }

    fn piece(&mut self) -> Result<Vec<u8>, StatementError> {
        let mut piece = Vec::new();
        if self.stage == Stage::Head {
            self.layout.head(&self.summary, &mut piece)?;
            self.stage = Stage::Lines;
        }
        while piece.len() < PIECE_BYTES {
            if self.at.entries == self.summary.closing.entries {
                self.check_end()?;
                self.layout.tail(&self.summary, &mut piece)?;
                self.stage = Stage::Over;
                break;
            }
            let lines = line::page(&self.store, &self.summary.account, self.span)?;
            if lines.is_empty() {
                return Err(contradiction("there are fewer entries than are numbered"));
            }
            for line in &lines {
                self.follow(line)?;
                self.layout.line(&self.summary, line, &mut piece)?;
            }
        }
        Ok(piece)
    }

    /// Checks that an entry follows the previous one, and goes to it.
    fn follow(&mut self, line: &Line) -> Result<(), StatementError> {
        let entry = &line.entry;
        if entry.sequence != self.at.entries + 1 {
            return Err(contradiction(&format!(
                "entry {} comes after entry {}",
                entry.sequence, self.at.entries
            )));
        }
        if self.at.balance_minor.checked_add(line.signed_minor()) != Some(entry.balance_after_minor)
        {
            return Err(contradiction(&format!(
                "the balance after entry {} does not follow from the one before",
                entry.sequence
            )));
        }
        let period = self.summary.period;
        if !(period.from().first_ms()..=period.to().last_ms()).contains(&entry.created_at_ms) {
            return Err(contradiction(&format!(
                "entry {} is not of this period",
                entry.sequence
            )));
        }
        let total = match entry.direction {
            Direction::Debit => &mut self.debits,
            Direction::Credit => &mut self.credits,
        };
        total.count += 1;
        total.sum_minor = total.sum_minor.saturating_add(entry.amount_minor);
        self.at = Mark {
            entries: entry.sequence,
            balance_minor: entry.balance_after_minor,
        };
        self.span.after = entry.transfer_sequence;
        Ok(())
    }

    fn check_end(&self) -> Result<(), StatementError> {
        let promised = &self.summary;
        if (self.at, self.debits, self.credits)
            == (promised.closing, promised.debits, promised.credits)
        {
            return Ok(());
        }
        Err(contradiction("the end is another than the head has said"))
    }
}

fn contradiction(what: &str) -> StatementError {
    StatementError::Contradiction(what.to_owned())
}

impl<S: Store> Iterator for Body<S> {
    type Item = Result<Vec<u8>, StatementError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.stage == Stage::Over {
            return None;
        }
        let piece = self.piece();
        if piece.is_err() {
            self.stage = Stage::Over;
        }
        Some(piece)
    }
}
