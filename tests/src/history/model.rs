//! A bank that does one thing after the other.
//!
//! It is written from `docs/move-money.md` and `docs/audit-the-books.md` alone: what the ledger
//! does with SQL, on the books of many at once, in groups of writers, is done here by a few
//! additions. Where the two come to different results, one of them is wrong.

use std::collections::HashMap;

use uuid::Uuid;

use super::journal::{Change, Entry, Leg, Row};
use super::words::{Currency, Decline, Direction, Kind, Outcome};

/// No counter passes it.
const COUNTER_MAX: i128 = 9_000_000_000_000_000_000;

/// Accounts, and what became of each row.
#[derive(Debug, Clone, Default)]
pub struct Model {
    accounts: HashMap<Uuid, Account>,
    /// By sequence, from 1.
    records: Vec<Record>,
    entries: u64,
}

/// What an account has and may do. Minor units.
#[derive(Debug, Clone, Default)]
pub struct Account {
    pub owner: Uuid,
    /// No transaction names it.
    pub is_settlement: bool,
    currency: Currency,
    /// None for accounts of the bank without a limit.
    overdraft_limit: Option<i64>,
    frozen_for_debits: bool,
    frozen_for_credits: bool,
    closed: bool,
    debits: i64,
    credits: i64,
    /// Held on it, and in its favour.
    debits_pending: i64,
    credits_pending: i64,
    entries: u64,
}

/// What can come of a row later.
#[derive(Debug, Clone)]
enum Record {
    Nothing,
    Hold {
        legs: Vec<Leg>,
        expires_at_ms: i64,
        /// What a client that would end it again hears.
        ended: Option<Decline>,
    },
    Posted {
        legs: Vec<Leg>,
        reversed: bool,
    },
}

/// What comes of a row, and what is moved, held, or released where it is not declined.
pub type Decision = (Outcome, Option<Vec<Leg>>);

/// Why the bank could not have recorded a row at all.
pub type Impossible = &'static str;

impl Account {
    /// What was posted.
    pub const fn balance(&self) -> i64 {
        self.credits - self.debits
    }

    /// What may be spent; none where there is no limit.
    pub fn available(&self) -> Option<i64> {
        Some(self.balance() - self.debits_pending + self.overdraft_limit?)
    }

    /// What it says to a leg, in the order of its reasons. There is enough of what was set aside.
    fn may_move(&self, leg: &Leg, is_set_aside: bool) -> Result<(), Decline> {
        let is_debit = leg.direction == Direction::Debit;
        let (frozen, posted, pending) = match is_debit {
            true => (self.frozen_for_debits, self.debits, self.debits_pending),
            false => (self.frozen_for_credits, self.credits, self.credits_pending),
        };
        let counted = i128::from(posted) + i128::from(pending) + i128::from(leg.amount);
        let is_short = |available: i64| available < leg.amount;
        if self.closed {
            Err(Decline::AccountClosed)
        } else if frozen {
            Err(Decline::AccountFrozen)
        } else if self.currency != leg.currency {
            Err(Decline::CurrencyMismatch)
        } else if counted > COUNTER_MAX {
            Err(Decline::LimitExceeded)
        } else if is_debit && !is_set_aside && self.available().is_some_and(is_short) {
            Err(Decline::InsufficientFunds)
        } else {
            Ok(())
        }
    }
}

impl Model {
    /// An account, if it was opened.
    pub fn account(&self, id: Uuid) -> Option<&Account> {
        self.accounts.get(&id)
    }

    /// How many rows there are.
    pub const fn rows(&self) -> usize {
        self.records.len()
    }

    /// A model of these accounts as they are, without a past.
    pub fn of_accounts<'a>(&self, ids: impl IntoIterator<Item = &'a Uuid>) -> Self {
        let accounts = ids
            .into_iter()
            .filter_map(|id| Some((*id, self.accounts.get(id)?.clone())));
        Self {
            accounts: accounts.collect(),
            ..Self::default()
        }
    }

    /// What staff, or its owner, do to an account.
    pub fn change(&mut self, id: Uuid, change: &Change) {
        match *change {
            Change::Opened {
                owner,
                currency,
                is_settlement,
            } => {
                let account = Account {
                    owner,
                    currency,
                    is_settlement,
                    // The bank's own accounts begin without a limit.
                    overdraft_limit: (!owner.is_nil()).then_some(0),
                    ..Account::default()
                };
                self.accounts.insert(id, account);
            }
            Change::Frozen { debits, credits } => {
                let account = self.at(id);
                (account.frozen_for_debits, account.frozen_for_credits) = (debits, credits);
            }
            Change::Closed => self.at(id).closed = true,
            Change::OverdraftLimit(limit) => self.at(id).overdraft_limit = limit,
            Change::Described => {}
        }
    }

    /// What comes of the wish in a row, at the time of the row.
    pub fn decide(&self, row: &Row) -> Result<Decision, Impossible> {
        let decided = match row.kind {
            Kind::Deposit | Kind::Withdrawal | Kind::Transfer | Kind::Posting => {
                self.judge(row, row.sides(), Outcome::Posted)?
            }
            Kind::Hold => self.judge(row, row.sides(), Outcome::Pending)?,
            Kind::Capture => match self.held(row)? {
                Ok(held) if row.amount > held[0].amount => Err(Decline::AmountExceedsHold),
                Ok(mut held) => {
                    held.iter_mut().for_each(|leg| leg.amount = row.amount);
                    self.judge(row, held, Outcome::Posted)?
                }
                Err(decline) => Err(decline),
            },
            Kind::Void => self.held(row)?.map(|held| (Outcome::Voided, Some(held))),
            Kind::Expiry => match self.subject(row)? {
                Record::Hold {
                    legs,
                    expires_at_ms,
                    ended: None,
                } if *expires_at_ms <= row.recorded_at_ms => {
                    Ok((Outcome::Expired, Some(legs.clone())))
                }
                _ => return Err("no hold was to expire"),
            },
            Kind::Reversal => match self.subject(row)? {
                Record::Posted { reversed: true, .. } => Err(Decline::AlreadyReversed),
                Record::Posted { legs, .. } => {
                    let mut legs: Vec<Leg> = legs.iter().copied().map(Leg::back).collect();
                    // A debit, and then a credit.
                    if row.legs.is_empty() {
                        legs.reverse();
                    }
                    self.judge(row, legs, Outcome::Posted)?
                }
                Record::Nothing | Record::Hold { .. } => Err(Decline::NotReversible),
            },
        };
        Ok(decided.unwrap_or_else(|decline| (Outcome::Declined(decline), None)))
    }

    /// Does what was decided; returns the entries.
    pub fn apply(&mut self, row: &Row, (outcome, moved): Decision) -> Vec<Entry> {
        let mut entries = Vec::new();
        let record = match (outcome, moved) {
            (_, None) => Record::Nothing,
            (Outcome::Pending, Some(legs)) => {
                self.reserve(&legs, 1);
                Record::Hold {
                    legs,
                    expires_at_ms: row.expires_at_ms.unwrap_or(i64::MIN),
                    ended: None,
                }
            }
            (outcome, Some(legs)) => {
                self.end_subject(row);
                if outcome == Outcome::Posted {
                    entries = self.move_money(&legs);
                }
                match (outcome, row.kind) {
                    (Outcome::Posted, kind) if kind != Kind::Reversal => Record::Posted {
                        legs,
                        reversed: false,
                    },
                    _ => Record::Nothing,
                }
            }
        };
        self.records.push(record);
        entries
    }

    /// All debits in their order, then all credits, if they can be made. The first that cannot be
    /// is the one that a declined row with legs names. A row without a payee can only say what the
    /// payer lacks. What is captured was set aside when it was held.
    fn judge(
        &self,
        row: &Row,
        legs: Vec<Leg>,
        outcome: Outcome,
    ) -> Result<Result<Decision, Decline>, Impossible> {
        let is_set_aside = row.kind == Kind::Capture;
        for direction in [Direction::Debit, Direction::Credit] {
            let numbered = || legs.iter().enumerate();
            let own = || numbered().filter(|(_, leg)| leg.direction == direction);
            let opened = |leg: &Leg| leg.account.and_then(|id| self.accounts.get(&id));
            if own().any(|(_, leg)| opened(leg).is_none()) {
                return Err("an account of it was not opened");
            }
            for (number, leg) in own() {
                let may_move = opened(leg).map(|account| account.may_move(leg, is_set_aside));
                if let Some(Err(decline)) = may_move {
                    let is_named = row.legs.is_empty() || row.declined_leg == Some(number);
                    return match is_named || !row.outcome.is_declined() {
                        true => Ok(Err(decline)),
                        false => Err("it was declined for another leg"),
                    };
                }
            }
        }
        Ok(Ok((outcome, Some(legs))))
    }

    /// What the hold of a row holds, if neither it nor its time is over.
    fn held(&self, row: &Row) -> Result<Result<Vec<Leg>, Decline>, Impossible> {
        match self.subject(row)? {
            Record::Hold {
                ended: Some(decline),
                ..
            } => Ok(Err(*decline)),
            Record::Hold { expires_at_ms, .. } if *expires_at_ms <= row.recorded_at_ms => {
                Ok(Err(Decline::HoldExpired))
            }
            Record::Hold { legs, .. } => Ok(Ok(legs.clone())),
            _ => Err("its subject is no hold"),
        }
    }

    fn subject(&self, row: &Row) -> Result<&Record, Impossible> {
        let record = index_of_subject(row).and_then(|index| self.records.get(index));
        record.ok_or("its subject is not before it")
    }

    /// A hold ends whole, whatever was captured of it.
    fn end_subject(&mut self, row: &Row) {
        let record = index_of_subject(row).and_then(|index| self.records.get_mut(index));
        match record {
            Some(Record::Hold { legs, ended, .. }) => {
                *ended = Some(match row.kind {
                    Kind::Capture => Decline::AlreadyCaptured,
                    Kind::Void => Decline::AlreadyVoided,
                    _ => Decline::HoldExpired,
                });
                let legs = legs.clone();
                self.reserve(&legs, -1);
            }
            Some(Record::Posted { reversed, .. }) => *reversed = true,
            Some(Record::Nothing) | None => {}
        }
    }

    fn reserve(&mut self, legs: &[Leg], sign: i64) {
        for leg in legs {
            let account = self.at(leg.account.expect("what is held has accounts"));
            match leg.direction {
                Direction::Debit => account.debits_pending += sign * leg.amount,
                Direction::Credit => account.credits_pending += sign * leg.amount,
            }
        }
    }

    /// Debits and credits, in their order.
    fn move_money(&mut self, legs: &[Leg]) -> Vec<Entry> {
        let entries = legs.iter().map(|leg| {
            let id = leg.account.expect("what moves has an account");
            self.entries += 1;
            let sequence = self.entries;
            let account = self.at(id);
            match leg.direction {
                Direction::Debit => account.debits += leg.amount,
                Direction::Credit => account.credits += leg.amount,
            }
            account.entries += 1;
            Entry {
                sequence,
                account: id,
                account_sequence: account.entries,
                direction: leg.direction,
                amount: leg.amount,
                balance_after: account.balance(),
            }
        });
        entries.collect()
    }

    fn at(&mut self, id: Uuid) -> &mut Account {
        let account = self.accounts.get_mut(&id);
        account.expect("an account is opened first")
    }
}

fn index_of_subject(row: &Row) -> Option<usize> {
    usize::try_from(row.subject?.checked_sub(1)?).ok()
}
