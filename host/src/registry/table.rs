//! Reads a TOML table key by key, collects the problems of each, and refuses unknown keys.

use super::problem::Collector;
use std::collections::BTreeSet;
use std::ops::{Range, RangeInclusive};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A table of the registry, with the path that leads to it.
pub(super) struct TomlTable<'t, 'i> {
    entries: &'t DeTable<'i>,
    span: Range<usize>,
    path: String,
    /// The keys that were asked for.
    known: BTreeSet<String>,
    problems: &'t Collector<'t>,
}

/// A key of a table, and its value.
pub(super) struct TomlEntry<'t, 'i> {
    pub(super) key: &'t str,
    /// Where the key stands in the text.
    pub(super) span: Range<usize>,
    pub(super) value: &'t Spanned<DeValue<'i>>,
}

impl<'t, 'i> TomlTable<'t, 'i> {
    pub(super) fn new(
        entries: &'t DeTable<'i>,
        span: Range<usize>,
        path: String,
        problems: &'t Collector<'t>,
    ) -> Self {
        Self {
            entries,
            span,
            path,
            known: BTreeSet::new(),
            problems,
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

    /// Where the problems of the registry are collected.
    pub(super) fn problems(&self) -> &'t Collector<'t> {
        self.problems
    }

    /// Adds a problem of a key, at a place of the text.
    pub(super) fn problem(&self, span: Range<usize>, key: &str, message: impl Into<String>) {
        self.problems.add(span, &self.path_of(key), message);
    }

    /// The value of a key as it stands in the text.
    pub(super) fn get(&mut self, key: &str) -> Option<&'t Spanned<DeValue<'i>>> {
        self.known.insert(key.to_owned());
        self.entries.get(key)
    }

    /// All keys and values, for a table whose keys the user chooses.
    pub(super) fn entries(&self) -> impl Iterator<Item = TomlEntry<'t, 'i>> + use<'t, 'i> {
        self.entries.iter().map(|(key, value)| TomlEntry {
            key: key.get_ref().as_ref(),
            span: key.span(),
            value,
        })
    }

    /// Adds a problem if a key is missing.
    pub(super) fn require(&mut self, key: &str, message: &str) {
        if self.get(key).is_none() {
            self.problem(self.span(), key, message);
        }
    }

    /// Reads a string with `parse`. A value that is no string, or that `parse` refuses, is a
    /// problem, and then there is none.
    pub(super) fn string<T>(
        &mut self,
        key: &str,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        let value = self.get(key)?;
        let parsed = match value.get_ref() {
            DeValue::String(text) => parse(text),
            other => Err(format!(
                "must be a string in quotes, not {}",
                type_name(other)
            )),
        };
        parsed
            .map_err(|message| self.problem(value.span(), key, message))
            .ok()
    }

    /// Reads a number with its unit, such as `"10s"`, with `parse`. A bare number is a problem that
    /// names the units.
    pub(super) fn measure<T>(
        &mut self,
        key: &str,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        let value = self.get(key)?;
        match value.get_ref() {
            DeValue::Integer(number) => parse(number.as_str())
                .map_err(|message| self.problem(value.span(), key, message))
                .ok(),
            _ => self.string(key, parse),
        }
    }

    /// Reads a string that must not be empty; `if_empty` is the problem then.
    pub(super) fn name(&mut self, key: &str, if_empty: &str) -> Option<String> {
        self.string(key, |text| match text {
            "" => Err(if_empty.to_owned()),
            text => Ok(text.to_owned()),
        })
    }

    /// Reads a whole number of this range.
    pub(super) fn number<T: TryFrom<u64>>(
        &mut self,
        key: &str,
        range: RangeInclusive<u64>,
    ) -> Option<T> {
        let value = self.get(key)?;
        let number = match value.get_ref() {
            DeValue::Integer(integer) => {
                u64::from_str_radix(integer.as_str(), integer.radix()).ok()
            }
            _ => None,
        };
        let number = number.filter(|number| range.contains(number));
        let number = number.and_then(|number| number.try_into().ok());
        if number.is_none() {
            let (min, max) = range.into_inner();
            let message = format!("must be a whole number from {min} to {max}");
            self.problem(value.span(), key, message);
        }
        number
    }

    /// Reads a list of strings, each with `parse`.
    pub(super) fn strings<T>(
        &mut self,
        key: &str,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Vec<T> {
        let Some(value) = self.get(key) else {
            return Vec::new();
        };
        let DeValue::Array(items) = value.get_ref() else {
            let found = type_name(value.get_ref());
            let message = format!("must be a list of strings, not {found}");
            self.problem(value.span(), key, message);
            return Vec::new();
        };
        let mut parsed = Vec::with_capacity(items.len());
        for item in items.iter() {
            let value = match item.get_ref() {
                DeValue::String(text) => parse(text),
                other => Err(format!(
                    "holds {}; write strings in quotes",
                    type_name(other)
                )),
            };
            match value {
                Ok(value) => parsed.push(value),
                Err(message) => self.problem(item.span(), key, message),
            }
        }
        parsed
    }

    /// Reads a table within this one.
    pub(super) fn table(&mut self, key: &str) -> Option<Self> {
        let value = self.get(key)?;
        self.table_of(key, value, value.span())
    }

    /// The value of a key as a table, which stands at `span` for messages.
    pub(super) fn table_of(
        &self,
        key: &str,
        value: &'t Spanned<DeValue<'i>>,
        span: Range<usize>,
    ) -> Option<Self> {
        let path = self.path_of(key);
        match value.get_ref() {
            DeValue::Table(entries) => Some(Self::new(entries, span, path, self.problems)),
            other => {
                let message = format!("must be a table, not {}", type_name(other));
                self.problems.add(value.span(), &path, message);
                None
            }
        }
    }

    /// Adds a problem for each key that was not asked for, with the known keys of the table.
    pub(super) fn refuse_unknown(&self) {
        for entry in self.entries() {
            if !self.known.contains(entry.key) {
                let known = self.known.iter().cloned().collect::<Vec<_>>().join(", ");
                let message = format!("is not a known key; known here: {known}");
                self.problem(entry.span, entry.key, message);
            }
        }
    }
}

/// The type of a value, in words for a message.
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
