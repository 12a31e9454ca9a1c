//! What the native tests of services share: tables, parts of documents, requests, and stores.

use crate::audit::Report;
use crate::http::ready::ready;
use crate::idempotency::{IdempotencyKey, StoredReply};
use crate::json;
use crate::metrics::Metric;
use crate::problem::Problem;
use crate::store::{Migration, Rows, SqliteStore, Store, Transaction, migrate};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
#[doc(hidden)]
pub use serde_json::json;
use std::cell::Cell;
use std::fmt::Debug;
use std::future::Future;
use std::rc::Rc;

/// An array with one row on each line, which rustfmt leaves as they are.
#[macro_export]
macro_rules! rows {
    ($($row:expr),* $(,)?) => { [$($row),*] };
}

/// Asserts that a document has these members, and maybe others; `null` also is one that is missing.
#[macro_export]
macro_rules! assert_json {
    ($found:expr, $part:tt) => {{
        let part = $crate::testing::json!($part);
        assert_eq!($crate::testing::part_of(&$found, &part), part);
    }};
}

/// The [`words_of`] the problem that a call ended in.
pub fn refusal<T>(result: Result<T, impl Into<Problem>>) -> String {
    words_of(&result.err().expect("a refusal").into())
}

/// The status and the code of a problem, and its first pointer if there is one.
#[must_use]
pub fn words_of(problem: &Problem) -> String {
    let (status, code) = (problem.status().as_u16(), problem.code());
    match problem.errors().first() {
        Some(error) => format!("{status} {code} {}", error.pointer),
        None => format!("{status} {code}"),
    }
}

/// The pointer of the first error of a 422, and what it says.
pub fn told<T>(read: Result<T, Problem>) -> String {
    let problem = read.err().expect("a refusal");
    assert_eq!(problem.status(), 422, "{problem:?}");
    let error = &problem.errors()[0];
    format!("{} {}", error.pointer, error.detail)
}

/// The output of a future that does not wait for anything.
pub fn now<F: Future>(future: F) -> F::Output {
    ready(future).expect("a future that does not wait")
}

/// The members of `found` that `like` has too.
#[must_use]
pub fn part_of(found: &Value, like: &Value) -> Value {
    match like {
        Value::Object(members) => {
            let part = members
                .iter()
                .map(|(name, like)| (name.clone(), part_of(&found[name], like)));
            Value::Object(part.collect())
        }
        _ => found.clone(),
    }
}

/// Reads the body of a request.
pub fn read<T: DeserializeOwned>(body: &Value) -> Result<T, Problem> {
    json::from_slice(body.to_string().as_bytes())
}

/// The key of a request that has this header.
pub fn key_of(header: &str) -> IdempotencyKey {
    IdempotencyKey::from_header([header.as_bytes()]).expect("a key")
}

/// A view as its client gets it.
pub fn json_of(view: impl Serialize) -> Value {
    serde_json::to_value(view).expect("JSON")
}

/// The body of a reply.
pub fn body_of(reply: &StoredReply) -> Value {
    serde_json::from_str(&reply.body).expect("JSON")
}

/// The figures by their names, each followed by its label if it has one.
pub fn figures(found: Result<Vec<Metric>, impl Debug>) -> Value {
    let mut figures = serde_json::Map::new();
    for metric in found.expect("the figures") {
        for sample in metric.samples {
            let labels = sample.labels.iter().map(|(_, label)| format!(" {label}"));
            let name = format!("{}{}", metric.name, labels.collect::<String>());
            figures.insert(name, sample.value.into());
        }
    }
    Value::Object(figures)
}

/// What an audit has found.
pub fn violations(report: Result<Report, impl Debug>) -> Vec<String> {
    let report = report.expect("a report");
    let texts = report.violations().map(|(_, text)| text.to_owned());
    texts.collect()
}

/// Asserts that an audit has found this after a change.
pub fn assert_found(report: Result<Report, impl Debug>, words: &str, change: &str) {
    let found = violations(report);
    let is_named = found.iter().any(|text| text.contains(words));
    assert!(is_named, "{change}: {found:?}");
}

type Act = Box<dyn FnOnce()>;

/// What happens once, while a call is on its way to another part of the bank.
#[derive(Clone, Default)]
pub struct Meanwhile(Rc<Cell<Option<Act>>>);

impl Meanwhile {
    /// Has this happen during the next call.
    pub fn set(&self, act: impl FnOnce() + 'static) {
        self.0.set(Some(Box::new(act)));
    }

    /// The moment of the call.
    pub fn happen(&self) {
        if let Some(act) = self.0.take() {
            act();
        }
    }
}

/// A store in memory with the tables of a service.
pub fn store_of(migrations: &[Migration]) -> SqliteStore {
    let store = SqliteStore::in_memory().expect("a store");
    migrate(&store, migrations).expect("its tables");
    store
}

/// What tests ask of a store, and do to it behind its service.
pub trait TestStore: Store {
    /// Runs a statement, and returns how many rows it changed.
    fn execute(&self, sql: &str) -> u64 {
        let transaction = self.begin().expect(sql);
        let changed = transaction.execute(sql, &[]).expect(sql);
        transaction.commit().expect(sql);
        changed
    }

    /// The number that a query selects.
    fn number(&self, sql: &str) -> i64 {
        self.query(sql, &[]).and_then(Rows::number).expect(sql)
    }

    /// How many rows a table has, or those `WHERE` it says.
    fn count(&self, rows: &str) -> i64 {
        self.number(&format!("SELECT count(*) FROM {rows}"))
    }

    /// Has each change fail from now on that is, say, an `UPDATE ON` a table, as a crash does.
    fn crash_at(&self, change: &str) {
        self.execute(&format!(
            "CREATE TRIGGER crash BEFORE {change} BEGIN SELECT RAISE(ABORT, 'crash'); END"
        ));
    }

    /// Ends what [`crash_at`](Self::crash_at) began.
    fn end_crash(&self) {
        self.execute("DROP TRIGGER crash");
    }

    /// The steps of SQLite's plan for a query with so many parameters.
    fn plan(&self, sql: &str, parameters: usize) -> Vec<String> {
        let plan = format!("EXPLAIN QUERY PLAN {sql}");
        let steps = self.query(&plan, &vec![crate::store::Value::Null; parameters]);
        steps
            .and_then(|steps| steps.all(|step| step.text(3)))
            .expect(sql)
    }
}

impl<S: Store> TestStore for S {}
