//! The rows of a page, as a query asks for them.

use crate::store::Value;

/// Which rows to read for a page of a list with the newest first.
///
/// A query has `{beyond}` for the comparison of its key with [`Window::key`], `{order}` for the
/// direction, and, where it ends at some row, `{until}` for the comparison with the key of that.
/// The page before has the rows above its key, the nearest first; [`List::new`](super::List::new)
/// turns them round.
#[derive(Debug, Clone, PartialEq)]
pub struct Window {
    pub(super) key: Value,
    pub(super) is_back: bool,
    /// How many rows to read: one more than the page has, which shows whether there is another one.
    pub fetch: i64,
}

impl Window {
    /// The text of a query for this window.
    pub fn sql(&self, template: &str) -> String {
        let [beyond, order, until] = if self.is_back {
            [">", "ASC", "<="]
        } else {
            ["<", "DESC", ">="]
        };
        template
            .replace("{beyond}", beyond)
            .replace("{order}", order)
            .replace("{until}", until)
    }

    /// The key next to the rows; no row has it.
    pub fn key(&self) -> Value {
        self.key.clone()
    }

    /// An integer key at or behind the last row of a list of such keys.
    pub fn end(&self) -> Value {
        Value::from(if self.is_back { i64::MAX } else { i64::MIN })
    }

    /// The same without the rows whose integer keys are not from `first` to `last`: the key next to
    /// its rows, and one at or behind the last of them.
    ///
    /// A query must have no other bound of its key. SQLite seeks with one bound on each side, and
    /// checks any other row by row, so that a page may read the whole list.
    pub fn within(&self, first: i64, last: i64) -> [Value; 2] {
        let end = if self.is_back { last } else { first };
        let key = match self.key {
            Value::Integer(key) if self.is_back => key.max(first.saturating_sub(1)).into(),
            Value::Integer(key) => key.min(last.saturating_add(1)).into(),
            _ => self.key(),
        };
        [key, end.into()]
    }
}
