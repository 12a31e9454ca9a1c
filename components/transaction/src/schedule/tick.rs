//! The tick of standing orders.
//!
//! 1. It follows what became of accounts and users: their orders end, are paused, or go on. Nothing
//!    begins before it has followed all.
//! 2. It begins what is due: one commit makes a run of a date, and moves the order past the date.
//!    A crash before the commit changes nothing. After it the run is open, and the date is behind.
//! 3. It pays each open run, with no transaction open.
//!
//! Dates that were missed while the bank was down are paid one by one, the oldest of an order
//! first.

use super::begin::{RUNS_PER_TICK_MAX, begin_due};
use super::follow::follow;
use super::pay::{CutShort, Owners, pay, record};
use super::run_rows;
use crate::Error;
use crate::service::{Env, Service};
use strongroom_sdk::clock::Clock;
use strongroom_sdk::store::StoreError;

/// How many open runs one pass asks the ledger for.
const OPEN_RUNS_MAX: i64 = 64;

/// What a tick did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Summary {
    /// How many transfers it began.
    pub begun: usize,
    /// How many open runs got an outcome.
    pub paid: usize,
    /// For how many the ledger, or the auth service, did not respond.
    pub failed: usize,
}

impl<E: Env> Service<E> {
    /// Begins what is due, and pays what is open. It begins nothing while the ledger is down, or
    /// while it does not know which owners may log in.
    pub fn tick(&self) -> Result<Summary, Error> {
        let mut summary = Summary::default();
        let mut owners = Owners::new(&self.users);
        let followed = follow(self);
        // Also where following failed: what is under way needs only the ledger.
        let mut cut_short = self.pay_open(&mut owners, &mut summary)?;
        let may_begin = followed?;
        while may_begin && cut_short != Some(CutShort::IsDown) && summary.begun < RUNS_PER_TICK_MAX
        {
            let begun = begin_due(&self.store, self.clock.now_ms())?;
            summary.begun += begun;
            // What began is behind the payments without a verdict, and has its turn next time.
            if begun == 0 || cut_short.is_some() {
                break;
            }
            cut_short = self.pay_open(&mut owners, &mut summary)?;
        }
        Ok(summary)
    }

    /// Pays the open runs, pass by pass; returns why some were left out, if they were.
    fn pay_open(
        &self,
        owners: &mut Owners<'_, E::Users>,
        summary: &mut Summary,
    ) -> Result<Option<CutShort>, StoreError> {
        loop {
            let open = run_rows::open(&self.store, None, OPEN_RUNS_MAX)?;
            if open.is_empty() {
                return Ok(None);
            }
            let pass = pay(&self.ledger, open, |schedule| owners.action_for(schedule));
            record(&self.store, &pass, self.clock.now_ms())?;
            summary.paid += pass.paid.len();
            summary.failed += pass.failed.len();
            if !pass.has_all() {
                return Ok(pass.cut_short);
            }
        }
    }
}
