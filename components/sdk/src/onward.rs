//! Pages of a list that only grows, oldest first: `?after_sequence=` and `&limit=` return
//! `{"data":[..],"next_after_sequence":7,"has_more":false}`.
//!
//! A client that copies such a list goes on where its copy ends. It always knows that place, so it
//! needs no cursor.

use crate::clock::format_rfc3339;
use crate::problem::Problem;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// A page has so many rows, unless the client asks for another number.
const LIMIT_DEFAULT: usize = 100;
/// A page has at most so many rows.
pub const LIMIT_MAX: usize = 1_000;

/// The parameters of such a list.
#[derive(Debug, Clone, Copy, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct OnwardQuery {
    /// The last sequence that the client has. None or 0 begins at the first.
    #[param(default = 0)]
    pub after_sequence: Option<u64>,
    /// How many rows to return, from 1 to 1,000.
    #[param(minimum = 1, maximum = 1_000, default = 100)]
    pub limit: Option<u64>,
}

/// Which rows to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Onward {
    /// The rows begin after this sequence.
    pub after: i64,
    /// How many rows the page has at most, from 1 to [`LIMIT_MAX`].
    pub limit: usize,
}

/// One page, as JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Feed)]
pub struct OnwardList<T> {
    /// The objects of the page.
    pub data: Vec<T>,
    /// The `after_sequence` of the next page.
    pub next_after_sequence: u64,
    /// Whether the next page already has rows.
    pub has_more: bool,
}

impl<T> OnwardList<T> {
    /// This page, unless its client has rows that a restoration has undone: the page would begin
    /// beyond `head`, the last sequence, and the data was restored.
    ///
    /// # Errors
    /// 410 `history_restored`, and those of `head`.
    pub fn unless_restored(
        self,
        restored_at_ms: Option<i64>,
        head: impl FnOnce() -> Result<u64, Problem>,
    ) -> Result<Self, Problem> {
        let Some(restored_at_ms) = restored_at_ms.filter(|_| self.data.is_empty()) else {
            return Ok(self);
        };
        let head = head()?;
        if self.next_after_sequence <= head {
            return Ok(self);
        }
        let detail = format!(
            "The bank was restored from a backup at {}, and what you have from after that backup \
             is no part of it. The last sequence is {head}: compare what you have with it, and go \
             on from there.",
            format_rfc3339(restored_at_ms)
        );
        Err(Problem::new(StatusCode::GONE, "history_restored", detail))
    }
}

impl OnwardQuery {
    /// The page that the client asks for.
    ///
    /// # Errors
    /// 422 `validation_failed` for a page of no rows, or of too many.
    pub fn page(self) -> Result<Onward, Problem> {
        let limit = self.limit.map_or(Ok(LIMIT_DEFAULT), usize::try_from);
        match limit {
            Ok(limit @ 1..=LIMIT_MAX) => Ok(Onward {
                // No sequence is above i64::MAX.
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
    /// How many rows to read: one more than the page has, which shows whether there are more.
    pub fn fetch(&self) -> i64 {
        // At most 1,001.
        self.limit as i64 + 1
    }

    /// The page of the rows that were read. After an empty page the client asks again from the same
    /// place.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_beyond_the_end_is_gone_only_where_the_data_was_restored() {
        let at = |next_after_sequence| OnwardList {
            data: Vec::<u8>::new(),
            next_after_sequence,
            has_more: false,
        };
        let restored = at(8).unless_restored(Some(0), || Ok(7)).unwrap_err();
        assert_eq!(restored.status(), StatusCode::GONE);
        assert!(restored.detail().contains("1970-01-01"), "{restored:?}");
        assert!(at(7).unless_restored(Some(0), || Ok(7)).is_ok());
        assert!(at(8).unless_restored(None, || Ok(7)).is_ok());
    }
}
