//! Statements for many rows at once.

use super::{StoreError, Transaction, Value};

/// How many rows one statement has, largest first. There are few sizes, so that the host finds the
/// statement prepared. A transfer has two entries. The largest stays below the host's limit of
/// 1,000 parameters, and well below the 2 ms after which the host gives a statement a thread of its
/// own.
const ROWS_OF_STATEMENT: [usize; 4] = [25, 5, 2, 1];

/// SQL with a list of rows in it: `before row, row, .. after`.
pub struct ManyRows {
    pub before: &'static str,
    /// The parameters of one row: `(?, ?)`.
    pub row: &'static str,
    pub after: &'static str,
}

/// A statement for some of the rows.
pub struct Statement {
    pub sql: String,
    pub values: Vec<Value>,
    rows: usize,
}

impl ManyRows {
    /// The number of values in one row.
    pub fn columns(&self) -> usize {
        // By bytes: a search for a `char` calls `memchr` at each place, and each write counts.
        self.row.bytes().filter(|byte| *byte == b'?').count()
    }

    /// Cuts the values of many rows into statements.
    pub fn statements(&self, values: Vec<Value>) -> impl Iterator<Item = Statement> {
        let columns = self.columns();
        let mut values = values.into_iter();
        std::iter::from_fn(move || {
            let left = values.len() / columns;
            let rows = ROWS_OF_STATEMENT.into_iter().find(|rows| *rows <= left)?;
            let list = vec![self.row; rows].join(", ");
            Some(Statement {
                sql: format!("{}{list}{}", self.before, self.after),
                values: values.by_ref().take(rows * columns).collect(),
                rows,
            })
        })
    }

    /// Writes many rows. Every statement changes as many rows as it has.
    pub fn write(
        &self,
        transaction: &impl Transaction,
        values: Vec<Value>,
    ) -> Result<(), StoreError> {
        for Statement { sql, values, rows } in self.statements(values) {
            transaction.change(&sql, values, rows as u64)?;
        }
        Ok(())
    }
}
