//! Numbered migrations, each applied in one transaction, so that a crash leaves the old schema or the new one.
//!
//! The store keeps a SHA-256 of each step's statements. A store whose steps are not those of the code is refused: its tables are not
//! what the code takes them for.

use super::{Store, StoreError, Transaction, Value};
use sha2::{Digest, Sha256};

/// One step of a service's schema. Once released it never changes.
#[derive(Debug, Clone, Copy)]
pub struct Migration {
    /// 1, 2, 3, .. without gaps.
    pub number: i64,
    /// What it does, for readers of the `schema_migration` table.
    pub name: &'static str,
    /// The statements, run in order.
    pub statements: &'static [&'static str],
}

impl Migration {
    /// SHA-256 over the statements, each behind its length (32 bits, big-endian).
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

const CREATE_TABLE: &str = "CREATE TABLE IF NOT EXISTS schema_migration (
    number INTEGER PRIMARY KEY,
    name   TEXT NOT NULL,
    digest BLOB NOT NULL CHECK (length(digest) = 32)
) STRICT";

const APPLIED: &str = "SELECT number, digest FROM schema_migration ORDER BY number";

const INSERT: &str = "INSERT INTO schema_migration (number, name, digest) VALUES (?1, ?2, ?3)";

/// Applies the migrations that the store does not have yet, in order, and returns how many those were.
///
/// # Errors
/// A store is refused whose schema is newer than the code, as an older component must not write to it, or was made of other statements.
pub fn migrate<S: Store>(store: &S, migrations: &[Migration]) -> Result<usize, StoreError> {
    let transaction = store.begin()?;
    transaction.execute(CREATE_TABLE, &[])?;
    transaction.commit()?;

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

/// How many of the migrations the store has; all that it has are these.
fn check_applied<S: Store>(store: &S, migrations: &[Migration]) -> Result<usize, StoreError> {
    let rows = match store.query(APPLIED, &[]) {
        Ok(rows) => rows,
        // The table has no such column: it was made before there were digests.
        Err(StoreError::Invalid(_)) => return Err(refused("its schema has no digest")),
        Err(error) => return Err(error),
    };
    let applied = rows.rows.len();
    for (place, row) in rows.into_iter().enumerate() {
        let number = row.integer(0)?;
        let Some(migration) = migrations.get(place) else {
            let newest = migrations.len();
            return Err(StoreError::Invalid(format!(
                "the store's schema is at migration {number}, and this component knows only {newest}: run a newer component"
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
    StoreError::Invalid(format!(
        "the store was made by another build of this service ({what}): serve it with that build, or start with an empty data folder"
    ))
}

#[cfg(all(test, feature = "native"))]
mod tests {
    use super::*;
    use crate::store::SqliteStore;

    const FIRST: Migration = Migration {
        number: 1,
        name: "a table",
        statements: &["CREATE TABLE a (x INTEGER) STRICT"],
    };
    const SECOND: Migration = Migration {
        number: 2,
        name: "another",
        statements: &[
            "CREATE TABLE b (x INTEGER) STRICT",
            "INSERT INTO b VALUES (1)",
        ],
    };

    fn refusal(store: &SqliteStore, migrations: &[Migration]) -> String {
        migrate(store, migrations).unwrap_err().to_string()
    }

    #[test]
    fn each_step_is_applied_once_and_in_order() {
        let store = SqliteStore::in_memory().unwrap();
        assert_eq!(migrate(&store, &[FIRST]), Ok(1));
        assert_eq!(migrate(&store, &[FIRST, SECOND]), Ok(1));
        assert_eq!(migrate(&store, &[FIRST, SECOND]), Ok(0));
        let rows = store.query("SELECT x FROM b", &[]).unwrap();
        assert_eq!(rows.rows.len(), 1);
    }

    #[test]
    fn a_newer_schema_is_refused() {
        let store = SqliteStore::in_memory().unwrap();
        migrate(&store, &[FIRST, SECOND]).unwrap();
        assert!(refusal(&store, &[FIRST]).contains("run a newer component"));
    }

    #[test]
    fn a_step_of_other_statements_is_refused_and_changes_nothing() {
        let store = SqliteStore::in_memory().unwrap();
        migrate(&store, &[FIRST]).unwrap();
        let other = Migration {
            statements: &["CREATE TABLE a (y INTEGER) STRICT"],
            ..FIRST
        };
        assert!(refusal(&store, &[other, SECOND]).contains("migration 1 has other statements"));
        assert!(store.query("SELECT x FROM b", &[]).is_err());
    }

    #[test]
    fn a_store_without_digests_is_refused() {
        let store = SqliteStore::in_memory().unwrap();
        let transaction = store.begin().unwrap();
        let table =
            "CREATE TABLE schema_migration (number INTEGER PRIMARY KEY, name TEXT NOT NULL) STRICT";
        transaction.execute(table, &[]).unwrap();
        transaction.commit().unwrap();
        assert!(refusal(&store, &[FIRST]).contains("has no digest"));
    }

    #[test]
    fn a_step_that_fails_leaves_nothing_of_itself() {
        let store = SqliteStore::in_memory().unwrap();
        let broken = Migration {
            statements: &["CREATE TABLE b (x INTEGER) STRICT", "nonsense"],
            ..SECOND
        };
        assert!(migrate(&store, &[FIRST, broken]).is_err());
        assert_eq!(migrate(&store, &[FIRST, SECOND]), Ok(1));
    }
}
