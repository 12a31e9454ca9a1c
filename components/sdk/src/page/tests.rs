//! Goal: a list is walked to its end and back without a gap; a wrong query is refused.

use super::*;
use crate::rows;
use crate::store::Value;
use crate::testing::words_of;
use proptest::prelude::*;
use std::cmp::Ordering::{Greater, Less};
use uuid::Uuid;

const PATH: &str = "/api/orders";

#[derive(Debug, serde::Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
struct Filter {
    account_id: Option<u32>,
}

fn page(query: &str) -> Page<i64> {
    Page::from_query(PATH, query).unwrap()
}

fn refusal(path: &str, query: &str) -> String {
    words_of(&Page::<i64, Filter>::from_query(path, query).unwrap_err())
}

/// The page of a query over these keys, as a store would answer it.
fn read(all: &[i64], query: &str) -> List<i64> {
    let page = page(query);
    let window = page.window();
    let Value::Integer(key) = window.key() else {
        panic!("the key is an integer");
    };
    let mut rows = all.to_vec();
    rows.sort_unstable();
    if !window.is_back {
        rows.reverse();
    }
    let order = if window.is_back { Greater } else { Less };
    rows.retain(|row| row.cmp(&key) == order);
    rows.truncate(usize::try_from(window.fetch).unwrap());
    List::new(rows, &page, |row| *row)
}

/// The query for a page of two rows at a cursor.
fn at(cursor: Option<String>) -> String {
    format!("limit=2&cursor={}", cursor.unwrap())
}

#[test]
fn an_empty_query_is_the_first_page_and_a_list_s_own_parameters_pass() {
    let page = Page::<i64, Filter>::from_query(PATH, "account_id=7&limit=500").unwrap();
    assert_eq!((page.limit, page.filter.account_id), (500, Some(7)));
    let page = self::page("");
    let window = page.window();
    assert_eq!((page.limit, window.fetch), (50, 51));
    assert_eq!(window.sql("a {beyond} {until} {order}"), "a < >= DESC");
    assert_eq!(window.key(), Value::Integer(i64::MAX));
}

#[test]
fn a_window_within_a_range_has_no_row_outside_of_it() {
    for (is_back, key, range, expected) in rows! {
        (false, i64::MAX, (0, i64::MAX), [i64::MAX, 0]), (false, i64::MAX, (3, 7), [8, 3]),
        (false, 5, (3, 7), [5, 3]), (true, 5, (3, 7), [5, 7]), (true, 1, (3, 7), [2, 7]),
        (true, i64::MIN, (i64::MIN, 7), [i64::MIN, 7]),
    } {
        let window = Window {
            key: key.into(),
            is_back,
            fetch: 51,
        };
        let (first, last) = range;
        assert_eq!(window.within(first, last), expected.map(Value::from));
    }
}

#[test]
fn wrong_queries_are_refused() {
    let queries = "limit=0 limit=501 limit=-1 limit=%2B5 limit=x limit= limit=1&limit=2 other=1 \
        cursor=a&cursor=a account_id=x account_id=1&account_id=2 limit=99999999999999999999";
    for query in queries.split(' ') {
        let refused = refusal(PATH, query);
        assert!(refused.starts_with("422 validation_failed"), "{query}");
    }
    for cursor in ["", "!!", "AQ", "%00"] {
        let refused = refusal(PATH, &format!("cursor={cursor}"));
        assert_eq!(refused, "400 cursor_invalid", "{cursor}");
    }
}

#[test]
fn a_cursor_belongs_to_its_list_and_its_filters() {
    let made = Page::<i64, Filter>::from_query(PATH, "account_id=7&limit=1").unwrap();
    let list = List::new(vec![2, 1], &made, |row| *row);
    let cursor = list.next_cursor.unwrap();
    let query = format!("account_id=7&cursor={cursor}");
    assert!(Page::<i64, Filter>::from_query(PATH, &query).is_ok());
    assert!(Page::<i64, Filter>::from_query("/api/orders/", &query).is_ok());
    let others = [
        ("/api/invoices", query.clone()),
        (PATH, format!("account_id=8&cursor={cursor}")),
        (PATH, format!("cursor={cursor}")),
    ];
    for (path, query) in others {
        assert_eq!(refusal(path, &query), "400 cursor_invalid", "{query}");
    }
    let of_ids = Page::<Uuid, Filter>::from_query(PATH, &query).unwrap_err();
    assert_eq!(of_ids.code(), "cursor_invalid");
}

/// Rows may go while a client walks.
#[test]
fn a_page_without_rows_leads_back() {
    let second = at(read(&[5, 4, 3, 2, 1], "limit=2").next_cursor);
    let gone = read(&[6, 5], &second);
    assert_eq!((gone.data, gone.next_cursor), (vec![], None));
    assert!(!gone.has_more);
    assert_eq!(read(&[6, 5], &at(gone.previous_cursor)).data, [6, 5]);

    let back = read(&[5, 4, 3, 2, 1], &second).previous_cursor;
    let gone = read(&[2, 1], &at(back));
    assert_eq!((gone.data, gone.previous_cursor), (vec![], None));
    let on = read(&[2, 1], &at(gone.next_cursor));
    assert_eq!((on.data, gone.has_more), (vec![2, 1], true));
}

#[test]
fn a_short_page_goes_on_where_it_was_cut_off() {
    let first = page("limit=2");
    let cursor = |key, is_back| Some(Cursor { key, is_back }.encode(first.tag));
    let next = |page: &Page<i64>, rows: &[i64], reached| {
        let list = List::cut(rows.to_vec(), page, |row| *row, reached);
        assert_eq!(list.has_more, list.next_cursor.is_some());
        (list.next_cursor, list.previous_cursor)
    };
    assert_eq!(next(&first, &[9], None), (None, None));
    assert_eq!(next(&first, &[9], Some(4)), (cursor(4, false), None));
    assert_eq!(next(&first, &[], Some(4)), (cursor(4, false), None));
    // A whole page goes on behind its last row.
    assert_eq!(next(&first, &[9, 8, 7], Some(4)), (cursor(8, false), None));
    let back = page(&at(cursor(3, true)));
    let both = (cursor(7, false), cursor(12, true));
    assert_eq!(next(&back, &[7], Some(12)), both);
}

proptest! {
    #[test]
    fn a_list_is_walked_to_its_end_and_back(
        keys in prop::collection::btree_set(0..1_000_i64, 1..40), limit in 1..8_usize,
    ) {
        let all: Vec<_> = keys.into_iter().collect();
        let query = |cursor: Option<String>| {
            let cursor = cursor.map(|cursor| format!("&cursor={cursor}")).unwrap_or_default();
            format!("limit={limit}{cursor}")
        };
        let mut pages = vec![read(&all, &query(None))];
        while let Some(cursor) = pages.last().unwrap().next_cursor.clone() {
            pages.push(read(&all, &query(Some(cursor))));
        }
        let seen: Vec<_> = pages.iter().flat_map(|page| page.data.clone()).collect();
        prop_assert!(seen.iter().eq(all.iter().rev()));
        let last = pages.pop().unwrap();
        prop_assert!(!last.has_more && pages.iter().all(|page| page.has_more));
        let mut previous = last.previous_cursor;
        while let Some(cursor) = previous {
            let page = read(&all, &query(Some(cursor)));
            prop_assert!(page.has_more);
            prop_assert_eq!(Some(page.data), pages.pop().map(|page| page.data));
            previous = page.previous_cursor;
        }
        prop_assert!(pages.is_empty());
    }

    #[test]
    fn a_cursor_reads_back(key: i64, id: u128, is_back: bool) {
        let tag = ListTag::new(PATH, Vec::new());
        let cursor = Cursor { key, is_back };
        prop_assert_eq!(Cursor::decode(&cursor.encode(tag), tag), Some(cursor));
        let cursor = Cursor { key: Uuid::from_u128(id), is_back };
        prop_assert_eq!(Cursor::decode(&cursor.encode(tag), tag), Some(cursor));
    }

    #[test]
    fn no_query_panics(query in ".*") {
        let _ = Page::<i64, Filter>::from_query(PATH, &query);
    }
}
