//! The check of a store's schema: a trigger that somebody has planted, or an index that somebody
//! has dropped, changes what the rows mean.

use super::Check;
use crate::store::{Migration, SCHEMA_MIGRATION, Store, StoreError};
use std::collections::BTreeSet;

/// SQLite keeps the text of each statement. It has none of the indexes that it makes itself.
const OBJECTS: &str = "SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name";

/// Compares all tables, indexes, and triggers with the statements that have made them: each step
/// creates some, and none changes another.
///
/// # Errors
/// [`StoreError`] where the store fails.
pub fn check_schema<S: Store>(store: &S, migrations: &[Migration]) -> Result<Check, StoreError> {
    let mut check = Check::new("the tables, indexes, and triggers are those of this version");
    let statements = migrations.iter().flat_map(|step| step.statements);
    let mut expected: BTreeSet<&str> = statements
        .copied()
        .filter(|statement| statement.starts_with("CREATE "))
        .chain([SCHEMA_MIGRATION])
        .collect();
    for row in store.query(OBJECTS, &[])? {
        let (name, sql) = (row.text(0)?, row.text(1)?);
        check.examine();
        check.require(expected.remove(sql.as_str()), || {
            format!("{name}: was added or changed")
        });
    }
    for missing in expected {
        let beginning = missing
            .split_once('(')
            .map_or(missing, |(beginning, _)| beginning);
        check.violation(format!("{}: is not there", beginning.trim()));
    }
    Ok(check)
}
