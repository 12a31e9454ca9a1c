//! Pages of what only grows, oldest first: `?after_sequence=` and `&limit=`, answered by `{"data":[..],"next_after_sequence":7,"has_more":false}`.
//!
//! Who copies a chain of hashes goes on from where the copy ends, for years, and always knows that place: no cursor is needed.

use serde::{Deserialize, Serialize};
use strongroom_sdk::problem::Problem;

/// How many rows a page has unless the client says otherwise.
const LIMIT_DEFAULT: i64 = 100;
/// The longest page.
const LIMIT_MAX: i64 = 1_000;

/// The parameters of such a list.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OnwardQuery {
    /// The last sequence that the client has; none or 0 begins at the first.
    #[serde(default)]
    after_sequence: Option<u64>,
    /// 1 to 1,000.
    #[serde(default)]
    limit: Option<u64>,
}

/// Which rows to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Onward {
    pub after: i64,
    limit: i64,
}

/// One page, as JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OnwardList<T> {
    data: Vec<T>,
    next_after_sequence: i64,
    has_more: bool,
}

impl OnwardQuery {
    /// # Errors
    /// 422 `validation_failed` for a page of no rows, or of too many.
    pub(super) fn page(self) -> Result<Onward, Problem> {
        let limit = self.limit.map_or(Ok(LIMIT_DEFAULT), i64::try_from);
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
        self.limit + 1
    }

    /// The answer from the rows that were read. An empty page goes on where it began, so that a client may ask again later.
    pub fn list<R, T>(
        &self,
        mut rows: Vec<R>,
        sequence: impl Fn(&R) -> i64,
        view: impl FnMut(R) -> T,
    ) -> OnwardList<T> {
        let limit = usize::try_from(self.limit).unwrap_or(usize::MAX);
        let has_more = rows.len() > limit;
        rows.truncate(limit);
        OnwardList {
            next_after_sequence: rows.last().map_or(self.after, sequence),
            data: rows.into_iter().map(view).collect(),
            has_more,
        }
    }
}
