//! Numbered migrations. Each runs in one transaction, so that a crash leaves the old schema or the
//! new one.
//!
//! The store keeps a SHA-256 of the statements of each step. A store with other steps than the code
//! is refused, because its tables may be different.

use super::{Reader as _, Store, StoreError, Transaction, Value};
use sha2::{Digest, Sha256};

/// One step of a service's schema. Once released it never changes.
#[derive(Debug, Clone, Copy)]
pub struct Migration {
    /// The place of the step: 1, 2, 3, .. without gaps.
    pub number: i64,
    /// What the step does, for readers of the `schema_migration` table.
    pub name: &'static str,
    /// The statements, in the order in which they run.
    pub statements: &'static [&'static str],
}

impl Migration {
    /// SHA-256 over the statements, each after its length (32 bits, big-endian).
    fn digest(&self) -> [u8; 32] {
        let mut hasher = Sha256::new();
        for statement in self.statements {
            let length = u32::try_from(statement.len()).unwrap_or(u32::MAX);
            hasher.update(length.to_be_bytes());
            hasher.update(statement);
        }
        hasher.finalize().into()
    }
}

const HAS_TABLE: &str = "SELECT 1 FROM sqlite_schema WHERE name = 'schema_migration'";

/// The table of the steps that a store has.
pub(crate) const SCHEMA_MIGRATION: &str = "CREATE TABLE schema_migration (
    number INTEGER PRIMARY KEY,
    name   TEXT NOT NULL,
    digest BLOB NOT NULL CHECK (length(digest) = 32)
) STRICT";

const APPLIED: &str = "SELECT number, digest FROM schema_migration ORDER BY number";

const INSERT: &str = "INSERT INTO schema_migration (number, name, digest) VALUES (?1, ?2, ?3)";

/// Applies the migrations that the store does not have, in order, and returns how many it applied.
///
/// # Errors
/// [`StoreError::Schema`] for a store that is newer than the code, because an older component must
/// not write to it, and for one of other statements.
pub fn migrate<S: Store>(store: &S, migrations: &[Migration]) -> Result<usize, StoreError> {
    // A store that has all of them gets no write: its service starts even if no write transaction
    // can begin.
    if store.query(HAS_TABLE, &[])?.rows.is_empty() {
        let transaction = store.begin()?;
        // Another generation may have made it since.
        if transaction.query(HAS_TABLE, &[])?.rows.is_empty() {
            transaction.execute(SCHEMA_MIGRATION, &[])?;
        }
        transaction.commit()?;
    }
    let applied = check_applied(store, migrations)?;
    let pending = migrations.get(applied..).unwrap_or_default();
    for migration in pending {
        let transaction = store.begin()?;
        for statement in migration.statements {
            transaction.execute(statement, &[])?;
        }
        transaction.execute(
            INSERT,
            &[
                Value::from(migration.number),
                Value::from(migration.name),
                Value::from(migration.digest().as_slice()),
            ],
        )?;
        transaction.commit()?;
    }
    Ok(pending.len())
}

/// How many of the migrations the store has. Fails if it has others.
fn check_applied<S: Store>(store: &S, migrations: &[Migration]) -> Result<usize, StoreError> {
    let rows = match store.query(APPLIED, &[]) {
        Ok(rows) => rows,
        // The table has no such column.
        Err(StoreError::Invalid(_)) => return Err(refused("its schema has no digest")),
        Err(error) => return Err(error),
    };
    let applied = rows.rows.len();
    for (place, row) in rows.into_iter().enumerate() {
        let number = row.integer(0)?;
        let Some(migration) = migrations.get(place) else {
            let newest = migrations.len();
            return Err(StoreError::Schema(format!(
                "the store's schema is at migration {number}, and this component knows only \
                {newest}: run a newer component"
            )));
        };
        if migration.number != number || row.bytes32(1)? != migration.digest() {
            let what = format!("its migration {number} has other statements than this component's");
            return Err(refused(&what));
        }
    }
    Ok(applied)
}

fn refused(what: &str) -> StoreError {
    StoreError::Schema(format!(
        "the store was made by another build of this service ({what}): serve it with that build, \
        or start with an empty data folder"
    ))
}

#[cfg(test)]
#[cfg(feature = "native")]
mod tests;
