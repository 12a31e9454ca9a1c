//! Goal: a list is walked to its end without a gap or a repeat, and a wrong query is refused.
//! Method: the named cases, then random keys and random texts.

use super::*;
use proptest::prelude::*;
use uuid::Uuid;

#[derive(Debug, serde::Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
struct Filter {
    account_id: Option<u32>,
}

fn refusal(query: &str) -> (u16, &'static str) {
    let problem = Page::<u64, Filter>::from_query(query).unwrap_err();
    (problem.status().as_u16(), problem.code())
}

#[test]
fn an_empty_query_is_the_first_page() {
    let page = Page::<u64>::from_query("").unwrap();
    assert_eq!((page.after, page.limit, page.fetch()), (None, 50, 51));
}

#[test]
fn the_list_s_own_parameters_pass() {
    let page = Page::<u64, Filter>::from_query("account_id=7&limit=500").unwrap();
    assert_eq!((page.limit, page.filter.account_id), (500, Some(7)));
}

#[test]
fn wrong_queries_are_refused() {
    let queries = "limit=0 limit=501 limit=-1 limit=%2B5 limit=x limit= limit=1&limit=2 other=1 \
        cursor=a&cursor=a account_id=x account_id=1&account_id=2 limit=99999999999999999999";
    for query in queries.split(' ') {
        assert_eq!(refusal(query), (422, "validation_failed"), "{query}");
    }
    let other_list = Uuid::nil().to_cursor();
    for cursor in ["", "!!", "AQ", "%00", &other_list] {
        let refused = refusal(&format!("cursor={cursor}"));
        assert_eq!(refused, (400, "cursor_invalid"), "{cursor}");
    }
}

#[test]
fn a_list_is_walked_to_its_end() {
    let all: Vec<u64> = (1..=7).collect();
    let mut seen = Vec::new();
    let mut query = "limit=3".to_owned();
    loop {
        let page = Page::<u64>::from_query(&query).unwrap();
        let rows = all
            .iter()
            .copied()
            .filter(|key| *key > page.after.unwrap_or(0))
            .take(page.fetch() as usize)
            .collect();
        let list = List::new(rows, &page, |key| *key);
        assert_eq!(list.has_more, list.next_cursor.is_some());
        seen.extend(list.data);
        match list.next_cursor {
            Some(cursor) => query = format!("limit=3&cursor={cursor}"),
            None => break,
        }
    }
    assert_eq!(seen, all);
}

#[test]
fn a_short_page_goes_on_where_it_was_cut_off() {
    let page = Page::<u64>::from_query("limit=2").unwrap();
    let of = |rows: &[u64], last: Option<u64>| {
        let list = List::new(rows.to_vec(), &page, |row| *row).cut_off_at(last);
        assert_eq!(list.has_more, list.next_cursor.is_some());
        list.next_cursor
    };
    assert_eq!(of(&[9], None), None);
    assert_eq!(of(&[9], Some(4)), Some(4_u64.to_cursor()));
    assert_eq!(of(&[], Some(4)), Some(4_u64.to_cursor()));
    // A whole page goes on behind its last row.
    assert_eq!(of(&[9, 8, 7], Some(4)), Some(8_u64.to_cursor()));
}

proptest! {
    #[test]
    fn a_cursor_reads_back(key: u64, id: u128) {
        prop_assert_eq!(u64::from_cursor(&key.to_cursor()), Some(key));
        let id = Uuid::from_u128(id);
        prop_assert_eq!(Uuid::from_cursor(&id.to_cursor()), Some(id));
    }

    #[test]
    fn no_query_panics(query in ".*") {
        let _ = Page::<u64, Filter>::from_query(&query);
    }
}
