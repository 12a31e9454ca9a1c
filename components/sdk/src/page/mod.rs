//! Lists, page by page: `?limit=` and `&cursor=` return
//! `{"data":[..],"next_cursor":null,"has_more":false}`.
//!
//! ```
//! use strongroom_sdk::page::{List, Page};
//!
//! let page: Page<u64> = Page::from_query("limit=2").expect("a query");
//! let rows = vec![9_u64, 8, 7]; // `page.fetch()` rows below `page.before()`
//! let list = List::new(rows, &page, |row| *row);
//! assert_eq!((list.data, list.has_more), (vec![9, 8], true));
//! ```

mod cursor;

pub use cursor::CursorKey;

use crate::problem::Problem;
use crate::query::{self, NoParameters};
use axum::extract::FromRequestParts;
use http::StatusCode;
use http::request::Parts;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// A page has so many objects, unless the client asks for another number.
pub const LIMIT_DEFAULT: usize = 50;

/// A page has at most so many objects.
pub const LIMIT_MAX: usize = 500;

/// The page that a client asks for. The list is ordered by `K`. `F` has the list's own parameters;
/// any other parameter is 422.
///
/// Read [`Page::fetch`] rows that come after `after`, and return [`List::new`].
#[derive(Debug, Clone, Copy)]
pub struct Page<K, F = NoParameters> {
    /// The key of the last object that the client has seen.
    pub after: Option<K>,
    /// How many objects to return, from 1 to [`LIMIT_MAX`].
    pub limit: usize,
    /// The list's own parameters.
    pub filter: F,
}

/// One page, as JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct List<T> {
    /// The objects of the page.
    pub data: Vec<T>,
    /// The `cursor` of the next page, if there is one.
    pub next_cursor: Option<String>,
    /// Whether there is a next page.
    pub has_more: bool,
}

impl<K, F> Page<K, F> {
    /// How many rows to read: one more than the page has, which shows whether there is a next page.
    pub fn fetch(&self) -> i64 {
        // At most 501.
        self.limit as i64 + 1
    }
}

impl<F> Page<u64, F> {
    /// The rows of the page are below this key, in a list with the newest first.
    pub fn before(&self) -> i64 {
        self.after
            .and_then(|key| i64::try_from(key).ok())
            .unwrap_or(i64::MAX)
    }
}

impl<K: CursorKey, F: DeserializeOwned> Page<K, F> {
    /// Reads the query string of a list.
    ///
    /// # Errors
    /// 400 `cursor_invalid` for a text that is no cursor of such a list; otherwise 422
    /// `validation_failed`.
    pub fn from_query(query: &str) -> Result<Self, Problem> {
        let mut limit = None;
        let mut cursor = None;
        let mut others = form_urlencoded::Serializer::new(String::new());
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let place = match name.as_ref() {
                "limit" => &mut limit,
                "cursor" => &mut cursor,
                _ => {
                    others.append_pair(&name, &value);
                    continue;
                }
            };
            if place.replace(value.into_owned()).is_some() {
                return Err(Problem::validation_failed().with_error(
                    format!("/{name}"),
                    "duplicate_field",
                    "stands there twice",
                ));
            }
        }
        Ok(Self {
            after: cursor.as_deref().map(read_cursor).transpose()?,
            limit: limit.as_deref().map_or(Ok(LIMIT_DEFAULT), read_limit)?,
            filter: query::from_str(&others.finish())?,
        })
    }
}

fn read_limit(text: &str) -> Result<usize, Problem> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    match text.parse() {
        Ok(limit @ 1..=LIMIT_MAX) if digits => Ok(limit),
        _ => Err(Problem::invalid(
            "/limit",
            format!("must be a whole number from 1 to {LIMIT_MAX}"),
        )),
    }
}

fn read_cursor<K: CursorKey>(text: &str) -> Result<K, Problem> {
    K::from_cursor(text).ok_or_else(|| {
        Problem::new(
            StatusCode::BAD_REQUEST,
            "cursor_invalid",
            "The cursor is not one that this list has answered.",
        )
    })
}

impl<S: Sync, K: CursorKey, F: DeserializeOwned> FromRequestParts<S> for Page<K, F> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Self::from_query(parts.uri.query().unwrap_or_default())
    }
}

impl<T> List<T> {
    /// The page of the rows that were read, at most [`Page::fetch`]. `key` returns the key of a
    /// row.
    pub fn new<K: CursorKey, F>(
        mut rows: Vec<T>,
        page: &Page<K, F>,
        key: impl FnOnce(&T) -> K,
    ) -> Self {
        let has_more = rows.len() > page.limit;
        rows.truncate(page.limit);
        let next_cursor = rows
            .last()
            .filter(|_| has_more)
            .map(|last| key(last).to_cursor());
        Self {
            data: rows,
            next_cursor,
            has_more,
        }
    }

    /// The page of a list that looks at a limited number of rows for each page: where that was too
    /// few for a whole page, the next one begins after `last`, the last key that was looked at.
    /// None is the end of the list.
    #[must_use]
    pub fn cut_off_at<K: CursorKey>(mut self, last: Option<K>) -> Self {
        if let Some(last) = last.filter(|_| !self.has_more) {
            self.next_cursor = Some(last.to_cursor());
            self.has_more = true;
        }
        self
    }

    /// The same page with each object as a client sees it.
    pub fn map<U>(self, view: impl FnMut(T) -> U) -> List<U> {
        List {
            data: self.data.into_iter().map(view).collect(),
            next_cursor: self.next_cursor,
            has_more: self.has_more,
        }
    }

    /// As [`List::map`], where an object may have no view.
    ///
    /// # Errors
    /// The first error of `view`.
    pub fn try_map<U, E>(self, view: impl FnMut(T) -> Result<U, E>) -> Result<List<U>, E> {
        Ok(List {
            data: self.data.into_iter().map(view).collect::<Result<_, E>>()?,
            next_cursor: self.next_cursor,
            has_more: self.has_more,
        })
    }
}

#[cfg(test)]
mod tests;
