//! Goal: a wrong query is refused with what there is, and in which form.

use super::*;
use crate::calendar::Day;
use crate::page::Page;
use serde::Deserialize;
use uuid::Uuid;

#[expect(dead_code, reason = "only the names and forms of its fields matter")]
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Filter {
    owner_id: Option<Uuid>,
    disabled: Option<bool>,
    after: Option<u64>,
    day: Option<Day>,
    order: Option<Order>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Order {
    Newest,
    Oldest,
    Largest,
}

/// The pointer and the text of the refusal.
fn refusal<T: std::fmt::Debug>(read: Result<T, Problem>) -> (String, String) {
    let problem = read.unwrap_err();
    assert_eq!(problem.status().as_u16(), 422);
    let error = &problem.errors()[0];
    (error.pointer.clone(), error.detail.clone())
}

#[test]
fn a_refusal_has_the_form_that_was_expected() {
    let number = "must be a whole number from 0 to 2^64 - 1";
    let date = "must be a date such as 2027-01-31";
    let words = "must be one of `newest`, `oldest`, `largest`";
    for (name, expected, values) in [
        ("owner_id", "must be a UUID", ["7", "", "x"]),
        ("disabled", "must be true or false", ["yes", "", "1"]),
        ("after", number, ["-1", "", "18446744073709551616"]),
        ("day", date, ["today", "", "2027-1-1"]),
        ("order", words, ["x", "", "Newest"]),
    ] {
        for value in values {
            let refused = refusal(from_str::<Filter>(&format!("{name}={value}")));
            let expected = (format!("/{name}"), expected.to_owned());
            assert_eq!(refused, expected, "{value}");
        }
    }
}

#[test]
fn an_unknown_parameter_is_told_which_there_are() {
    let there_are = |names: &str| {
        let detail = format!("is not a parameter here; there are{names}");
        ("/owner".to_owned(), detail)
    };
    let query = "owner=7";
    let own = "owner_id, disabled, after, day, order";
    let refused = refusal(from_str::<Filter>(query));
    assert_eq!(refused, there_are(&format!(": {own}")));
    let refused = refusal(from_str::<NoParameters>(query));
    assert_eq!(refused, there_are(" none"));
    // A list has its page's parameters too.
    let refused = refusal(Page::<i64, Filter>::from_query("/list", query));
    assert_eq!(refused, there_are(&format!(": {own}, limit, cursor")));
    let refused = refusal(Page::<i64>::from_query("/list", query));
    assert_eq!(refused, there_are(": limit, cursor"));
}
