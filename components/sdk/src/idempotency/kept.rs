//! The table of kept replies, in the store of each service that keeps some.
//!
//! A row belongs to one object that its request made, so the limits of these objects bound the
//! rows.

use super::StoredReply;
use crate::store::{Migration, Reader, Row, Store, StoreError, Transaction, Value, purge};
use http::StatusCode;
use uuid::Uuid;

/// How long a reply is kept, in milliseconds: 30 days.
pub const REPLIES_KEPT_MS: i64 = 30 * 24 * 3_600 * 1_000;

/// One sweep deletes at most so many rows: a few milliseconds of the writer.
const SWEPT_ROWS_MAX: i64 = 256;

/// `request` is the id derived of principal and key; `fingerprint` tells the request from another
/// under the same key. The status is 201 in all rows.
const KEPT_REPLY: &str = "CREATE TABLE kept_reply (
    request     BLOB    PRIMARY KEY CHECK (length(request) = 16),
    fingerprint BLOB    NOT NULL CHECK (length(fingerprint) = 32),
    body        TEXT    NOT NULL,
    kept_at_ms  INTEGER NOT NULL
) STRICT, WITHOUT ROWID";

const FIND: &str = "SELECT fingerprint, body FROM kept_reply WHERE request = ?1";

const INSERT: &str =
    "INSERT INTO kept_reply (request, fingerprint, body, kept_at_ms) VALUES (?1, ?2, ?3, ?4)";

const OLD: &str =
    "SELECT request FROM kept_reply WHERE kept_at_ms < ?1 ORDER BY kept_at_ms LIMIT ?2";

/// The migration that makes the table, as step `number` of the service's schema.
pub const fn migration(number: i64) -> Migration {
    Migration {
        number,
        name: "kept replies",
        statements: &[
            KEPT_REPLY,
            "CREATE INDEX kept_reply_by_age ON kept_reply (kept_at_ms)",
        ],
    }
}

/// Deletes some of the replies that are older than [`REPLIES_KEPT_MS`]. The service's tick calls
/// it.
///
/// # Errors
/// [`StoreError`]: the next sweep deletes them.
pub fn sweep<S: Store>(store: &S, now_ms: i64) -> Result<(), StoreError> {
    let oldest_kept_ms = now_ms.saturating_sub(REPLIES_KEPT_MS);
    let params = [Value::from(oldest_kept_ms), Value::from(SWEPT_ROWS_MAX)];
    purge(store, "kept_reply", "request", OLD, &params)
}

/// A reply, and the request that it belongs to.
pub(super) struct Kept {
    pub(super) fingerprint: [u8; 32],
    pub(super) reply: StoredReply,
}

pub(super) fn find(from: &impl Reader, request: Uuid) -> Result<Option<Kept>, StoreError> {
    from.query(FIND, &[request.into()])?.one(from_row)
}

fn from_row(row: &Row) -> Result<Kept, StoreError> {
    Ok(Kept {
        fingerprint: row.bytes32(0)?,
        reply: StoredReply {
            status: StatusCode::CREATED.as_u16(),
            body: row.text(1)?,
            problem: None,
            repeated: true,
        },
    })
}

/// Keeps the body of a 201 with the transaction that makes what it describes.
pub(super) fn insert(
    transaction: &impl Transaction,
    request: Uuid,
    fingerprint: &[u8; 32],
    body: String,
    now_ms: i64,
) -> Result<(), StoreError> {
    let params = vec![
        Value::from(request),
        Value::from(fingerprint.as_slice()),
        Value::from(body),
        Value::from(now_ms),
    ];
    transaction.change(INSERT, params, 1)
}
