//! Lists, page by page: `?limit=` and `&cursor=` return
//! `{"data":[..],"next_cursor":null,"previous_cursor":null,"has_more":false}`. Every list has its
//! newest object first.
//!
//! - `cursor`: the texts of cursors;
//! - `window`: the rows to read.
//!
//! ```
//! use strongroom_sdk::page::{List, Page};
//!
//! let page: Page<i64> = Page::from_query("/orders", "limit=2").expect("a query");
//! let window = page.window();
//! let sql = window.sql("SELECT id FROM t WHERE id {beyond} ?1 ORDER BY id {order} LIMIT ?2");
//! assert_eq!(sql, "SELECT id FROM t WHERE id < ?1 ORDER BY id DESC LIMIT ?2");
//!
//! let rows = vec![9, 8, 7]; // of this query with `window.key()` and `window.fetch`
//! let list = List::new(rows, &page, |row| *row);
//! assert_eq!((list.data, list.has_more), (vec![9, 8], true));
//! ```

mod cursor;
mod window;

pub use cursor::CursorKey;
pub use window::Window;

use crate::http::WholeUri;
use crate::problem::Problem;
use crate::query::{self, NoParameters};
use axum::extract::FromRequestParts;
use cursor::{Cursor, ListTag};
use http::StatusCode;
use http::request::Parts;
use serde::Serialize;
use serde::de::DeserializeOwned;
use utoipa::ToSchema;

/// A page has so many objects, unless the client asks for another number.
pub const LIMIT_DEFAULT: usize = 50;

/// A page has at most so many objects.
pub const LIMIT_MAX: usize = 500;

/// The page that a client asks for. The list is ordered by `K`, the newest first. `F` has the
/// list's own parameters; any other parameter is 422.
///
/// Read the rows of [`Page::window`], and return [`List::new`].
#[derive(Debug, Clone, Copy)]
pub struct Page<K, F = NoParameters> {
    cursor: Option<Cursor<K>>,
    tag: ListTag,
    /// How many objects to return, from 1 to [`LIMIT_MAX`].
    pub limit: usize,
    /// The list's own parameters.
    pub filter: F,
}

/// One page, as JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct List<T> {
    /// The objects of the page.
    pub data: Vec<T>,
    /// The `cursor` of the next page, which is older, if there is one.
    #[schema(required)]
    pub next_cursor: Option<String>,
    /// The `cursor` of the page before, which is newer, if this is not the first.
    #[schema(required)]
    pub previous_cursor: Option<String>,
    /// Whether there is a next page.
    pub has_more: bool,
}

impl<K: CursorKey, F> Page<K, F> {
    /// The rows of the page.
    pub fn window(&self) -> Window {
        Window {
            key: self.cursor.map_or(K::NEWEST, |cursor| cursor.key).into(),
            is_back: self.is_back(),
            // At most 501.
            fetch: self.limit as i64 + 1,
        }
    }

    fn is_back(&self) -> bool {
        self.cursor.is_some_and(|cursor| cursor.is_back)
    }
}

impl<K: CursorKey, F: DeserializeOwned> Page<K, F> {
    /// Reads the query string of the list at a path.
    ///
    /// # Errors
    /// 400 `cursor_invalid` for a text that is no cursor of this list with these parameters;
    /// otherwise 422 `validation_failed`.
    pub fn from_query(path: &str, query: &str) -> Result<Self, Problem> {
        let mut limit = None;
        let mut cursor = None;
        let mut others = Vec::new();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let place = match name.as_ref() {
                "limit" => &mut limit,
                "cursor" => &mut cursor,
                _ => {
                    others.push((name.into_owned(), value.into_owned()));
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
        let mut own = form_urlencoded::Serializer::new(String::new());
        own.extend_pairs(&others);
        let filter = query::from_rest(&own.finish(), &["limit", "cursor"])?;
        let tag = ListTag::new(path, others);
        Ok(Self {
            cursor: cursor.map(|text| read_cursor(&text, tag)).transpose()?,
            tag,
            limit: limit.as_deref().map_or(Ok(LIMIT_DEFAULT), read_limit)?,
            filter,
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

fn read_cursor<K: CursorKey>(text: &str, tag: ListTag) -> Result<Cursor<K>, Problem> {
    Cursor::decode(text, tag).ok_or_else(|| {
        Problem::new(
            StatusCode::BAD_REQUEST,
            "cursor_invalid",
            "The cursor is not one that this list has returned for these filters.",
        )
    })
}

impl<S: Sync, K: CursorKey, F: DeserializeOwned> FromRequestParts<S> for Page<K, F> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let query = query::take(parts).to_owned();
        // Two services may have a list at the same place below their own paths.
        let whole = parts.extensions.get::<WholeUri>();
        let path = whole.map_or(parts.uri.path(), WholeUri::path);
        Self::from_query(path, &query)
    }
}

impl<T> List<T> {
    /// The page of the rows that were read for its [`Window`]. `key` returns the key of a row.
    pub fn new<K: CursorKey, F>(rows: Vec<T>, page: &Page<K, F>, key: impl Fn(&T) -> K) -> Self {
        Self::cut(rows, page, key, None)
    }

    /// As [`List::new`], where the query has looked at rows up to the key `reached` and no further:
    /// the page may be short, and there may be more beyond that key.
    pub fn cut<K: CursorKey, F>(
        mut rows: Vec<T>,
        page: &Page<K, F>,
        key: impl Fn(&T) -> K,
        reached: Option<K>,
    ) -> Self {
        let is_back = page.is_back();
        let is_full = rows.len() > page.limit;
        let reached = reached.filter(|_| !is_full);
        let goes_on = is_full || reached.is_some();
        rows.truncate(page.limit);
        if is_back {
            rows.reverse();
        }
        let cursor = |key: Option<K>, is_back| {
            let cursor = Cursor { key: key?, is_back };
            Some(cursor.encode(page.tag))
        };
        // Where there are no rows, what the cursor is next to.
        let at = page.cursor.as_ref().map(|cursor| cursor.key);
        let newest = rows.first().map(&key).or(at);
        let oldest = rows.last().map(&key).or(at);
        // Who goes back comes from an older page, and who goes on from a newer one.
        let (older, newer) = if is_back {
            (oldest, reached.or(newest).filter(|_| goes_on))
        } else {
            let newer = newest.filter(|_| page.cursor.is_some());
            (reached.or(oldest).filter(|_| goes_on), newer)
        };
        let (next_cursor, previous_cursor) = (cursor(older, false), cursor(newer, true));
        Self {
            has_more: next_cursor.is_some(),
            data: rows,
            next_cursor,
            previous_cursor,
        }
    }

    /// The same page with each object as a client sees it.
    pub fn map<U>(self, view: impl FnMut(T) -> U) -> List<U> {
        List {
            data: self.data.into_iter().map(view).collect(),
            next_cursor: self.next_cursor,
            previous_cursor: self.previous_cursor,
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
            previous_cursor: self.previous_cursor,
            has_more: self.has_more,
        })
    }
}

#[cfg(test)]
mod tests;
