//! Goal: a wrong query is refused with what there is, and in which form.

use super::*;
use crate::calendar::Day;
use crate::page::Page;
use crate::rows;
use crate::testing::told;
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
            let refused = told(from_str::<Filter>(&format!("{name}={value}")));
            assert_eq!(refused, format!("/{name} {expected}"), "{value}");
        }
    }
}

#[test]
fn an_unknown_parameter_is_told_which_there_are() {
    let query = "owner=7";
    // A list has its page's parameters too.
    for (refused, names) in rows! {
        (told(from_str::<NoParameters>(query)), " none"),
        (told(from_str::<Filter>(query)), ": owner_id, disabled, after, day, order"),
        (told(Page::<i64>::from_query("/list", query)), ": limit, cursor"),
        (
            told(Page::<i64, Filter>::from_query("/list", query)),
            ": owner_id, disabled, after, day, order, limit, cursor",
        ),
    } {
        let expected = format!("/owner is not a parameter here; there are{names}");
        assert_eq!(refused, expected);
    }
}
