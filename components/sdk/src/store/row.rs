//! The answer of a query, read by column position.

use super::{StoreError, Value};
use uuid::Uuid;

/// The rows that a query answered.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rows {
    /// The values, in the order of the statement's columns.
    pub rows: Vec<Row>,
}

impl Rows {
    /// The first row, if there is one.
    pub fn first(self) -> Option<Row> {
        self.rows.into_iter().next()
    }

    /// The first row of a query that finds one wherever the store is in order.
    ///
    /// # Errors
    /// [`StoreError::Row`] with `missing` where there is none.
    pub fn first_or(self, missing: &str) -> Result<Row, StoreError> {
        self.first()
            .ok_or_else(|| StoreError::Row(missing.to_owned()))
    }
}

impl IntoIterator for Rows {
    type Item = Row;
    type IntoIter = std::vec::IntoIter<Row>;

    fn into_iter(self) -> Self::IntoIter {
        self.rows.into_iter()
    }
}

/// One row. Each reader names the column by its position and fails, rather than guess, when the type is another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row(pub Vec<Value>);

impl Row {
    /// The row without its first columns.
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

    /// A 64-bit integer.
    pub fn integer(&self, column: usize) -> Result<i64, StoreError> {
        match self.value(column)? {
            Value::Integer(value) => Ok(*value),
            other => Err(mismatch(column, "an integer", other)),
        }
    }

    /// Text.
    pub fn text(&self, column: usize) -> Result<String, StoreError> {
        match self.value(column)? {
            Value::Text(value) => Ok(value.clone()),
            other => Err(mismatch(column, "text", other)),
        }
    }

    /// Bytes.
    pub fn blob(&self, column: usize) -> Result<Vec<u8>, StoreError> {
        match self.value(column)? {
            Value::Blob(value) => Ok(value.clone()),
            other => Err(mismatch(column, "a blob", other)),
        }
    }

    /// A SHA-256 hash, stored as its 32 bytes.
    pub fn bytes32(&self, column: usize) -> Result<[u8; 32], StoreError> {
        match self.value(column)? {
            Value::Blob(value) => value.as_slice().try_into().map_err(|_| {
                let length = value.len();
                StoreError::Row(format!("column {column} has {length} bytes, not 32"))
            }),
            other => Err(mismatch(column, "a hash", other)),
        }
    }

    /// A UUID, stored as its 16 bytes.
    pub fn uuid(&self, column: usize) -> Result<Uuid, StoreError> {
        match self.value(column)? {
            Value::Blob(value) => Uuid::from_slice(value)
                .map_err(|error| StoreError::Row(format!("column {column}: {error}"))),
            other => Err(mismatch(column, "a UUID", other)),
        }
    }

    /// Whether the value is `NULL`.
    pub fn is_null(&self, column: usize) -> Result<bool, StoreError> {
        Ok(matches!(self.value(column)?, Value::Null))
    }

    /// The value that `read` reads, or none where the column is `NULL`.
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
