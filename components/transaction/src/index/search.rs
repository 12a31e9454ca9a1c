//! A page of the index.
//!
//! Of the filters that have an index, the one with the fewest rows drives; the others are checked
//! row by row. A page looks at no more than [`ROWS_LOOKED_AT_MAX`] rows: a filter that matches few
//! of them gives a short page, and the next one goes on from there.

use super::filter::ListFilter;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use strongroom_sdk::money::SCALE_MAX;
use strongroom_sdk::page::Window;
use strongroom_sdk::store::{Store, StoreError, Value};
use uuid::Uuid;

/// How many rows a page looks at.
pub const ROWS_LOOKED_AT_MAX: i64 = 10_000;

const DELAYS: &str = "SELECT delay_min_ms, delay_max_ms FROM listed_head";

const FIRST_SINCE: &str = "\
SELECT sequence FROM listed WHERE recorded_at_ms >= ?1 ORDER BY recorded_at_ms, sequence LIMIT 1";

const LAST_UNTIL: &str = "\
SELECT sequence FROM listed WHERE recorded_at_ms <= ?1
ORDER BY recorded_at_ms DESC, sequence DESC LIMIT 1";

/// Whose notes a caller may search.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Everybody's: staff and clients.
    All,
    /// Those of what this user pays or has requested. A payee does not see a payer's notes, and
    /// must not learn them by a search.
    User(Uuid),
}

/// A transaction that matches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Listed {
    /// Its place in the journal.
    pub sequence: i64,
    /// Its id.
    pub id: Uuid,
}

/// The rows of a page, in the order of its window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Matches {
    /// What matches.
    pub rows: Vec<Listed>,
    /// The last row that was looked at, if there may be more behind it.
    pub reached: Option<i64>,
}

/// SQL with its values.
#[derive(Debug, Clone, Default)]
struct Condition {
    sql: String,
    values: Vec<Value>,
}

impl Condition {
    fn new(sql: impl Into<String>, values: impl IntoIterator<Item = Value>) -> Self {
        Self {
            sql: sql.into(),
            values: values.into_iter().collect(),
        }
    }
}

/// A filter that has an index.
struct Indexed {
    /// The table with the index; its rows have a `sequence`.
    table: &'static str,
    /// On that table.
    own: Condition,
    /// The same on a row of `listed`.
    checked: Condition,
}

/// The transactions of a page.
pub fn search<S: Store>(
    store: &S,
    filter: &ListFilter,
    scope: Scope,
    window: &Window,
) -> Result<Matches, StoreError> {
    let nothing = Matches {
        rows: Vec::new(),
        reached: None,
    };
    let Some((first, last)) = sequences(store, filter)? else {
        return Ok(nothing);
    };
    let mut indexed = indexed(filter);
    let driver = match fewest_rows(store, &indexed)? {
        Some(index) => indexed.swap_remove(index),
        None => Indexed {
            table: "listed",
            own: Condition::new("TRUE", []),
            checked: Condition::default(),
        },
    };
    let mut conditions: Vec<_> = indexed.into_iter().map(|other| other.checked).collect();
    conditions.extend(unindexed(filter, scope));
    let [key, end] = window.within(first, last);
    let range = |end| {
        let sql = format!(
            "{} AND looked.sequence {{beyond}} ? AND looked.sequence {{until}} ?",
            driver.own.sql
        );
        let bounds = [key.clone(), end];
        Condition::new(sql, driver.own.values.iter().cloned().chain(bounds))
    };
    let reached = last_looked_at(store, driver.table, &range(end.clone()), window)?;
    let Condition {
        sql: range,
        mut values,
    } = range(reached.map_or(end, Value::from));
    let mut sql = format!(
        "SELECT listed.sequence, listed.id FROM {} AS looked \
         CROSS JOIN listed ON listed.sequence = looked.sequence WHERE {range}",
        driver.table
    );
    for condition in conditions {
        sql += " AND ";
        sql += &condition.sql;
        values.extend(condition.values);
    }
    sql += " ORDER BY looked.sequence {order} LIMIT ?";
    values.push(window.fetch.into());
    let rows = store.query(&window.sql(&sql), &values)?;
    let rows = rows.all(|row| {
        Ok(Listed {
            sequence: row.integer(0)?,
            id: row.uuid(1)?,
        })
    })?;
    Ok(Matches { rows, reached })
}

/// The last row that a page looks at, if there are more.
fn last_looked_at<S: Store>(
    store: &S,
    table: &str,
    range: &Condition,
    window: &Window,
) -> Result<Option<i64>, StoreError> {
    let sql = format!(
        "SELECT looked.sequence FROM {table} AS looked WHERE {} \
         ORDER BY looked.sequence {{order}} LIMIT 1 OFFSET {}",
        range.sql,
        ROWS_LOOKED_AT_MAX - 1
    );
    let rows = store.query(&window.sql(&sql), &range.values)?;
    rows.one(|row| row.integer(0))
}

/// The place of the indexed filter with the fewest rows.
fn fewest_rows<S: Store>(store: &S, indexed: &[Indexed]) -> Result<Option<usize>, StoreError> {
    if indexed.len() < 2 {
        return Ok((!indexed.is_empty()).then_some(0));
    }
    let mut fewest = None;
    for (index, candidate) in indexed.iter().enumerate() {
        let sql = format!(
            "SELECT count(*) FROM (SELECT 1 FROM {} AS looked WHERE {} LIMIT {ROWS_LOOKED_AT_MAX})",
            candidate.table, candidate.own.sql
        );
        let count = store.query(&sql, &candidate.own.values)?.number()?;
        if fewest.is_none_or(|(least, _)| count < least) {
            fewest = Some((count, index));
        }
    }
    Ok(fewest.map(|(_, index)| index))
}

/// The first and the last place in the journal that may match the times; none if nothing can.
///
/// The journal is in the order of decisions, and a filter asks for the times of requests: the
/// greatest distance between the two, which the index keeps, says where to look.
fn sequences<S: Store>(store: &S, filter: &ListFilter) -> Result<Option<(i64, i64)>, StoreError> {
    let (mut first, mut last) = (0, i64::MAX);
    if filter.from_ms.is_none() && filter.to_ms.is_none() {
        return Ok(Some((first, last)));
    }
    let Some(delays) = store.query(DELAYS, &[])?.first() else {
        return Ok(None);
    };
    let place = |sql, at_ms: i64| store.query(sql, &[at_ms.into()])?.one(|row| row.integer(0));
    if let Some(from) = filter.from_ms {
        match place(FIRST_SINCE, from.saturating_add(delays.integer(0)?))? {
            Some(sequence) => first = sequence,
            None => return Ok(None),
        }
    }
    if let Some(to) = filter.to_ms {
        match place(LAST_UNTIL, to.saturating_add(delays.integer(1)?))? {
            Some(sequence) => last = sequence,
            None => return Ok(None),
        }
    }
    Ok(Some((first, last)))
}

fn indexed(filter: &ListFilter) -> Vec<Indexed> {
    let mut indexed = Vec::new();
    if let Some(account) = filter.account_id {
        let sql = "EXISTS (SELECT 1 FROM listed_account \
            WHERE account_id = ? AND sequence = listed.sequence)";
        indexed.push(Indexed {
            table: "listed_account",
            own: Condition::new("looked.account_id = ?", [account.into()]),
            checked: Condition::new(sql, [account.into()]),
        });
    }
    for (key, value) in &filter.metadata {
        let values = || [key, value].map(|text| Value::from(text.as_str()));
        let sql = "EXISTS (SELECT 1 FROM listed_metadata \
            WHERE key = ? AND value = ? AND sequence = listed.sequence)";
        indexed.push(Indexed {
            table: "listed_metadata",
            own: Condition::new("looked.key = ? AND looked.value = ?", values()),
            checked: Condition::new(sql, values()),
        });
    }
    let mut column = |name: &str, value: Value| {
        indexed.push(Indexed {
            table: "listed",
            own: Condition::new(format!("looked.{name} = ?"), [value.clone()]),
            // The `+` keeps SQLite from an index that does not drive.
            checked: Condition::new(format!("+listed.{name} = ?"), [value]),
        });
    };
    if let Some(reference) = &filter.reference {
        column("reference", reference.as_str().into());
    }
    if let Some(initiator) = filter.initiator_id {
        column("initiator_id", initiator.into());
    }
    if let Some(status) = filter.status {
        column("status", status.into());
    }
    if let Some(kind) = filter.kind {
        column("type", kind.as_str().into());
    }
    indexed
}

/// What is checked row by row alone.
fn unindexed(filter: &ListFilter, scope: Scope) -> Vec<Condition> {
    let mut conditions = Vec::new();
    let times = [(filter.from_ms, ">="), (filter.to_ms, "<=")];
    for (time, comparison) in times {
        conditions.extend(time.map(|time| {
            Condition::new(
                format!("listed.created_at_ms {comparison} ?"),
                [time.into()],
            )
        }));
    }
    let min = filter.min_amount;
    conditions.extend(min.map(|amount| amount_condition(">=", amount, Decimal::ceil)));
    let max = filter.max_amount;
    conditions.extend(max.map(|amount| amount_condition("<=", amount, Decimal::floor)));
    let tells_of_payers = !filter.metadata.is_empty() || filter.initiator_id.is_some();
    if let (Scope::User(user), true) = (scope, tells_of_payers) {
        let sql = "(listed.payer_id = ? OR listed.asked_for_id = ?)";
        conditions.push(Condition::new(sql, [user.into(), user.into()]));
    }
    conditions
}

/// Compares amounts exactly, in the minor units of each scale.
fn amount_condition(
    comparison: &str,
    amount: Decimal,
    rounded: fn(&Decimal) -> Decimal,
) -> Condition {
    let mut condition = Condition::new(
        format!("listed.amount_minor {comparison} CASE listed.scale"),
        [],
    );
    for scale in 0..=SCALE_MAX {
        let factor = Decimal::from(10_i64.pow(scale));
        // Beyond every amount of a ledger that counts in i64.
        let minor = amount
            .checked_mul(factor)
            .and_then(|minor| rounded(&minor).to_i64())
            .unwrap_or(i64::MAX);
        condition.sql += &format!(" WHEN {scale} THEN ?");
        condition.values.push(minor.into());
    }
    condition.sql += " END";
    condition
}
