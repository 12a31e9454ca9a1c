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
    pub(super) fetch: i64,
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

    /// How many rows to read: one more than the page has, which shows whether there is another one.
    pub fn fetch(&self) -> i64 {
        self.fetch
    }
}
