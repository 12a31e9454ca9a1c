//! Numbered migrations, each applied in one transaction, so that a crash leaves the old schema or the new one.

use super::{Store, StoreError, Transaction, Value};

/// One step of a service's schema. Once released it never changes.
#[derive(Debug, Clone, Copy)]
pub struct Migration {
    /// 1, 2, 3, .. without gaps.
    pub number: i64,
    /// What it does, for the one who reads the `schema_migration` table.
    pub name: &'static str,
    /// The statements, run in order.
    pub statements: &'static [&'static str],
}

const CREATE_TABLE: &str = "CREATE TABLE IF NOT EXISTS schema_migration (
    number INTEGER PRIMARY KEY,
    name   TEXT NOT NULL
) STRICT";

/// Applies the migrations that the store does not have yet, in order, and answers how many those were.
///
/// # Errors
/// A store whose schema is newer than the code is refused: an older component must not write to it.
pub fn migrate<S: Store>(store: &S, migrations: &[Migration]) -> Result<usize, StoreError> {
    let transaction = store.begin()?;
    transaction.execute(CREATE_TABLE, &[])?;
    transaction.commit()?;

    let applied = store
        .query("SELECT coalesce(max(number), 0) FROM schema_migration", &[])?
        .first()
        .map_or(Ok(0), |row| row.integer(0))?;
    let newest = migrations.last().map_or(0, |migration| migration.number);
    if applied > newest {
        return Err(StoreError::Invalid(format!(
            "the store's schema is at migration {applied}, and this component knows only {newest}: run a newer component"
        )));
    }

    let mut count = 0;
    for migration in migrations
        .iter()
        .filter(|migration| migration.number > applied)
    {
        let transaction = store.begin()?;
        for statement in migration.statements {
            transaction.execute(statement, &[])?;
        }
        transaction.execute(
            "INSERT INTO schema_migration (number, name) VALUES (?1, ?2)",
            &[Value::from(migration.number), Value::from(migration.name)],
        )?;
        transaction.commit()?;
        count += 1;
    }
    Ok(count)
}
