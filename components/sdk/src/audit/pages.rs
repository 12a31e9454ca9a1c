//! Large tables, read page by page.

use crate::store::{Row, Store, StoreError, Value};
use std::borrow::Cow;
use std::vec;

/// The usual number of rows of one page.
pub const PAGE_ROWS: usize = 500;

/// The rows of a table in an order, read page by page, so that only one page is in memory.
///
/// The pages fit together if the table does not change in the meantime. An audit reads one
/// snapshot. Where rows are so long that a page is more than the host returns at once, pages get
/// smaller.
#[derive(Debug)]
pub struct Pages<'a, S> {
    store: &'a S,
    sql: Cow<'static, str>,
    place: Vec<Value>,
    page_rows: usize,
    page: vec::IntoIter<Row>,
    is_last: bool,
}

impl<'a, S: Store> Pages<'a, S> {
    /// The rows after `place`. The statement takes the place as `?1`, `?2`, .., and then the number
    /// of rows to return. Its first columns are the place of each row.
    pub fn new<const N: usize>(
        store: &'a S,
        sql: impl Into<Cow<'static, str>>,
        place: [Value; N],
        page_rows: usize,
    ) -> Self {
        Self {
            store,
            sql: sql.into(),
            place: place.into(),
            page_rows,
            page: Vec::new().into_iter(),
            is_last: false,
        }
    }

    /// The next row, which the iterator still returns.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn peek(&mut self) -> Result<Option<&Row>, StoreError> {
        self.fill()?;
        Ok(self.page.as_slice().first())
    }

    fn fill(&mut self) -> Result<(), StoreError> {
        if self.is_last || !self.page.as_slice().is_empty() {
            return Ok(());
        }
        // After a failure nothing follows.
        self.is_last = true;
        let rows = loop {
            let mut params = self.place.clone();
            params.push(Value::from(
                i64::try_from(self.page_rows).unwrap_or(i64::MAX),
            ));
            match self.store.query(&self.sql, &params) {
                Err(StoreError::TooLarge(_)) if self.page_rows > 1 => self.page_rows /= 2,
                found => break found?.rows,
            }
        };
        self.is_last = rows.len() < self.page_rows;
        if let Some(Row(last)) = rows.last() {
            let columns = self.place.len();
            self.place = last.iter().take(columns).cloned().collect();
        }
        self.page = rows.into_iter();
        Ok(())
    }
}

impl<S: Store> Iterator for Pages<'_, S> {
    type Item = Result<Row, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        match self.fill() {
            Ok(()) => self.page.next().map(Ok),
            Err(error) => Some(Err(error)),
        }
    }
}
