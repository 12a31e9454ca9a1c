//! Queries of the journal: on durable snapshots, and of a known id in a transaction.

use super::journal::{JournalRow, journal_row_sql, resolution};
use crate::schema::declined_by;
use std::collections::HashMap;
use strongroom_ledger_api::{
    JOURNAL_LIMIT_MAX, LOOKUP_IDS_MAX, LedgerError, Posting, Reply, Transfer,
};
use strongroom_sdk::store::{ManyRows, Row, Rows, Store, StoreError, Transaction, Value};
use uuid::Uuid;

/// The rows of one query. With the longest texts they stay well below the host's limit of a result.
const JOURNAL_ROWS_AT_ONCE: u32 = 250;
/// The bytes of references, metadata, and legs after which a list ends early, so that it passes a
/// link.
const TEXT_BYTES_FULL: usize = 1 << 20;
/// What a leg counts beside them: about what it takes of the host's limit of a link call.
const LEG_BYTES: usize = 512;

const BY_ID: &str = journal_row_sql!("WHERE transfer.id = ?1");

const BY_IDS_RESOLVED: ManyRows = ManyRows {
    before: journal_row_sql!(resolved "WHERE transfer.id IN (VALUES "),
    row: "(?)",
    after: ")",
};

const AFTER: &str =
    journal_row_sql!("WHERE transfer.sequence > ?1 ORDER BY transfer.sequence LIMIT ?2");

/// The rows that concern the user `?1` above the sequence `?2`.
///
/// Each arm finds one kind of row by its own index, for each of `mine`: the keys of the user's
/// accounts, and the user's id, under which `transfer_declined` has the declines that name no
/// account. A user may have many accounts with many rows each. So each arm looks at a share of the
/// `?3` rows for each account, at least 10. `bound` is the first place where a share is used up: up
/// to there no arm lacks a row. So a list may be short, and is empty only at the end.
macro_rules! after_of_user_sql {
    ($($condition:expr),+ $(,)?) => {
        journal_row_sql!(concat!(
            "WHERE transfer.sequence IN (
        WITH mine(key) AS MATERIALIZED (
            SELECT key FROM account WHERE owner_id = ?1 UNION ALL SELECT ?1),
        share(before_last) AS MATERIALIZED (
            SELECT max(?3 / max(count(*) - 1, 1), 10) - 1 FROM mine),
        bound(at) AS MATERIALIZED (
            SELECT coalesce(min(at), 9223372036854775807) FROM (
                SELECT (SELECT transfer_sequence FROM entry
                    WHERE account_key = mine.key AND transfer_sequence > ?2
                    ORDER BY transfer_sequence
                    LIMIT 1 OFFSET (SELECT before_last FROM share)) AS at FROM mine",
            $(
                "
                UNION ALL
                SELECT (SELECT sequence FROM transfer WHERE sequence > ?2 AND ",
                $condition,
                "
                    ORDER BY sequence LIMIT 1 OFFSET (SELECT before_last FROM share)) FROM mine",
            )+
            "))
        SELECT entry.transfer_sequence FROM mine CROSS JOIN entry
            WHERE entry.account_key = mine.key AND entry.transfer_sequence > ?2
                AND entry.transfer_sequence <= (SELECT at FROM bound)",
            $(
                "
        UNION ALL
        SELECT sequence FROM mine CROSS JOIN transfer
            WHERE sequence > ?2 AND sequence <= (SELECT at FROM bound) AND ",
                $condition,
            )+
            ")
     ORDER BY transfer.sequence LIMIT ?3"
        ))
    };
}

/// The `+` removes a key's affinity; with it SQLite does not use an index on an expression.
pub(super) const AFTER_OF_USER: &str = after_of_user_sql!(
    concat!("status = 'declined' AND ", declined_by!(), " = +mine.key"),
    "status = 'pending' AND debit_account_key = mine.key",
    "(status = 'voided' OR status = 'expired') AND debit_account_key = mine.key",
    "status = 'pending' AND credit_account_key = mine.key",
    "(status = 'voided' OR status = 'expired') AND credit_account_key = mine.key",
);

/// The postings of ids, in the order of the ids, each with its resolution.
///
/// # Errors
/// [`LedgerError::Invalid`] for more than [`LOOKUP_IDS_MAX`] ids.
pub fn lookup_many<S: Store>(store: &S, ids: &[Uuid]) -> Result<Vec<Option<Posting>>, LedgerError> {
    if ids.len() > LOOKUP_IDS_MAX {
        return Err(LedgerError::invalid("ids"));
    }
    let mut found = HashMap::with_capacity(ids.len());
    let values = ids.iter().map(|id| Value::from(*id)).collect();
    for statement in BY_IDS_RESOLVED.statements(values) {
        for row in store.query(&statement.sql, &statement.values)? {
            let posting = resolved(&row)?;
            found.insert(posting.id, posting);
        }
    }
    Ok(ids.iter().map(|id| found.get(id).cloned()).collect())
}

/// The sequence of the last posting; 0 for an empty journal.
pub fn head<S: Store>(store: &S) -> Result<u64, StoreError> {
    let sql = "SELECT transfer_sequence FROM journal_head WHERE singleton = 1";
    Ok(store.query(sql, &[])?.number()?.unsigned_abs())
}

/// The posting of a known id, if it is of the same request.
pub fn recall(
    transaction: &impl Transaction,
    transfer: &Transfer,
    fingerprint: [u8; 32],
) -> Result<Reply, LedgerError> {
    if fingerprint != transfer.fingerprint {
        return Err(LedgerError::IdReused);
    }
    let row = transaction
        .query(BY_ID, &[transfer.id.into()])?
        .first_or("a known transfer has no row")?;
    Ok(Reply {
        posting: JournalRow::from_row(&row)?.posting,
        repeated: true,
    })
}

/// The postings with a sequence above `after`, oldest first, at most `limit` (at most
/// [`JOURNAL_LIMIT_MAX`]); fewer where texts and legs are long, and none only at the end.
pub fn journal<S: Store>(store: &S, after: i64, limit: u32) -> Result<Vec<Posting>, StoreError> {
    onward(after, limit, |after, rows| {
        store.query(AFTER, &[after, rows])
    })
}

/// As [`journal`], of the postings that [concern](Posting::concerns) a user; also fewer where the
/// user has many accounts.
pub fn journal_of<S: Store>(
    store: &S,
    user_id: Uuid,
    after: i64,
    limit: u32,
) -> Result<Vec<Posting>, StoreError> {
    onward(after, limit, |after, rows| {
        store.query(AFTER_OF_USER, &[user_id.into(), after, rows])
    })
}

/// Reads rows onward in several queries; `read` takes the sequence before the first, and a limit.
fn onward(
    mut after: i64,
    limit: u32,
    read: impl Fn(Value, Value) -> Result<Rows, StoreError>,
) -> Result<Vec<Posting>, StoreError> {
    let mut missing = limit.min(JOURNAL_LIMIT_MAX);
    let mut text_bytes = 0;
    let mut postings = Vec::new();
    // The journal never changes, so several snapshots are as good as one.
    while missing > 0 {
        let wanted = missing.min(JOURNAL_ROWS_AT_ONCE);
        let rows = read(Value::from(after), Value::from(i64::from(wanted)))?;
        let found = rows.rows.len();
        for row in rows {
            let row = JournalRow::from_row(&row)?;
            after = row.sequence();
            text_bytes += text_bytes_of(&row.posting);
            postings.push(row.posting);
            if text_bytes >= TEXT_BYTES_FULL {
                return Ok(postings);
            }
        }
        if found < wanted as usize {
            break;
        }
        missing -= wanted;
    }
    Ok(postings)
}

/// The bytes that differ most from posting to posting.
fn text_bytes_of(posting: &Posting) -> usize {
    let texts = [&posting.reference, &posting.metadata]
        .into_iter()
        .flatten();
    texts.map(String::len).sum::<usize>() + posting.legs.len() * LEG_BYTES
}

fn resolved(row: &Row) -> Result<Posting, StoreError> {
    let mut posting = JournalRow::from_row(row)?.posting;
    posting.resolution = resolution(row, posting.amount)?;
    Ok(posting)
}
