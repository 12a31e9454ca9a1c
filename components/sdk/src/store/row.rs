//! The rows of a query, read by column position.

use super::{StoreError, Value};
use uuid::Uuid;

/// The result of a query.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rows {
    /// The rows, in the order of the statement.
    pub rows: Vec<Row>,
}

impl Rows {
    /// The first row, if there is one.
    pub fn first(self) -> Option<Row> {
        self.rows.into_iter().next()
    }

    /// The first row of a query that always finds one in a sound store.
    ///
    /// # Errors
    /// [`StoreError::Row`] with `missing` where there is none.
    pub fn first_or(self, missing: &str) -> Result<Row, StoreError> {
        self.first()
            .ok_or_else(|| StoreError::Row(missing.to_owned()))
    }

    /// The number of a query that selects one, such as a count; 0 where there is no row.
    ///
    /// # Errors
    /// [`StoreError::Row`].
    pub fn number(self) -> Result<i64, StoreError> {
        self.first().map_or(Ok(0), |row| row.integer(0))
    }

    /// The first row as `read` reads it, if there is one.
    ///
    /// # Errors
    /// That of `read`.
    pub fn one<T>(
        self,
        read: impl FnOnce(&Row) -> Result<T, StoreError>,
    ) -> Result<Option<T>, StoreError> {
        self.rows.first().map(read).transpose()
    }

    /// All rows as `read` reads each.
    ///
    /// # Errors
    /// The first of `read`.
    pub fn all<T>(
        self,
        read: impl FnMut(&Row) -> Result<T, StoreError>,
    ) -> Result<Vec<T>, StoreError> {
        self.rows.iter().map(read).collect()
    }

    /// The rows of a word and a number, such as those of `GROUP BY`.
    ///
    /// # Errors
    /// [`StoreError::Row`].
    pub fn by_word(self) -> Result<Vec<(String, i64)>, StoreError> {
        self.all(|row| Ok((row.text(0)?, row.integer(1)?)))
    }
}

impl IntoIterator for Rows {
    type Item = Row;
    type IntoIter = std::vec::IntoIter<Row>;

    fn into_iter(self) -> Self::IntoIter {
        self.rows.into_iter()
    }
}

/// One row, as the values of its columns. Each reader names a column by its position, and fails if
/// the column has another type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row(pub Vec<Value>);

impl Row {
    /// The row without its first `columns` columns.
    #[must_use]
    pub fn behind(mut self, columns: usize) -> Self {
        self.0.drain(..columns.min(self.0.len()));
        self
    }

    fn value(&self, column: usize) -> Result<&Value, StoreError> {
        self.0
            .get(column)
            .ok_or_else(|| StoreError::Row(format!("there is no column {column}")))
    }

    /// The column as a 64-bit integer.
    pub fn integer(&self, column: usize) -> Result<i64, StoreError> {
        match self.value(column)? {
            Value::Integer(value) => Ok(*value),
            other => Err(mismatch(column, "an integer", other)),
        }
    }

    /// The column as UTF-8 text.
    pub fn text(&self, column: usize) -> Result<String, StoreError> {
        match self.value(column)? {
            Value::Text(value) => Ok(value.clone()),
            other => Err(mismatch(column, "text", other)),
        }
    }

    /// The column as bytes.
    pub fn blob(&self, column: usize) -> Result<Vec<u8>, StoreError> {
        match self.value(column)? {
            Value::Blob(value) => Ok(value.clone()),
            other => Err(mismatch(column, "a blob", other)),
        }
    }

    /// The column as a SHA-256 hash, stored as its 32 bytes.
    pub fn bytes32(&self, column: usize) -> Result<[u8; 32], StoreError> {
        match self.value(column)? {
            Value::Blob(value) => value.as_slice().try_into().map_err(|_| {
                let length = value.len();
                StoreError::Row(format!("column {column} has {length} bytes, not 32"))
            }),
            other => Err(mismatch(column, "a hash", other)),
        }
    }

    /// The column as a UUID, stored as its 16 bytes.
    pub fn uuid(&self, column: usize) -> Result<Uuid, StoreError> {
        match self.value(column)? {
            Value::Blob(value) => Uuid::from_slice(value)
                .map_err(|error| StoreError::Row(format!("column {column}: {error}"))),
            other => Err(mismatch(column, "a UUID", other)),
        }
    }

    /// Whether the column is `NULL`.
    pub fn is_null(&self, column: usize) -> Result<bool, StoreError> {
        Ok(matches!(self.value(column)?, Value::Null))
    }

    /// The column as `read` reads it; none where it is `NULL`.
    pub fn optional<T>(
        &self,
        column: usize,
        read: impl FnOnce(&Self, usize) -> Result<T, StoreError>,
    ) -> Result<Option<T>, StoreError> {
        if self.is_null(column)? {
            Ok(None)
        } else {
            read(self, column).map(Some)
        }
    }
}

fn mismatch(column: usize, wanted: &str, found: &Value) -> StoreError {
    let found = match found {
        Value::Null => "NULL",
        Value::Integer(_) => "an integer",
        Value::Text(_) => "text",
        Value::Blob(_) => "a blob",
    };
    StoreError::Row(format!("column {column} is {found}, not {wanted}"))
}
