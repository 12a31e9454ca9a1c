//! The accounts that a batch or a posting of several legs names: read once, then kept as the
//! decisions leave them.

use crate::ledger::state::{ACCOUNT_STATE_COLUMNS, AccountState, account_state_columns};
use std::collections::{BTreeSet, HashMap};
use strongroom_ledger_api::{AccountRef, Direction, Transfer};
use strongroom_sdk::store::{ManyRows, Row, StoreError, Transaction, Value};
use uuid::Uuid;

/// A join with the list of values: for `IN (..)` SQLite makes a temporary table each time. Without
/// the numbers: a text that crosses into the component costs as much as several integers.
const BY_ID: ManyRows = ManyRows {
    before: concat!(
        "SELECT ",
        account_state_columns!("account", "balance"),
        ", NULL FROM (VALUES "
    ),
    row: "(?)",
    after: ") AS wanted CROSS JOIN account ON account.id = wanted.column1 \
            CROSS JOIN balance ON balance.account_key = account.key",
};

const BY_NUMBER: ManyRows = ManyRows {
    before: concat!(
        "SELECT ",
        account_state_columns!("account", "balance"),
        ", account.number FROM (VALUES "
    ),
    row: "(?)",
    after: ") AS wanted CROSS JOIN account ON account.number = wanted.column1 \
            CROSS JOIN balance ON balance.account_key = account.key",
};

/// Neither a batch of transfers nor a posting of several legs changes the pending counters.
const MOVE_BALANCES: ManyRows = ManyRows {
    before: "\
INSERT OR FAIL INTO balance (account_key, debits_posted, credits_posted, entry_count) VALUES ",
    row: "(?, ?, ?, ?)",
    after: "\
 ON CONFLICT (account_key) DO UPDATE SET debits_posted = excluded.debits_posted,
    credits_posted = excluded.credits_posted, entry_count = excluded.entry_count
WHERE excluded.debits_posted >= balance.debits_posted
    AND excluded.credits_posted >= balance.credits_posted
    AND excluded.entry_count > balance.entry_count",
};

/// The accounts of a batch.
#[derive(Default)]
pub struct BatchState {
    accounts: Vec<AccountState>,
    by_id: HashMap<Uuid, usize>,
    by_number: HashMap<String, usize>,
    moved: BTreeSet<usize>,
}

/// The indexes of a transfer's accounts.
#[derive(Clone, Copy)]
pub struct Places {
    pub source: Option<usize>,
    pub destination: Option<usize>,
}

impl BatchState {
    /// Reads the accounts that the transfers name.
    pub fn read<'a>(
        transaction: &impl Transaction,
        transfers: impl Iterator<Item = &'a Transfer>,
    ) -> Result<Self, StoreError> {
        let mut ids: BTreeSet<Uuid> = BTreeSet::new();
        let mut numbers: BTreeSet<&str> = BTreeSet::new();
        for transfer in transfers {
            ids.extend(transfer.instruction.source);
            match &transfer.instruction.destination {
                Some(AccountRef::Id(id)) => {
                    ids.insert(*id);
                }
                Some(AccountRef::Number(number)) => {
                    numbers.insert(number);
                }
                None => {}
            }
        }
        let mut state = Self::default();
        state.select(transaction, &BY_ID, ids)?;
        state.select(transaction, &BY_NUMBER, numbers)?;
        Ok(state)
    }

    /// Reads the accounts of ids.
    pub fn of_ids(
        transaction: &impl Transaction,
        ids: impl IntoIterator<Item = Uuid>,
    ) -> Result<Self, StoreError> {
        let mut state = Self::default();
        state.select(transaction, &BY_ID, ids)?;
        Ok(state)
    }

    /// Reads the accounts that `sql` finds by one of `values`.
    fn select<V: Into<Value>>(
        &mut self,
        transaction: &impl Transaction,
        sql: &ManyRows,
        values: impl IntoIterator<Item = V>,
    ) -> Result<(), StoreError> {
        let values = values.into_iter().map(V::into).collect();
        for statement in sql.statements(values) {
            for row in transaction.query(&statement.sql, &statement.values)? {
                self.insert(&row)?;
            }
        }
        Ok(())
    }

    /// An account that is named by its id and by its number is one account.
    fn insert(&mut self, row: &Row) -> Result<(), StoreError> {
        let account = AccountState::from_row(row, 0)?;
        let next = self.accounts.len();
        let place = *self.by_id.entry(account.account.id).or_insert(next);
        if let Some(number) = row.optional(ACCOUNT_STATE_COLUMNS, Row::text)? {
            self.by_number.insert(number, place);
        }
        if place == next {
            self.accounts.push(account);
        }
        Ok(())
    }

    pub fn places(&self, transfer: &Transfer) -> Places {
        let instruction = &transfer.instruction;
        let source = instruction.source.and_then(|id| self.by_id.get(&id));
        let destination = match &instruction.destination {
            Some(AccountRef::Id(id)) => self.by_id.get(id),
            Some(AccountRef::Number(number)) => self.by_number.get(number),
            None => None,
        };
        Places {
            source: source.copied(),
            destination: destination.copied(),
        }
    }

    /// The index of the account of an id, if there is one.
    pub fn place_of(&self, id: Uuid) -> Option<usize> {
        self.by_id.get(&id).copied()
    }

    /// The account of an id, if there is one.
    pub fn of_id(&self, id: Uuid) -> Option<&AccountState> {
        self.at(self.place_of(id))
    }

    /// Debits or credits one account; its other side is another's. The decision has checked that no
    /// counter leaves its limits.
    pub fn apply(&mut self, place: Option<usize>, direction: Direction, minor: i64) {
        let Some(place) = place else {
            return;
        };
        if let Some(account) = self.accounts.get_mut(place) {
            match direction {
                Direction::Debit => account.balance.debits_posted += minor,
                Direction::Credit => account.balance.credits_posted += minor,
            }
            account.entry_count += 1;
        }
        self.moved.insert(place);
    }

    /// An account as the decisions so far have left it.
    pub fn at(&self, place: Option<usize>) -> Option<&AccountState> {
        self.accounts.get(place?)
    }

    /// Keeps the balances in the store as they are.
    pub fn forget_moves(&mut self) {
        self.moved.clear();
    }

    /// Writes the balances that have moved. Every one of them changes, or the transaction does not
    /// commit.
    pub fn write_balances(&self, transaction: &impl Transaction) -> Result<(), StoreError> {
        let places = self.moved.iter();
        let moved = places.filter_map(|place| self.accounts.get(*place));
        let values = moved.flat_map(|account| {
            [
                Value::from(account.account.key),
                Value::from(account.balance.debits_posted),
                Value::from(account.balance.credits_posted),
                Value::from(account.entry_count),
            ]
        });
        MOVE_BALANCES.write(transaction, values.collect())
    }
}
