//! Decides the rows of the journal again, in their order, and compares.
//!
//! What was done to accounts has no place in the journal, only a time. An event of an earlier
//! millisecond than a row's came before it. One of the same millisecond came before it if the row
//! cannot be explained without.

use std::collections::{BTreeSet, HashMap, VecDeque};

use uuid::Uuid;

use super::journal::{Change, Event, Leg, Row};
use super::model::{Decision, Impossible, Model};
use super::words::{Decline, Direction, Kind, NONE, Outcome};

/// A model that follows the journal.
#[derive(Debug, Clone, Default)]
pub struct Replay {
    /// As the rows have left it.
    pub model: Model,
    /// Of each account, in their order, what was not applied yet.
    events: HashMap<Uuid, VecDeque<Event>>,
    recorded_at_ms: i64,
}

impl Replay {
    /// Learns of an event. An account is there before anybody can name it.
    pub fn notice(&mut self, event: Event) {
        if matches!(event.change, Change::Opened { .. }) {
            self.model.change(event.account, &event.change);
        } else {
            let events = self.events.entry(event.account).or_default();
            events.push_back(event);
        }
    }

    /// Decides a row, or those of an atomic batch, and tells in what the bank differs.
    ///
    /// It goes on as if the bank had done right: the first difference is the one to look at.
    pub fn replay(&mut self, rows: &[Row]) -> Vec<String> {
        let of_legs = rows.iter().flat_map(|row| &row.legs).map(|leg| leg.account);
        let named = rows.iter().flat_map(|row| [row.debit, row.credit]);
        let named: BTreeSet<Uuid> = named.chain(of_legs).flatten().collect();
        let at_ms = rows.first().map_or(0, |row| row.recorded_at_ms);
        while self.take_event(&named, |event| event.at_ms < at_ms) {}
        let mut decisions = self.decide(rows, &named);
        while !agree(rows, &decisions) && self.take_event(&named, |event| event.at_ms == at_ms) {
            decisions = self.decide(rows, &named);
        }
        let mut differences = Vec::new();
        for (row, decision) in rows.iter().zip(decisions) {
            for difference in self.compare(row, decision) {
                differences.push(format!("{difference}: {row:?}"));
            }
        }
        differences
    }

    /// Applies the next event of one of these accounts, if it `is_due`; false if there is none.
    fn take_event(&mut self, accounts: &BTreeSet<Uuid>, is_due: impl Fn(&Event) -> bool) -> bool {
        let next = accounts.iter().find_map(|id| {
            let events = self.events.get_mut(id)?;
            events.pop_front_if(|event| is_due(event))
        });
        if let Some(event) = &next {
            self.model.change(event.account, &event.change);
        }
        next.is_some()
    }

    fn decide(&self, rows: &[Row], named: &BTreeSet<Uuid>) -> Vec<Result<Decision, Impossible>> {
        match rows {
            [row] => vec![self.model.decide(row)],
            _ => decide_batch(self.model.of_accounts(named), rows),
        }
    }

    /// What is otherwise in a row than it should be, in the order of importance.
    fn compare(&mut self, row: &Row, decision: Result<Decision, Impossible>) -> Vec<String> {
        let mut differences = Vec::new();
        let decision = decision.unwrap_or_else(|reason| {
            differences.push(reason.to_owned());
            (row.outcome, None)
        });
        let (outcome, moved) = decision.clone();
        let place = self.model.rows() + 1;
        if usize::try_from(row.sequence) != Ok(place) {
            differences.push(format!("it should be row {place}"));
        }
        if row.recorded_at_ms < self.recorded_at_ms {
            differences.push("its time is before that of the row before it".to_owned());
        }
        self.recorded_at_ms = self.recorded_at_ms.max(row.recorded_at_ms);
        if row.outcome != outcome {
            differences.push(format!("it should be {outcome:?}"));
        }
        if moved.as_ref().is_some_and(|moved| !is_of(row, moved)) {
            differences.push(format!("it should be of {moved:?}"));
        }
        if moved.is_some_and(|moved| !self.is_asked_by_owner(row, &moved)) {
            differences.push("it was not the payer who asked".to_owned());
        }
        let entries = self.model.apply(row, decision);
        if row.entries != entries {
            differences.push(format!("it should have the entries {entries:?}"));
        }
        differences
    }

    /// Staff make deposits and reversals, and may make withdrawals. Expiries are the bank's own.
    fn is_asked_by_owner(&self, row: &Row, moved: &[Leg]) -> bool {
        let is_actors = |id: Uuid| {
            let account = self.model.account(id);
            account.is_some_and(|account| account.owner == row.actor)
        };
        let debits = moved.iter().filter(|leg| leg.direction == Direction::Debit);
        match row.kind {
            Kind::Transfer | Kind::Posting | Kind::Hold | Kind::Capture | Kind::Void => {
                debits.filter_map(|leg| leg.account).all(is_actors)
            }
            Kind::Deposit | Kind::Withdrawal | Kind::Reversal | Kind::Expiry => true,
        }
    }
}

/// Each row of an atomic batch is decided after those before it; one decline is that of all.
fn decide_batch(mut accounts: Model, rows: &[Row]) -> Vec<Result<Decision, Impossible>> {
    let decisions = rows.iter().map(|row| {
        let decision = accounts.decide(row)?;
        accounts.apply(row, decision.clone());
        Ok(decision)
    });
    let mut decisions: Vec<Result<Decision, Impossible>> = decisions.collect();
    let is_declined =
        |decision: &Result<Decision, _>| matches!(decision, Ok((Outcome::Declined(_), _)));
    if decisions.iter().any(is_declined) {
        for decision in &mut decisions {
            if let Ok((Outcome::Posted, _)) = decision {
                *decision = Ok((Outcome::Declined(Decline::BatchDeclined), None));
            }
        }
    }
    decisions
}

fn agree(rows: &[Row], decisions: &[Result<Decision, Impossible>]) -> bool {
    rows.iter()
        .zip(decisions)
        .all(|(row, decision)| matches!(decision, Ok((outcome, _)) if *outcome == row.outcome))
}

fn is_of(row: &Row, moved: &[Leg]) -> bool {
    let whole = (row.debit, row.credit, row.amount, row.currency);
    let is_in_one_way = row.legs.is_empty() || whole == (None, None, 0, NONE);
    row.sides() == moved && is_in_one_way
}
