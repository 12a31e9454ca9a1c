//! Where the keys of a table stand, for problems that are found after the registry is parsed.

use super::table::TomlTable;
use std::collections::BTreeMap;
use toml::de::DeValue;

/// The lines of a table's keys, from 1; also of the keys of the tables in it, such as
/// `config.session_idle`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct KeyLines {
    table: usize,
    keys: BTreeMap<String, usize>,
}

impl KeyLines {
    pub(super) fn of(table: &TomlTable<'_, '_>) -> Self {
        let line_of = |start| table.problems().line_of(start);
        let mut keys = BTreeMap::new();
        for entry in table.entries() {
            keys.insert(entry.key.to_owned(), line_of(entry.span.start));
            let DeValue::Table(inner) = entry.value.get_ref() else {
                continue;
            };
            for key in inner.keys() {
                let path = format!("{}.{}", entry.key, key.get_ref());
                keys.insert(path, line_of(key.span().start));
            }
        }
        Self {
            table: line_of(table.span().start),
            keys,
        }
    }

    /// The line of a key, or of the table that lacks it.
    pub(super) fn line_of(&self, key: &str) -> usize {
        let inner = key.split_once('.').map_or(key, |(table, _)| table);
        let found = self.keys.get(key).or_else(|| self.keys.get(inner));
        *found.unwrap_or(&self.table)
    }
}
