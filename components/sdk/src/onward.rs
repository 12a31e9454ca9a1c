//! Pages of what only grows, oldest first: `?after_sequence=` and `&limit=`, answered by
//! `{"data":[..],"next_after_sequence":7,"has_more":false}`.
//!
//! A client that copies such a list goes on from where its copy ends, for years, and always knows
//! that place: no cursor is needed.

use crate::problem::Problem;
use serde::{Deserialize, Serialize};

/// How many rows a page has unless the client says otherwise.
const LIMIT_DEFAULT: usize = 100;
/// The longest page.
pub const LIMIT_MAX: usize = 1_000;

/// The parameters of such a list.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OnwardQuery {
    /// The last sequence that the client has; none or 0 begins at the first.
    #[serde(default)]
    pub after_sequence: Option<u64>,
    /// 1 to 1,000.
    #[serde(default)]
    pub limit: Option<u64>,
}

/// Which rows to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Onward {
    /// The sequence after which they begin.
    pub after: i64,
    /// How many the page has at most: 1 to [`LIMIT_MAX`].
    pub limit: usize,
}

/// One page, as JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OnwardList<T> {
    /// The objects.
    pub data: Vec<T>,
    /// What to send as `after_sequence` next.
    pub next_after_sequence: u64,
    /// Whether there is more to read at once.
    pub has_more: bool,
}

impl OnwardQuery {
    /// The page that is asked for.
    ///
    /// # Errors
    /// 422 `validation_failed` for a page of no rows, or of too many.
    pub fn page(self) -> Result<Onward, Problem> {
        let limit = self.limit.map_or(Ok(LIMIT_DEFAULT), usize::try_from);
        match limit {
            Ok(limit @ 1..=LIMIT_MAX) => Ok(Onward {
                // No sequence is so large that it does not fit.
                after: i64::try_from(self.after_sequence.unwrap_or(0)).unwrap_or(i64::MAX),
                limit,
            }),
            _ => Err(Problem::invalid(
                "/limit",
                format!("must be a whole number from 1 to {LIMIT_MAX}"),
            )),
        }
    }
}

impl Onward {
    /// How many rows to read: one more than will be answered, which tells whether there are more.
    pub fn fetch(&self) -> i64 {
        // At most 1,001.
        self.limit as i64 + 1
    }

    /// The answer from the rows that were read. An empty page goes on where it began, so that a client may ask again later.
    pub fn list<R, T>(
        &self,
        mut rows: Vec<R>,
        sequence: impl Fn(&R) -> i64,
        view: impl FnMut(R) -> T,
    ) -> OnwardList<T> {
        let has_more = rows.len() > self.limit;
        rows.truncate(self.limit);
        OnwardList {
            next_after_sequence: rows.last().map_or(self.after, sequence).unsigned_abs(),
            data: rows.into_iter().map(view).collect(),
            has_more,
        }
    }
}
