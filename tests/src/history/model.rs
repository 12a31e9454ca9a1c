//! A bank that does one thing after the other.
//!
//! It is written from `docs/move-money.md` and `docs/audit-the-books.md` alone: what the ledger
//! does with SQL, on the books of many at once, in groups of writers, is done here by a few
//! additions. Where the two come to different results, one of them is wrong.

use std::collections::HashMap;

use uuid::Uuid;

use super::call::Line;
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
        line: Line,
        expires_at_ms: i64,
        /// What a client that would end it again hears.
        ended: Option<Decline>,
    },
    Posted {
        moved: Moved,
        reversed: bool,
    },
}

/// What a row moves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Moved {
    One(Line),
    Legs(Vec<Leg>),
}

/// What comes of a row, and what is moved, held, or released where it is not declined.
pub type Decision = (Outcome, Option<Moved>);

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

    /// What one side says, in the order of its reasons: `frozen` and `counted`, what was posted and
    /// is pending, are those of the side.
    fn may_move(
        &self,
        frozen: bool,
        counted: i128,
        amount: i64,
        currency: Currency,
    ) -> Result<(), Decline> {
        if self.closed {
            Err(Decline::AccountClosed)
        } else if frozen {
            Err(Decline::AccountFrozen)
        } else if self.currency != currency {
            Err(Decline::CurrencyMismatch)
        } else if counted + i128::from(amount) > COUNTER_MAX {
            Err(Decline::LimitExceeded)
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
            Kind::Deposit | Kind::Withdrawal | Kind::Transfer => {
                self.pay_of_row(row, Outcome::Posted)?
            }
            Kind::Hold => self.pay_of_row(row, Outcome::Pending)?,
            Kind::Capture => self.held(row)?.and_then(|held| self.capture(row, held)),
            Kind::Void => self
                .held(row)?
                .map(|held| (Outcome::Voided, Some(Moved::One(held)))),
            Kind::Expiry => match self.subject(row)? {
                Record::Hold {
                    line,
                    expires_at_ms,
                    ended: None,
                } if *expires_at_ms <= row.recorded_at_ms => {
                    Ok((Outcome::Expired, Some(Moved::One(*line))))
                }
                _ => return Err("no hold was to expire"),
            },
            Kind::Reversal => match self.subject(row)? {
                Record::Posted { reversed: true, .. } => Err(Decline::AlreadyReversed),
                Record::Posted {
                    moved: Moved::One(line),
                    ..
                } => self.pay(line.back(), Outcome::Posted),
                Record::Posted {
                    moved: Moved::Legs(legs),
                    ..
                } => self.post_legs(row, legs.iter().copied().map(Leg::back).collect())?,
                Record::Nothing | Record::Hold { .. } => Err(Decline::NotReversible),
            },
            Kind::Posting => self.post_legs(row, row.legs.clone())?,
        };
        Ok(decided.unwrap_or_else(|decline| (Outcome::Declined(decline), None)))
    }

    /// Does what was decided; returns the entries.
    pub fn apply(&mut self, row: &Row, (outcome, moved): Decision) -> Vec<Entry> {
        let Some(moved) = moved else {
            self.records.push(Record::Nothing);
            return Vec::new();
        };
        self.end_subject(row);
        self.records.push(match (outcome, &moved) {
            (Outcome::Pending, Moved::One(line)) => Record::Hold {
                line: *line,
                expires_at_ms: row.expires_at_ms.unwrap_or(i64::MIN),
                ended: None,
            },
            (Outcome::Posted, moved) if row.kind != Kind::Reversal => Record::Posted {
                moved: moved.clone(),
                reversed: false,
            },
            _ => Record::Nothing,
        });
        match (outcome, moved) {
            (Outcome::Posted, moved) => self.move_money(&moved.sides()),
            (Outcome::Pending, Moved::One(line)) => self.reserve(line, line.amount),
            _ => Vec::new(),
        }
    }

    /// A payment that a row asks for. A row without a payee can only say what the payer lacks.
    fn pay_of_row(
        &self,
        row: &Row,
        outcome: Outcome,
    ) -> Result<Result<Decision, Decline>, Impossible> {
        let opened = |id: Option<Uuid>| id.filter(|id| self.accounts.contains_key(id));
        let Some(from) = opened(row.debit) else {
            return Err("the account it debits was not opened");
        };
        if let Err(decline) = self.can_pay(from, row.amount, row.currency) {
            return Ok(Err(decline));
        }
        let Some(to) = opened(row.credit) else {
            return Err("the account it credits was not opened");
        };
        let line = Line {
            from,
            to,
            amount: row.amount,
            currency: row.currency,
        };
        Ok(self.pay(line, outcome))
    }

    /// A payment, if the payer can make it and the payee may have it.
    fn pay(&self, line: Line, outcome: Outcome) -> Result<Decision, Decline> {
        self.can_pay(line.from, line.amount, line.currency)?;
        self.may_receive(line.to, line.amount, line.currency)?;
        Ok((outcome, Some(Moved::One(line))))
    }

    /// Several legs: all debits in their order, then all credits. The first that cannot be is the
    /// one that a declined row names.
    fn post_legs(
        &self,
        row: &Row,
        legs: Vec<Leg>,
    ) -> Result<Result<Decision, Decline>, Impossible> {
        for direction in [Direction::Debit, Direction::Credit] {
            let numbered = || legs.iter().enumerate();
            let own = || numbered().filter(|(_, leg)| leg.direction == direction);
            let opened = |leg: &Leg| leg.account.filter(|id| self.accounts.contains_key(id));
            if own().any(|(_, leg)| opened(leg).is_none()) {
                return Err("the account of a leg was not opened");
            }
            for (number, leg) in own() {
                let account = opened(leg).unwrap_or_default();
                let outcome = match direction {
                    Direction::Debit => self.can_pay(account, leg.amount, leg.currency),
                    Direction::Credit => self.may_receive(account, leg.amount, leg.currency),
                };
                if let Err(decline) = outcome {
                    let is_named = row.declined_leg == Some(number);
                    return match is_named || !row.outcome.is_declined() {
                        true => Ok(Err(decline)),
                        false => Err("it was declined for another leg"),
                    };
                }
            }
        }
        Ok(Ok((Outcome::Posted, Some(Moved::Legs(legs)))))
    }

    /// What is captured was set aside when it was held: there is enough.
    fn capture(&self, row: &Row, held: Line) -> Result<Decision, Decline> {
        if row.amount > held.amount {
            return Err(Decline::AmountExceedsHold);
        }
        let line = Line {
            amount: row.amount,
            ..held
        };
        self.may_pay(line.from, line.amount, line.currency)?;
        self.may_receive(line.to, line.amount, line.currency)?;
        Ok((Outcome::Posted, Some(Moved::One(line))))
    }

    /// Whether a payer may pay, and has enough.
    fn can_pay(&self, debit: Uuid, amount: i64, currency: Currency) -> Result<(), Decline> {
        self.may_pay(debit, amount, currency)?;
        let available = self.accounts[&debit].available();
        if available.is_some_and(|available| available < amount) {
            return Err(Decline::InsufficientFunds);
        }
        Ok(())
    }

    /// Everything of a payer but whether there is enough.
    fn may_pay(&self, debit: Uuid, amount: i64, currency: Currency) -> Result<(), Decline> {
        let account = &self.accounts[&debit];
        let counted = i128::from(account.debits) + i128::from(account.debits_pending);
        account.may_move(account.frozen_for_debits, counted, amount, currency)
    }

    /// Everything of a payee.
    fn may_receive(&self, credit: Uuid, amount: i64, currency: Currency) -> Result<(), Decline> {
        let account = &self.accounts[&credit];
        let counted = i128::from(account.credits) + i128::from(account.credits_pending);
        account.may_move(account.frozen_for_credits, counted, amount, currency)
    }

    /// What the hold of a row holds, if neither it nor its time is over.
    fn held(&self, row: &Row) -> Result<Result<Line, Decline>, Impossible> {
        match self.subject(row)? {
            Record::Hold {
                ended: Some(decline),
                ..
            } => Ok(Err(*decline)),
            Record::Hold { expires_at_ms, .. } if *expires_at_ms <= row.recorded_at_ms => {
                Ok(Err(Decline::HoldExpired))
            }
            Record::Hold { line, .. } => Ok(Ok(*line)),
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
            Some(Record::Hold { line, ended, .. }) => {
                *ended = Some(match row.kind {
                    Kind::Capture => Decline::AlreadyCaptured,
                    Kind::Void => Decline::AlreadyVoided,
                    _ => Decline::HoldExpired,
                });
                let line = *line;
                self.reserve(line, -line.amount);
            }
            Some(Record::Posted { reversed, .. }) => *reversed = true,
            Some(Record::Nothing) | None => {}
        }
    }

    fn reserve(&mut self, line: Line, amount: i64) -> Vec<Entry> {
        self.at(line.from).debits_pending += amount;
        self.at(line.to).credits_pending += amount;
        Vec::new()
    }

    /// Debits and credits, in their order.
    fn move_money(&mut self, sides: &[Leg]) -> Vec<Entry> {
        let entries = sides.iter().map(|leg| {
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
        self.accounts
            .get_mut(&id)
            .expect("an account is opened first")
    }
}

impl Moved {
    /// As debits and credits.
    pub fn sides(&self) -> Vec<Leg> {
        match self {
            Self::Legs(legs) => legs.clone(),
            Self::One(line) => {
                let side = |direction, account| Leg {
                    account: Some(account),
                    direction,
                    amount: line.amount,
                    currency: line.currency,
                };
                vec![
                    side(Direction::Debit, line.from),
                    side(Direction::Credit, line.to),
                ]
            }
        }
    }
}

fn index_of_subject(row: &Row) -> Option<usize> {
    usize::try_from(row.subject?.checked_sub(1)?).ok()
}
