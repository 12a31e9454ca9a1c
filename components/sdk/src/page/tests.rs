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
fn nothing_asked_for_is_the_first_page() {
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
    for query in [
        "limit=0",
        "limit=501",
        "limit=-1",
        "limit=%2B5",
        "limit=x",
        "limit=",
        "limit=1&limit=2",
        "cursor=a&cursor=a",
        "other=1",
        "account_id=x",
        "account_id=1&account_id=2",
        "limit=99999999999999999999",
    ] {
        assert_eq!(refusal(query), (422, "validation_failed"), "{query}");
    }
    for query in ["cursor=", "cursor=!!", "cursor=AQ", "cursor=%00"] {
        assert_eq!(refusal(query), (400, "cursor_invalid"), "{query}");
    }
    let other_list = Uuid::nil().to_cursor();
    assert_eq!(
        refusal(&format!("cursor={other_list}")),
        (400, "cursor_invalid")
    );
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

proptest! {
    #[test]
    fn a_cursor_reads_back(key: u64, id: u128) {
        prop_assert_eq!(u64::from_cursor(&key.to_cursor()), Some(key));
        prop_assert_eq!(Uuid::from_cursor(&Uuid::from_u128(id).to_cursor()), Some(Uuid::from_u128(id)));
    }

    #[test]
    fn no_query_panics(query in ".*") {
        let _ = Page::<u64, Filter>::from_query(&query);
    }
}
