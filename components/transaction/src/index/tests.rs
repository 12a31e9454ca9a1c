//! Goal: a list has what matches and nothing else, and the journal can make the index again.

use super::search::ROWS_LOOKED_AT_MAX;
use super::*;
use crate::Error;
use crate::tests::kit::*;
use proptest::prelude::*;
use serde_json::Value as Json;
use std::cell::RefCell;
use strongroom_sdk::store::{Rows, SqliteTransaction, StoreError, Value};

fn busy() -> Bank {
    let bank = Bank::with(MORNING_MS, "1000");
    bank.send("sent", "12.3").unwrap();
    bank.wait(HOUR_MS);
    let reversed = id_of(&bank.send("reversed", "5").unwrap());
    bank.reverse("r", reversed).unwrap();
    let [captured, voided] = ["captured", "voided"].map(|key| bank.hold(key, "7").unwrap());
    let [captured, voided] = [&captured, &voided].map(id_of);
    bank.capture("c", captured, Some("3")).unwrap();
    bank.void("v", voided).unwrap();
    bank.hold("open", "9").unwrap();
    bank.wait(HOUR_MS);
    bank.send("declined", "100000").unwrap();
    bank.withdraw("w", "0.01").unwrap();
    bank
}

fn views(bank: &Bank, query: &str) -> List<Json> {
    bank.list(&teller(), query).unwrap().map(|view| json!(view))
}

type Matches<'a> = &'a dyn Fn(&Json) -> bool;

#[test]
fn each_filter_shows_what_a_client_would_pick_from_the_whole_list() {
    let bank = busy();
    let all = views(&bank, "limit=500").data;
    let middle = all[all.len() / 2]["created_at"].as_str().unwrap();
    let assert_shown = |query: &str, matches: Matches<'_>| {
        let expected: Vec<_> = all.iter().filter(|view| matches(view)).cloned().collect();
        assert!(!expected.is_empty(), "{query}");
        assert_eq!(views(&bank, query).data, expected, "{query}");
    };
    let bobs = json!(bank.bob.id);
    let is_bobs = |view: &Json| {
        let is_party = view["from_account_id"] == bobs || view["to_account_id"] == bobs;
        is_party && view["status"] != "declined"
    };
    let amount = |view: &Json| view["amount"].as_str().unwrap().parse::<f64>().unwrap();
    let is_posted_hold = |view: &Json| view["type"] == "hold" && view["status"] == "posted";
    let cases: [(&str, Matches<'_>); 10] = rows! {
        (&format!("account_id={}", bank.bob.id), &is_bobs),
        (&format!("from={middle}"), &|view| view["created_at"].as_str() >= Some(middle)),
        (&format!("to={middle}"), &|view| view["created_at"].as_str() <= Some(middle)),
        ("min_amount=7", &|view| amount(view) >= 7.0),
        ("max_amount=6.999", &|view| amount(view) <= 6.999),
        ("min_amount=3&max_amount=7.00", &|view| (3.0..=7.0).contains(&amount(view))),
        (&format!("initiator_id={ALICE}&type=transfer"), &|view| view["type"] == "transfer"),
        ("reference=rent", &|view| view["reference"] == "rent"),
        ("metadata.invoice=7", &|view| view["metadata"]["invoice"] == "7"),
        ("metadata.invoice=7&type=hold&status=posted", &is_posted_hold),
    };
    for (query, matches) in cases {
        assert_shown(query, matches);
    }
    for kind in "deposit withdrawal transfer hold capture reversal".split(' ') {
        assert_shown(&format!("type={kind}"), &|it| it["type"] == kind);
    }
    for status in "posted pending declined voided reversed".split(' ') {
        assert_shown(&format!("status={status}"), &|it| it["status"] == status);
    }
    for query in rows! {
        "status=expired", "type=void", "reference=ren", "metadata.invoice=8",
        "metadata.invoic=7", "to=2020-01-01T00:00:00Z", "from=2040-01-01T00:00:00Z",
        "min_amount=79228162514264337593543950335",
    } {
        assert_eq!(views(&bank, query).data, Vec::<Json>::new(), "{query}");
    }
}

#[test]
fn wrong_filters_are_refused_and_named() {
    let bank = Bank::new();
    let long = format!("metadata.{}=1", "k".repeat(300));
    for (query, expected) in rows! {
        ("accountid=1", "422 validation_failed /accountid"),
        ("account_id=1", "422 validation_failed /account_id"),
        ("type=wire", "422 validation_failed /type"),
        ("type=expiry", "422 validation_failed /type"),
        ("status=ok", "422 validation_failed /status"),
        ("from=yesterday", "422 validation_failed /from"),
        ("to=2026-11-22", "422 validation_failed /to"),
        ("from=2026-11-23T00:00:00Z&to=2026-11-22T00:00:00Z", "422 validation_failed /from"),
        ("min_amount=-1", "422 validation_failed /min_amount"),
        ("min_amount=1e3", "422 validation_failed /min_amount"),
        ("max_amount=1.23456", "422 validation_failed /max_amount"),
        ("min_amount=2&max_amount=1", "422 validation_failed /min_amount"),
        ("initiator_id=me", "422 validation_failed /initiator_id"),
        ("status=posted&status=posted", "422 validation_failed /status"),
        ("metadata.=1", "422 validation_failed /metadata."),
        (long.as_str(), &format!("422 validation_failed /{}", &long[..long.len() - 2])),
    } {
        assert_eq!(refusal(bank.list(&teller(), query)), expected, "{query}");
    }
}

#[test]
fn a_payee_learns_nothing_of_a_payer_s_notes_by_a_search() {
    let bank = Bank::new();
    bank.send("k", "1").unwrap();
    let by_initiator = format!("initiator_id={ALICE}");
    for (who, account, filter, expected) in rows! {
        (alice(), bank.alice.id, "metadata.invoice=7", 1),
        (teller(), bank.bob.id, "metadata.invoice=7", 1),
        (bob(), bank.bob.id, "metadata.invoice=7", 0),
        (bob(), bank.bob.id, &by_initiator, 0),
    } {
        let query = format!("account_id={account}&{filter}");
        let found = bank.list(&who, &query).unwrap();
        assert_eq!(found.data.len(), expected, "{who:?}");
    }
}

/// The index is as deletable as its documents say, all together.
#[test]
fn a_deleted_index_is_made_again() {
    let bank = busy();
    let before = views(&bank, "").data;
    for table in TABLES {
        bank.execute(&format!("DELETE FROM {table}"));
    }
    assert_eq!(views(&bank, "").data, before);
    let report = crate::audit::check_invariants(&bank.service).unwrap();
    assert_eq!(report.violations().next(), None);
}

#[test]
fn an_index_ahead_of_a_journal_that_was_restored_or_of_another_answers_nothing() {
    let bank = busy();
    views(&bank, "");
    let (store, ledger) = (&bank.service.store, &bank.service.ledger);
    check_place(store, ledger).unwrap();
    bank.execute("UPDATE listed_head SET sequence = sequence + 1");
    assert!(matches!(follow(store, ledger, 1), Err(Error::Ahead)));
    assert_eq!(refusal(bank.list(&teller(), "")), "503 service_unavailable");
    // That of another journal.
    bank.execute("UPDATE listed_head SET sequence = sequence - 1");
    check_place(store, ledger).unwrap();
    bank.execute(
        "UPDATE listed SET id = randomblob(16) WHERE sequence = (SELECT max(sequence) FROM listed)",
    );
    assert!(matches!(check_place(store, ledger), Err(Error::Ahead)));
}

#[test]
fn a_list_waits_for_no_more_than_some_parts_of_the_journal() {
    // More rows, or more bytes of notes, than one part has.
    for (keys, length, transfers) in [(50, 70, 300), (8, 480, 600)] {
        let bank = Bank::with(MORNING_MS, "700");
        let notes = (0..keys).map(|key| (key.to_string(), "x".repeat(length).into()));
        let notes = Json::Object(notes.collect());
        for number in 0..transfers {
            let body = changed(bank.body("1"), &json!({"metadata": notes}));
            let sent = bank.request(&alice(), Call::Transfer, &number.to_string(), &body);
            assert_eq!(outcome(&sent), "201");
        }
        let (store, ledger) = (&bank.service.store, &bank.service.ledger);
        assert!(!follow(store, ledger, 1).unwrap(), "{keys} keys");
        assert!(follow(store, ledger, PARTS_PER_TICK_MAX).unwrap());
        assert_eq!(views(&bank, "metadata.7=nothing").data.len(), 0);
        let indexed = "SELECT count(*) FROM listed";
        let rows = store.query(indexed, &[]).unwrap().first().unwrap();
        assert_eq!(rows.integer(0), Ok(transfers + 1));
    }
}

/// A store that keeps its reads, each with the steps of its plan.
struct Planned {
    store: SqliteStore,
    asked: RefCell<Vec<(String, Vec<String>)>>,
}

impl Reader for Planned {
    fn query(&self, sql: &str, params: &[Value]) -> Result<Rows, StoreError> {
        let explain = format!("EXPLAIN QUERY PLAN {sql}");
        let plan = self.store.query(&explain, params)?;
        let steps = plan.into_iter().map(|row| row.text(3).unwrap());
        let asked = (sql.to_owned(), steps.collect());
        self.asked.borrow_mut().push(asked);
        self.store.query(sql, params)
    }
}

impl Store for Planned {
    type Transaction = SqliteTransaction;

    fn begin(&self) -> Result<SqliteTransaction, StoreError> {
        self.store.begin()
    }
}

#[test]
fn no_filter_scans_or_sorts() {
    let bank = busy();
    views(&bank, "");
    let all = format!(
        "account_id={}&type=transfer&status=posted&from=2026-01-01T00:00:00Z\
         &to=2036-01-01T00:00:00Z&reference=rent&min_amount=1&max_amount=10000\
         &initiator_id={ALICE}&metadata.invoice=7",
        bank.alice.id
    );
    let filters: Vec<&str> = all.split('&').collect();
    let pairs: Vec<String> = filters.windows(2).map(|pair| pair.join("&")).collect();
    let pairs = pairs.iter().map(String::as_str);
    for query in filters.iter().copied().chain(pairs).chain([&*all, ""]) {
        let first: Page<i64, ListFilter> = Page::from_query("/", query).unwrap();
        let store = Planned {
            store: bank.service.store.clone(),
            asked: RefCell::default(),
        };
        search(&store, &first.filter, Scope::User(ALICE), &first.window()).unwrap();
        for (sql, steps) in store.asked.take() {
            let starts = ["SCAN (subquery", "CO-ROUTINE", "SCAN listed_head", "SEARCH"];
            for step in steps {
                let is_good = starts.iter().any(|start| step.starts_with(start));
                assert!(is_good || step.contains("SUBQUERY"), "{query}: {step}");
            }
            // SQLite would check any other bound row by row, along the whole journal.
            let bounds = ['<', '>'].map(|it| sql.matches(&format!("looked.sequence {it}")).count());
            assert!(bounds == [0, 0] || bounds == [1, 1], "{query}: {sql}");
        }
    }
}

#[test]
fn a_page_looks_at_a_bounded_number_of_rows_and_says_that_there_may_be_more() {
    let bank = Bank::new();
    views(&bank, "");
    // One of many rows has the amount 7.
    let last = 2 * ROWS_LOOKED_AT_MAX + 10;
    bank.execute(&format!(
        "WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i <= {last})
        INSERT INTO listed SELECT i, CAST(printf('%016d', i) AS BLOB), type, status,
            iif(i = 3, 700, 100), scale, 'rent', initiator_id, asked_for_id, payer_id,
            created_at_ms, recorded_at_ms FROM n, listed WHERE sequence = 1"
    ));
    let store = &bank.service.store;
    let read = |query: &str| {
        let page: Page<i64, ListFilter> = Page::from_query("/", query).unwrap();
        let found = search(store, &page.filter, Scope::All, &page.window()).unwrap();
        List::cut(found.rows, &page, |row| row.sequence, found.reached)
    };
    let mut query = "reference=rent&min_amount=7".to_owned();
    for (sequences, has_more) in [(&[][..], true), (&[], true), (&[3], false)] {
        let page = read(&query);
        let found: Vec<_> = page.data.iter().map(|row| row.sequence).collect();
        assert_eq!((&found[..], page.has_more), (sequences, has_more));
        let cursor = page.next_cursor.unwrap_or_default();
        query = format!("reference=rent&min_amount=7&cursor={cursor}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn a_list_is_walked_forth_and_back(
        amounts in prop::collection::vec(1..60_u32, 1..25), limit in 1..7_usize, by_status: bool,
    ) {
        let bank = Bank::with(MORNING_MS, "500");
        for (number, amount) in amounts.iter().enumerate() {
            bank.send(&number.to_string(), &amount.to_string()).unwrap();
        }
        let query = if by_status { "status=posted&min_amount=20" } else { "min_amount=20" };
        let all = views(&bank, &format!("{query}&limit=500")).data;
        let at = |cursor: &str| views(&bank, &format!("{query}&limit={limit}&cursor={cursor}"));
        let mut page = views(&bank, &format!("{query}&limit={limit}"));
        let mut pages = vec![page.data];
        while let Some(cursor) = page.next_cursor {
            page = at(&cursor);
            pages.push(page.data.clone());
        }
        prop_assert_eq!(pages.concat(), all);
        pages.pop();
        while let Some(cursor) = page.previous_cursor {
            page = at(&cursor);
            prop_assert_eq!(Some(page.data.clone()), pages.pop());
        }
        prop_assert!(pages.is_empty());
    }
}
