//! Figures of a service for operators: what `strongroom:service/metrics` returns.
//!
//! ```
//! use strongroom_sdk::metrics::Metric;
//!
//! let waiting = Metric::gauge("parcels_waiting", "Parcels that wait to be fetched.", 7);
//! let sent = Metric::counters(
//!     "parcels_total",
//!     "Parcels, by how they were sent.",
//!     "by",
//!     [("rail".to_owned(), 3), ("road".to_owned(), 4)],
//! );
//! assert_eq!((waiting.samples.len(), sent.samples.len()), (1, 2));
//! ```

use crate::store::{Store, StoreError};

/// [`count`] goes so far: the host asks several times in a minute, so that a count must stay cheap.
pub const COUNT_MAX: u32 = 100_000;

/// Whether a value can go down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// It only grows.
    Counter,
    /// It goes up and down.
    Gauge,
}

/// A value, and what sets it apart from the metric's other values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sample {
    /// Names with values.
    pub labels: Vec<(String, String)>,
    /// The value.
    pub value: i64,
}

/// A figure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Metric {
    /// The name, without the host's prefix.
    pub name: &'static str,
    /// What it is, in a line.
    pub help: &'static str,
    /// Whether it can go down.
    pub kind: Kind,
    /// Its values.
    pub samples: Vec<Sample>,
}

impl Metric {
    /// A value that goes up and down.
    pub fn gauge(name: &'static str, help: &'static str, value: i64) -> Self {
        Self::of_one(name, help, Kind::Gauge, value)
    }

    /// A value that only grows. The name ends in `_total`.
    pub fn counter(name: &'static str, help: &'static str, value: i64) -> Self {
        Self::of_one(name, help, Kind::Counter, value)
    }

    /// Values that go up and down, each with its value of one label.
    pub fn gauges(
        name: &'static str,
        help: &'static str,
        label: &str,
        values: impl IntoIterator<Item = (String, i64)>,
    ) -> Self {
        Self::of_many(name, help, Kind::Gauge, label, values)
    }

    /// Values that only grow, each with its value of one label.
    pub fn counters(
        name: &'static str,
        help: &'static str,
        label: &str,
        values: impl IntoIterator<Item = (String, i64)>,
    ) -> Self {
        Self::of_many(name, help, Kind::Counter, label, values)
    }

    fn of_one(name: &'static str, help: &'static str, kind: Kind, value: i64) -> Self {
        let labels = Vec::new();
        Self {
            name,
            help,
            kind,
            samples: vec![Sample { labels, value }],
        }
    }

    fn of_many(
        name: &'static str,
        help: &'static str,
        kind: Kind,
        label: &str,
        values: impl IntoIterator<Item = (String, i64)>,
    ) -> Self {
        let samples = values.into_iter().map(|(value_of_label, value)| Sample {
            labels: vec![(label.to_owned(), value_of_label)],
            value,
        });
        Self {
            name,
            help,
            kind,
            samples: samples.collect(),
        }
    }
}

/// How many rows there are of `table`, at most [`COUNT_MAX`]. `table` is what follows `FROM`, with
/// a condition that an index answers.
///
/// # Errors
/// [`StoreError`].
pub fn count(store: &impl Store, table: &str) -> Result<i64, StoreError> {
    let sql = format!("SELECT count(*) FROM (SELECT 1 FROM {table} LIMIT {COUNT_MAX})");
    store.query(&sql, &[])?.number()
}
