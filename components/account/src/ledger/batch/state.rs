//! Every account that a batch names, read once, and then kept as the decisions move it.

use crate::ledger::movement::Movement;
use crate::ledger::state::{STANDING_COLUMNS, Standing, standing_columns};
use crate::ledger::write::{in_statements, with_rows, write_rows};
use std::collections::{BTreeSet, HashMap};
use strongroom_ledger_api::{AccountRef, Transfer};
use strongroom_sdk::store::{Row, StoreError, Transaction, Value};
use uuid::Uuid;

// Joined with the list of what is wanted: for `IN (..)` SQLite would make and drop a temporary table each time.
/// Without the numbers: each text that crosses into the component costs as much as some other columns.
const STANDINGS_BY_ID: [&str; 2] = [
    concat!(
        "SELECT ",
        standing_columns!("account", "balance"),
        ", NULL FROM (VALUES "
    ),
    ") AS wanted CROSS JOIN account ON account.id = wanted.column1 \
      CROSS JOIN balance ON balance.account_key = account.key",
];

const STANDINGS_BY_NUMBER: [&str; 2] = [
    concat!(
        "SELECT ",
        standing_columns!("account", "balance"),
        ", account.number FROM (VALUES "
    ),
    ") AS wanted CROSS JOIN account ON account.number = wanted.column1 \
      CROSS JOIN balance ON balance.account_key = account.key",
];

/// One statement for many balances. A batch of transfers leaves what is pending as it is.
const MOVE_BALANCES: [&str; 2] = [
    "INSERT OR FAIL INTO balance (account_key, debits_posted, credits_posted, entry_count) VALUES ",
    " ON CONFLICT (account_key) DO UPDATE SET debits_posted = excluded.debits_posted, \
     credits_posted = excluded.credits_posted, entry_count = excluded.entry_count
     WHERE excluded.debits_posted >= balance.debits_posted AND excluded.credits_posted >= balance.credits_posted
         AND excluded.entry_count > balance.entry_count",
];
const BALANCE: &str = "(?, ?, ?, ?)";
const BALANCE_COLUMNS: usize = 4;

/// The accounts of a batch.
#[derive(Default)]
pub struct Book {
    standings: Vec<Standing>,
    by_id: HashMap<Uuid, usize>,
    by_number: HashMap<String, usize>,
    moved: BTreeSet<usize>,
}

impl Book {
    /// Reads what the transfers name.
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
        let mut book = Self::default();
        select(transaction, STANDINGS_BY_ID, ids, |row| book.insert(row))?;
        select(transaction, STANDINGS_BY_NUMBER, numbers, |row| {
            book.insert(row)
        })?;
        Ok(book)
    }

    /// An account that was named by its id and by its number is one account.
    fn insert(&mut self, row: &Row) -> Result<(), StoreError> {
        let standing = Standing::from_row(row, 0)?;
        let next = self.standings.len();
        let place = *self.by_id.entry(standing.account.id).or_insert(next);
        if let Some(number) = row.optional(STANDING_COLUMNS, Row::text)? {
            self.by_number.insert(number, place);
        }
        if place == next {
            self.standings.push(standing);
        }
        Ok(())
    }

    /// Where the transfer's source and destination are in this book.
    pub fn parties(&self, transfer: &Transfer) -> (Option<usize>, Option<usize>) {
        let instruction = &transfer.instruction;
        let source = instruction.source.and_then(|id| self.by_id.get(&id));
        let destination = match &instruction.destination {
            Some(AccountRef::Id(id)) => self.by_id.get(id),
            Some(AccountRef::Number(number)) => self.by_number.get(number),
            None => None,
        };
        (source.copied(), destination.copied())
    }

    /// An account as the decisions so far have left it.
    pub fn standing(&self, place: Option<usize>) -> Option<&Standing> {
        self.standings.get(place?)
    }

    /// Moves money between two accounts of the book.
    pub fn apply(&mut self, movement: Movement, source: usize, destination: usize) {
        if let Ok([source, destination]) = self.standings.get_disjoint_mut([source, destination]) {
            movement.apply(source, destination);
        }
        self.moved.extend([source, destination]);
    }

    /// Leaves the balances in the store as they are.
    pub fn forget_moves(&mut self) {
        self.moved.clear();
    }

    /// Writes the balances that have moved: every one of them changes, or the transaction does not commit.
    pub fn write_balances(&self, transaction: &impl Transaction) -> Result<(), StoreError> {
        let moved = self
            .moved
            .iter()
            .filter_map(|place| self.standings.get(*place));
        let values: Vec<Value> = moved
            .flat_map(|standing| {
                [
                    Value::from(standing.account.key),
                    Value::from(standing.balance.debits_posted),
                    Value::from(standing.balance.credits_posted),
                    Value::from(standing.entry_count),
                ]
            })
            .collect();
        let row = (BALANCE, BALANCE_COLUMNS);
        write_rows(transaction, MOVE_BALANCES, row, values)
    }
}

/// Reads the rows that one of `values` finds; `sql` is what stands before the list, and what behind it.
fn select<V: Into<Value>>(
    transaction: &impl Transaction,
    [before, after]: [&str; 2],
    values: impl IntoIterator<Item = V>,
    mut each: impl FnMut(&Row) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let values: Vec<Value> = values.into_iter().map(V::into).collect();
    for (rows, values) in in_statements(1, values) {
        for row in transaction.query(&with_rows(before, "(?)", rows, after), &values)? {
            each(&row)?;
        }
    }
    Ok(())
}
