//! The payments of standing orders: each ended as the ledger decided, and no date was paid twice.

use crate::Error;
use crate::schedule::{Run, RunState, Schedule, transfer_of};
use strongroom_ledger_api::{Decline, Journal, LOOKUP_IDS_MAX, Posting, Status, Transfer};
use strongroom_sdk::audit::{Check, Report, Total};
use uuid::Uuid;

/// Compares payments with the ledger, [`LOOKUP_IDS_MAX`] at a time.
pub(super) struct Payments<'a, J> {
    journal: &'a J,
    check: Check,
    /// How many have no outcome yet. The ledger may have decided on them since.
    open: u64,
    attempts: Vec<Attempt>,
}

/// One attempt at a date, and what the ledger must have recorded of it.
struct Attempt {
    transfer: Transfer,
    /// The run, for the text of a violation.
    run: String,
    expected: ExpectedPayment,
}

/// What the ledger must have recorded of an attempt, by its run.
enum ExpectedPayment {
    /// Anything: the run is open.
    Open,
    /// That money has moved.
    Posted,
    /// A decline with this code.
    Declined(String),
    /// Nothing, or a cancelled transfer, where the order ended at that moment.
    Refused,
    /// Nothing, or a decline: another attempt followed.
    Failed,
}

impl<'a, J: Journal> Payments<'a, J> {
    pub(super) fn new(journal: &'a J) -> Self {
        Self {
            journal,
            check: Check::new(
                "every payment of a standing order ended as the ledger decided it, and no date was \
                 paid twice",
            ),
            open: 0,
            attempts: Vec::new(),
        }
    }

    /// Adds all attempts at a date.
    pub(super) fn add(&mut self, schedule: &Schedule, run: Run) -> Result<(), Error> {
        let text = format!("schedule run {} of {}", run.sequence, run.due);
        let expected = match (run.state, run.decline_code) {
            (RunState::Open, None) => {
                self.open += 1;
                ExpectedPayment::Open
            }
            (RunState::Posted, None) => ExpectedPayment::Posted,
            (RunState::Refused, Some(_)) => ExpectedPayment::Refused,
            (RunState::Declined | RunState::Retrying | RunState::Cancelled, Some(code)) => {
                ExpectedPayment::Declined(code)
            }
            _ => {
                self.check.violation(format!(
                    "{text}: its state and its decline contradict each other"
                ));
                return Ok(());
            }
        };
        let transfer = |attempt| transfer_of(schedule, run.due, attempt, 0);
        for attempt in 1..run.attempts {
            self.push(transfer(attempt), text.clone(), ExpectedPayment::Failed)?;
        }
        self.push(transfer(run.attempts), text, expected)
    }

    fn push(
        &mut self,
        transfer: Transfer,
        run: String,
        expected: ExpectedPayment,
    ) -> Result<(), Error> {
        self.attempts.push(Attempt {
            transfer,
            run,
            expected,
        });
        if self.attempts.len() < LOOKUP_IDS_MAX {
            return Ok(());
        }
        self.look_up()
    }

    /// Compares the rest, and reports.
    pub(super) fn finish(mut self, report: &mut Report) -> Result<(), Error> {
        self.look_up()?;
        report.checks.push(self.check);
        report.totals.push(Total {
            name: "payments of standing orders under way".to_owned(),
            value: self.open.to_string(),
        });
        Ok(())
    }

    /// Compares the attempts that were added since the last time.
    fn look_up(&mut self) -> Result<(), Error> {
        let attempts = std::mem::take(&mut self.attempts);
        let ids: Vec<Uuid> = attempts.iter().map(|attempt| attempt.transfer.id).collect();
        for (attempt, posting) in attempts.iter().zip(self.journal.lookup_many(&ids)?) {
            self.check.examine();
            if let Some(violation) = attempt.violation(posting.as_ref()) {
                let (run, id) = (&attempt.run, attempt.transfer.id);
                self.check
                    .violation(format!("{run}: transfer {id} {violation}"));
            }
        }
        Ok(())
    }
}

impl Attempt {
    /// How the ledger's record differs from what is expected, if it does.
    fn violation(&self, posting: Option<&Posting>) -> Option<&'static str> {
        let Some(posting) = posting else {
            return match self.expected {
                ExpectedPayment::Open | ExpectedPayment::Refused | ExpectedPayment::Failed => None,
                ExpectedPayment::Posted | ExpectedPayment::Declined(_) => {
                    Some("is over, and the ledger has nothing under it")
                }
            };
        };
        let Transfer {
            actor, fingerprint, ..
        } = &self.transfer;
        if posting.actor.id != actor.id || posting.fingerprint != *fingerprint {
            return Some("belongs to another request in the ledger");
        }
        let is_declined = posting.status == Status::Declined;
        let is_so = match &self.expected {
            ExpectedPayment::Open => true,
            ExpectedPayment::Posted => !is_declined,
            ExpectedPayment::Declined(code) => posting
                .decline
                .is_some_and(|decline| decline.as_str() == code),
            ExpectedPayment::Refused => posting.decline == Some(Decline::Cancelled),
            ExpectedPayment::Failed => is_declined,
        };
        (!is_so).then_some("was decided otherwise by the ledger")
    }
}
