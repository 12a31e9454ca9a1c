//! Reads a TOML table key by key, gathers what is wrong with each, and refuses keys that nobody asked for.

use super::problem::Collector;
use std::collections::BTreeSet;
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A table of the registry, with the path that leads to it.
pub(super) struct TomlTable<'t, 'i> {
    entries: &'t DeTable<'i>,
    span: Range<usize>,
    path: String,
    known: BTreeSet<String>,
}

impl<'t, 'i> TomlTable<'t, 'i> {
    pub(super) fn new(entries: &'t DeTable<'i>, span: Range<usize>, path: &str) -> Self {
        Self {
            entries,
            span,
            path: path.to_owned(),
            known: BTreeSet::new(),
        }
    }

    /// Where the table stands in the text.
    pub(super) fn span(&self) -> Range<usize> {
        self.span.clone()
    }

    /// The whole path of a key of this table.
    pub(super) fn path_of(&self, key: &str) -> String {
        if self.path.is_empty() {
            key.to_owned()
        } else {
            format!("{}.{key}", self.path)
        }
    }

    /// The value of a key as it stands in the text.
    pub(super) fn get(&mut self, key: &str) -> Option<&'t Spanned<DeValue<'i>>> {
        self.known.insert(key.to_owned());
        self.entries.get(key)
    }

    /// All keys and values, for a table whose keys are names of the user's.
    pub(super) fn entries(
        &self,
    ) -> impl Iterator<Item = (&'t str, Range<usize>, &'t Spanned<DeValue<'i>>)> + use<'t, 'i> {
        self.entries
            .iter()
            .map(|(key, value)| (key.get_ref().as_ref(), key.span(), value))
    }

    /// Reads a string with `parse`; a value of another type or that `parse` refuses is a problem, and then there is none.
    pub(super) fn string<T>(
        &mut self,
        problems: &mut Collector<'_>,
        key: &str,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        let value = self.get(key)?;
        let path = self.path_of(key);
        match value.get_ref() {
            DeValue::String(text) => match parse(text) {
                Ok(parsed) => Some(parsed),
                Err(message) => {
                    problems.add(value.span(), &path, message);
                    None
                }
            },
            other => {
                let message = format!("must be a string in quotes, not {}", type_name(other));
                problems.add(value.span(), &path, message);
                None
            }
        }
    }

    /// Reads a whole number of at least `min`.
    pub(super) fn number(
        &mut self,
        problems: &mut Collector<'_>,
        key: &str,
        min: u64,
        max: u64,
    ) -> Option<u64> {
        let value = self.get(key)?;
        let path = self.path_of(key);
        let number = match value.get_ref() {
            DeValue::Integer(integer) => {
                u64::from_str_radix(integer.as_str(), integer.radix()).ok()
            }
            _ => None,
        };
        let number = number.filter(|number| (min..=max).contains(number));
        if number.is_none() {
            let message = format!("must be a whole number from {min} to {max}");
            problems.add(value.span(), &path, message);
        }
        number
    }

    /// Reads a list of strings, each with `parse`.
    pub(super) fn strings<T>(
        &mut self,
        problems: &mut Collector<'_>,
        key: &str,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Vec<T> {
        let Some(value) = self.get(key) else {
            return Vec::new();
        };
        let path = self.path_of(key);
        let DeValue::Array(items) = value.get_ref() else {
            let message = format!(
                "must be a list of strings, not {}",
                type_name(value.get_ref())
            );
            problems.add(value.span(), &path, message);
            return Vec::new();
        };
        let mut parsed = Vec::with_capacity(items.len());
        for item in items.iter() {
            match item.get_ref() {
                DeValue::String(text) => match parse(text) {
                    Ok(value) => parsed.push(value),
                    Err(message) => problems.add(item.span(), &path, message),
                },
                other => {
                    let message = format!("holds {}; write strings in quotes", type_name(other));
                    problems.add(item.span(), &path, message);
                }
            }
        }
        parsed
    }

    /// Reads a table within this one.
    pub(super) fn table(
        &mut self,
        problems: &mut Collector<'_>,
        key: &str,
    ) -> Option<TomlTable<'t, 'i>> {
        let value = self.get(key)?;
        let path = self.path_of(key);
        match value.get_ref() {
            DeValue::Table(entries) => Some(TomlTable::new(entries, value.span(), &path)),
            other => {
                let message = format!("must be a table, not {}", type_name(other));
                problems.add(value.span(), &path, message);
                None
            }
        }
    }

    /// Reports every key that was not asked for, with the ones that are known here.
    pub(super) fn refuse_unknown(&self, problems: &mut Collector<'_>) {
        for (key, span, _) in self.entries() {
            if !self.known.contains(key) {
                let known = self.known.iter().cloned().collect::<Vec<_>>().join(", ");
                let message = format!("is not a known key; known here: {known}");
                problems.add(span, &self.path_of(key), message);
            }
        }
    }
}

/// What a value is, in words for an error message.
pub(super) fn type_name(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a string",
        DeValue::Integer(_) => "an integer",
        DeValue::Float(_) => "a float",
        DeValue::Boolean(_) => "a boolean",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}
