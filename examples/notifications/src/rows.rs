//! The statements of the two tables.

use crate::notification::Notice;
use strongroom_ledger_api::Posting;
use strongroom_sdk::money::{Currency, Money};
use strongroom_sdk::page::Window;
use strongroom_sdk::store::{Row, Store, StoreError, Transaction, Value};
use uuid::Uuid;

const COLUMNS: &str = "sequence, id, event, account_id, transaction_id, amount_minor, currency, \
    reference, created_at_ms, read_at_ms";

const INSERT: &str = "\
INSERT INTO notification
    (id, owner_id, journal_sequence, event, account_id, transaction_id, amount_minor, currency,
    reference, created_at_ms)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";

const MARK_READ: &str = "UPDATE notification SET read_at_ms = ?3 \
    WHERE id = ?1 AND owner_id = ?2 AND read_at_ms IS NULL";

/// A notification as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notification {
    /// The place in the feed; higher is newer.
    pub sequence: u64,
    /// The id that clients see.
    pub id: Uuid,
    /// The word of an [`Event`](crate::notification::Event).
    pub event: String,
    /// The reader's account.
    pub account_id: Uuid,
    /// The transaction that changed it.
    pub transaction_id: Uuid,
    /// The amount of the transaction, or of its entry on the account.
    pub amount: Money,
    /// The reference that both parties see.
    pub reference: Option<String>,
    /// When the ledger decided, in milliseconds since 1970 UTC.
    pub created_at_ms: i64,
    /// When the reader first marked it as read, in milliseconds since 1970 UTC.
    pub read_at_ms: Option<i64>,
}

impl Notification {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        let currency = Currency::from_code(&row.text(6)?)
            .map_err(|error| StoreError::Row(error.to_string()))?;
        Ok(Self {
            sequence: row.integer(0)?.unsigned_abs(),
            id: row.uuid(1)?,
            event: row.text(2)?,
            account_id: row.uuid(3)?,
            transaction_id: row.uuid(4)?,
            amount: Money::from_minor(row.integer(5)?, currency),
            reference: row.optional(7, Row::text)?,
            created_at_ms: row.integer(8)?,
            read_at_ms: row.optional(9, Row::integer)?,
        })
    }
}

/// The last sequence of the journal that was read.
pub fn cursor<S: Store>(store: &S) -> Result<u64, StoreError> {
    let row = store
        .query("SELECT after FROM journal_cursor", &[])?
        .first();
    let after = row.map_or(Ok(0), |row| row.integer(0))?;
    Ok(after.unsigned_abs())
}

/// Moves the cursor from `from` to `to`; false if another generation has moved it.
pub fn move_cursor(transaction: &impl Transaction, from: u64, to: u64) -> Result<bool, StoreError> {
    let params = [integer(from)?, integer(to)?];
    let moved = transaction.execute(
        "UPDATE journal_cursor SET after = ?2 WHERE after = ?1",
        &params,
    )?;
    Ok(moved == 1)
}

/// Writes a notice of a posting.
pub fn insert(
    transaction: &impl Transaction,
    id: Uuid,
    posting: &Posting,
    notice: &Notice,
) -> Result<(), StoreError> {
    let params = [
        Value::from(id),
        Value::from(notice.owner_id),
        integer(posting.sequence)?,
        Value::from(notice.event.as_str()),
        Value::from(notice.account_id),
        Value::from(posting.id),
        Value::from(notice.amount.minor()),
        Value::from(notice.amount.currency().code()),
        Value::from(posting.reference.as_deref()),
        Value::from(posting.recorded_at_ms),
    ];
    transaction.execute(INSERT, &params).map(drop)
}

/// A page of a reader's notifications.
pub fn newest<S: Store>(
    store: &S,
    owner_id: Uuid,
    window: &Window,
) -> Result<Vec<Notification>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM notification WHERE owner_id = ?1 AND sequence {{beyond}} ?2 \
         ORDER BY sequence {{order}} LIMIT ?3"
    );
    let params = [owner_id.into(), window.key(), window.fetch.into()];
    let rows = store.query(&window.sql(&sql), &params)?;
    rows.into_iter()
        .map(|row| Notification::from_row(&row))
        .collect()
}

/// Records when an owner first read a notification; none if it is another owner's.
pub fn mark_read(
    transaction: &impl Transaction,
    id: Uuid,
    owner_id: Uuid,
    now_ms: i64,
) -> Result<Option<Notification>, StoreError> {
    let ids = [Value::from(id), Value::from(owner_id)];
    transaction.execute(
        MARK_READ,
        &[ids[0].clone(), ids[1].clone(), Value::from(now_ms)],
    )?;
    let sql = format!("SELECT {COLUMNS} FROM notification WHERE id = ?1 AND owner_id = ?2");
    let row = transaction.query(&sql, &ids)?.first();
    row.map(|row| Notification::from_row(&row)).transpose()
}

/// SQLite's integers are signed; no journal is that long.
fn integer(number: u64) -> Result<Value, StoreError> {
    i64::try_from(number)
        .map(Value::from)
        .map_err(|_| StoreError::Row(format!("{number} is beyond any journal")))
}
