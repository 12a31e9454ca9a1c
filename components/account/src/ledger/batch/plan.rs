//! What becomes of each line of a batch, in memory.

use super::record::RefusedLine;
use super::state::BatchState;
use crate::ledger::decide::{DecisionInput, decide};
use crate::ledger::head::{Head, Moment};
use crate::ledger::journal::{JournalRow, Place, RowAccounts};
use crate::ledger::state::Parties;
use crate::ledger::write::Decision;
use strongroom_ledger_api::{
    BatchLine, BatchReply, Decline, Direction, LedgerError, LineOutcome, Refusal, Status, Transfer,
};
use strongroom_sdk::clock::Clock;

/// The decisions on a batch so far.
pub struct BatchPlan {
    lines: Vec<PlannedLine>,
    pub decisions: Vec<Decision>,
    transfer_sequence: i64,
    entry_sequence: i64,
    pub moment: Moment,
}

/// What becomes of one line.
#[derive(Debug)]
enum PlannedLine {
    /// The next decision records it.
    Decided,
    /// Nothing is recorded.
    Refused(Refusal),
}

impl BatchPlan {
    pub fn new(head: &Head, clock: &impl Clock) -> Self {
        Self {
            lines: Vec::new(),
            decisions: Vec::new(),
            transfer_sequence: head.transfer_sequence,
            entry_sequence: head.entry_sequence,
            moment: Moment::after(head, clock),
        }
    }

    /// Decides on the next line, and moves its money in `state`.
    pub fn add(
        &mut self,
        state: &mut BatchState,
        line: &BatchLine,
        transfer: Option<&Transfer>,
    ) -> Result<(), LedgerError> {
        let planned = match (line, transfer) {
            (BatchLine::Refused(refusal), _) => PlannedLine::Refused(refusal.clone()),
            (BatchLine::Transfer { .. }, None) => return Err(LedgerError::invalid("lines")),
            (BatchLine::Transfer { .. }, Some(transfer)) => match self.decide(state, transfer) {
                Ok(decision) => {
                    self.push(decision);
                    PlannedLine::Decided
                }
                Err(error) => PlannedLine::Refused(error.refusal().ok_or(error)?),
            },
        };
        self.lines.push(planned);
        Ok(())
    }

    fn decide(&self, state: &mut BatchState, transfer: &Transfer) -> Result<Decision, LedgerError> {
        let places = state.places(transfer);
        let (source, destination) = (state.at(places.source), state.at(places.destination));
        if transfer.denied_by.is_some() {
            let accounts = RowAccounts::denied(source, destination, transfer)?;
            return Ok(self.declined(transfer, accounts, Decline::ScreeningDenied));
        }
        let amount = transfer.instruction.amount;
        let amount = amount.ok_or_else(|| LedgerError::invalid("amount"))?;
        let parties = Parties::of_payment(source, destination, transfer)?;
        let input = DecisionInput::new(transfer, amount, parties, None, self.moment.wall_ms);
        let decline = decide(&input)?;
        let accounts = input.parties.of_row();
        if let Some(decline) = decline {
            return Ok(self.declined(transfer, accounts, decline));
        }
        let (Some(source), Some(destination)) = (source, destination) else {
            return Err(LedgerError::invalid("kind"));
        };
        let row = JournalRow::of_decision(transfer, self.place(accounts), None);
        let decision = Decision::new(row, self.entry_sequence, source, destination);
        state.apply(places.source, Direction::Debit, amount.minor());
        state.apply(places.destination, Direction::Credit, amount.minor());
        Ok(decision)
    }

    fn declined(&self, transfer: &Transfer, accounts: RowAccounts, decline: Decline) -> Decision {
        let place = self.place(accounts);
        Decision::declined(JournalRow::of_decision(transfer, place, Some(decline)))
    }

    fn place(&self, accounts: RowAccounts) -> Place {
        Place {
            sequence: self.transfer_sequence + 1,
            moment: self.moment,
            accounts,
            original: None,
        }
    }

    fn push(&mut self, decision: Decision) {
        self.transfer_sequence = decision.row.sequence();
        if let Some(entry) = decision.entries.last() {
            self.entry_sequence = entry.sequence;
        }
        self.decisions.push(decision);
    }

    pub fn has_refusal(&self) -> bool {
        let is_refused = |line: &PlannedLine| matches!(line, PlannedLine::Refused(_));
        self.lines.iter().any(is_refused)
    }

    pub fn has_decline(&self) -> bool {
        let is_declined = |decision: &Decision| decision.row.posting.decline.is_some();
        self.decisions.iter().any(is_declined)
    }

    /// Refuses all lines, because one of them is refused.
    pub fn refuse_all(&mut self) {
        self.decisions.clear();
        for line in &mut self.lines {
            if matches!(line, PlannedLine::Decided) {
                *line = PlannedLine::Refused(Refusal::with_the_batch());
            }
        }
    }

    /// Declines all decided lines, because one of them is declined.
    pub fn decline_all(&mut self) {
        for decision in &mut self.decisions {
            let posting = &mut decision.row.posting;
            posting.status = Status::Declined;
            posting.decline.get_or_insert(Decline::BatchDeclined);
            decision.entries.clear();
        }
    }

    pub fn refusals(&self) -> Vec<RefusedLine> {
        let lines = self.lines.iter().enumerate();
        lines
            .filter_map(|(index, line)| match line {
                PlannedLine::Refused(refusal) => Some(RefusedLine {
                    index,
                    refusal: refusal.clone(),
                }),
                PlannedLine::Decided => None,
            })
            .collect()
    }

    pub fn into_reply(self) -> BatchReply {
        let mut decisions = self.decisions.into_iter();
        let lines = self.lines.into_iter();
        let outcomes = lines.filter_map(|line| match line {
            PlannedLine::Refused(refusal) => Some(LineOutcome::Refused(refusal)),
            PlannedLine::Decided => decisions
                .next()
                .map(|decision| LineOutcome::Recorded(Box::new(decision.row.posting))),
        });
        BatchReply {
            outcomes: outcomes.collect(),
            repeated: false,
        }
    }
}
