//! Runs one statement of a guest: binds its parameters, and reads its rows within bounds.

use super::bindings::{Error, Rows, Value};
use super::connection::GuestConnection;
use super::error::for_guest;
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Statement, ToSql};

/// The most rows of a result.
const ROWS_MAX: usize = 10_000;
/// The most bytes of text and blobs in a result.
const RESULT_BYTES_MAX: usize = 4 << 20;

/// Runs a statement that changes rows; returns how many.
pub(super) fn execute(
    connection: &GuestConnection,
    sql: &str,
    parameters: &[Value],
) -> Result<u64, Error> {
    let run = || -> rusqlite::Result<u64> {
        let mut statement = connection.prepare(sql)?;
        bind(&mut statement, parameters)?;
        // It passes over the rows of a RETURNING clause: to stop at the first would be an error
        // after the effect.
        let mut rows = statement.raw_query();
        let before = connection.sqlite.total_changes();
        while rows.next()?.is_some() {}
        // After a statement that changes no rows SQLite still has the count of the previous one.
        let has_changed = connection.sqlite.total_changes() != before;
        Ok(if has_changed {
            connection.sqlite.changes()
        } else {
            0
        })
    };
    run().map_err(|error| for_guest(&error))
}

/// Runs a statement that returns rows.
pub(super) fn query(
    connection: &GuestConnection,
    sql: &str,
    parameters: &[Value],
) -> Result<Rows, Error> {
    let fail = |error: rusqlite::Error| for_guest(&error);
    let mut statement = connection.prepare(sql).map_err(fail)?;
    bind(&mut statement, parameters).map_err(fail)?;
    let columns = statement.column_count();
    let mut result = Rows::new();
    let mut bytes = 0_usize;
    let mut found = statement.raw_query();
    while let Some(row) = found.next().map_err(fail)? {
        if result.len() == ROWS_MAX {
            return Err(Error::TooLarge(format!(
                "more than {ROWS_MAX} rows; use LIMIT"
            )));
        }
        let mut values = Vec::with_capacity(columns);
        for column in 0..columns {
            let value = row.get_ref(column).map_err(fail)?;
            // Before the copy: one row can hold more than a result may.
            bytes = bytes.saturating_add(size_of_value(value));
            if bytes > RESULT_BYTES_MAX {
                return Err(Error::TooLarge(format!(
                    "more than {RESULT_BYTES_MAX} bytes; use LIMIT"
                )));
            }
            values.push(from_sqlite(value));
        }
        result.push(values);
    }
    Ok(result)
}

fn bind(statement: &mut Statement<'_>, parameters: &[Value]) -> rusqlite::Result<()> {
    let wanted = statement.parameter_count();
    if wanted != parameters.len() {
        return Err(rusqlite::Error::InvalidParameterCount(
            parameters.len(),
            wanted,
        ));
    }
    for (index, parameter) in parameters.iter().enumerate() {
        statement.raw_bind_parameter(index + 1, Parameter(parameter))?;
    }
    Ok(())
}

struct Parameter<'a>(&'a Value);

impl ToSql for Parameter<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self.0 {
            Value::Null => ValueRef::Null,
            Value::Integer(value) => ValueRef::Integer(*value),
            Value::Real(value) => ValueRef::Real(*value),
            Value::Text(value) => ValueRef::Text(value.as_bytes()),
            Value::Blob(value) => ValueRef::Blob(value),
        }))
    }
}

fn from_sqlite(value: ValueRef<'_>) -> Value {
    match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(value) => Value::Integer(value),
        ValueRef::Real(value) => Value::Real(value),
        ValueRef::Text(value) => Value::Text(String::from_utf8_lossy(value).into_owned()),
        ValueRef::Blob(value) => Value::Blob(value.to_vec()),
    }
}

fn size_of_value(value: ValueRef<'_>) -> usize {
    match value {
        ValueRef::Null | ValueRef::Integer(_) | ValueRef::Real(_) => 8,
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => bytes.len(),
    }
}
