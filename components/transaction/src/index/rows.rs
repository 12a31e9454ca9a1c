//! The rows of the index.
//!
//! A page of the journal is a few statements: a list of rows goes to SQLite as one JSON text.

use serde_json::{Value as Json, json};
use strongroom_ledger_api::view::status_after;
use strongroom_ledger_api::{Kind, Posting, Status, first_debited};
use strongroom_sdk::money::Money;
use strongroom_sdk::store::{Row, StoreError, Transaction, Value};
use uuid::Uuid;

/// The JSON of one statement ends after so many bytes; the store takes 512 KiB.
const JSON_BYTES_FULL: usize = 256 << 10;

const INSERT: &str = "\
INSERT INTO listed (sequence, id, type, status, amount_minor, scale, reference, initiator_id,
    asked_for_id, payer_id, created_at_ms, recorded_at_ms)
SELECT value ->> 0, unhex(value ->> 1), value ->> 2, value ->> 3, value ->> 4, value ->> 5,
    value ->> 6, unhex(value ->> 7), unhex(value ->> 8), unhex(value ->> 9), value ->> 10,
    value ->> 11
FROM json_each(?1)";

const INSERT_ACCOUNTS: &str = "\
INSERT INTO listed_account (account_id, sequence)
SELECT unhex(value ->> 1), value ->> 0 FROM json_each(?1)";

const INSERT_METADATA: &str = "\
INSERT INTO listed_metadata (key, value, sequence)
SELECT value ->> 1, value ->> 2, value ->> 0 FROM json_each(?1)";

/// A hold has ended, or a transaction was reversed.
const UPDATE_STATUS: &str = "\
UPDATE listed SET status = ended.value ->> 1 FROM json_each(?1) AS ended
WHERE listed.id = unhex(ended.value ->> 0)";

/// The delays say how far `created_at_ms` and `recorded_at_ms` may be apart.
const MOVE_HEAD: &str = "\
INSERT INTO listed_head (singleton, sequence, delay_min_ms, delay_max_ms)
VALUES (1, ?1, min(?2, 0), max(?3, 0))
ON CONFLICT DO UPDATE SET sequence = ?1, delay_min_ms = min(delay_min_ms, ?2),
    delay_max_ms = max(delay_max_ms, ?3)";

/// The columns of an [`IndexRow`].
pub(crate) const INDEX_COLUMNS: &str = "sequence, id, type, status, amount_minor, scale, \
    reference, initiator_id, asked_for_id, payer_id, created_at_ms, recorded_at_ms";

/// What the index has of a transaction. `status` is the one that clients see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct IndexRow {
    pub(crate) sequence: i64,
    pub(crate) id: Uuid,
    pub(crate) kind: String,
    pub(crate) status: String,
    /// None where there are several legs.
    amount_minor: Option<i64>,
    scale: Option<i64>,
    reference: Option<String>,
    initiator_id: Uuid,
    asked_for_id: Uuid,
    payer_id: Option<Uuid>,
    created_at_ms: i64,
    recorded_at_ms: i64,
}

impl IndexRow {
    /// The row of a posting as the journal has it, without how it ended; none for an end of a hold
    /// that is no movement.
    pub(crate) fn of(posting: &Posting) -> Option<Self> {
        let is_end = matches!(posting.status, Status::Voided | Status::Expired);
        (!is_end).then(|| Self {
            sequence: posting.sequence.cast_signed(),
            id: posting.id,
            kind: posting.kind.as_str().to_owned(),
            status: posting.status.as_str().to_owned(),
            amount_minor: posting.amount.map(Money::minor),
            scale: posting
                .amount
                .map(|amount| amount.currency().scale().into()),
            reference: posting.reference.clone(),
            initiator_id: posting.actor.id,
            asked_for_id: posting.asked_for(),
            payer_id: posting.source.map(|party| party.owner_id),
            created_at_ms: posting.requested_at_ms,
            recorded_at_ms: posting.recorded_at_ms,
        })
    }

    /// The same row with another status.
    pub(crate) fn with_status(self, status: String) -> Self {
        Self { status, ..self }
    }

    /// Reads a row of [`INDEX_COLUMNS`].
    pub(crate) fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            sequence: row.integer(0)?,
            id: row.uuid(1)?,
            kind: row.text(2)?,
            status: row.text(3)?,
            amount_minor: row.optional(4, Row::integer)?,
            scale: row.optional(5, Row::integer)?,
            reference: row.optional(6, Row::text)?,
            initiator_id: row.uuid(7)?,
            asked_for_id: row.uuid(8)?,
            payer_id: row.optional(9, Row::uuid)?,
            created_at_ms: row.integer(10)?,
            recorded_at_ms: row.integer(11)?,
        })
    }

    fn to_json(&self) -> Json {
        json!([
            self.sequence,
            hex(self.id),
            self.kind,
            self.status,
            self.amount_minor,
            self.scale,
            self.reference,
            hex(self.initiator_id),
            hex(self.asked_for_id),
            self.payer_id.map(hex),
            self.created_at_ms,
            self.recorded_at_ms,
        ])
    }
}

/// Appends a page of the journal, and moves the head.
pub(super) fn insert(
    transaction: &impl Transaction,
    postings: &[Posting],
) -> Result<(), StoreError> {
    let (mut rows, mut accounts, mut metadata, mut ends) =
        <(Vec<_>, Vec<_>, Vec<_>, Vec<_>)>::default();
    for posting in postings {
        ends.extend(end_of(posting).map(|(id, status)| json!([hex(id), status])));
        let Some(row) = IndexRow::of(posting) else {
            continue;
        };
        rows.push(row.to_json());
        accounts.extend(account_rows(posting));
        metadata.extend(note_rows(posting)?);
    }
    for (sql, list) in [
        (INSERT, rows),
        (INSERT_ACCOUNTS, accounts),
        (INSERT_METADATA, metadata),
        // After the rows: a hold and its end may be in one page.
        (UPDATE_STATUS, ends),
    ] {
        for text in json_texts(list) {
            transaction.execute(sql, &[Value::from(text)])?;
        }
    }
    let delays = postings
        .iter()
        .map(|posting| posting.recorded_at_ms - posting.requested_at_ms);
    let (shortest, longest) = (delays.clone().min(), delays.max());
    let head = postings
        .last()
        .map_or(0, |last| last.sequence.cast_signed());
    let values = [head, shortest.unwrap_or(0), longest.unwrap_or(0)].map(Value::from);
    transaction.execute(MOVE_HEAD, &values).map(drop)
}

/// The transaction that a posting ends or reverses, and its status from then on.
pub(crate) fn end_of(posting: &Posting) -> Option<(Uuid, &'static str)> {
    let original = posting.original.filter(|_| posting.decline.is_none())?;
    Some((original, status_after(posting.kind)))
}

/// A row for each account whose list has it. A decline belongs to the account to debit (of a
/// deposit: to credit; of several: to the first to debit), so that users do not see what others
/// failed to send to them.
pub(crate) fn account_rows(posting: &Posting) -> Vec<Json> {
    let parties = match (posting.status, posting.kind) {
        (Status::Declined, Kind::Deposit) => vec![posting.destination],
        (Status::Declined, _) => vec![posting.source.or_else(|| first_debited(&posting.legs))],
        _ => {
            let legs = posting.legs.iter().map(|leg| leg.account);
            legs.chain([posting.source, posting.destination]).collect()
        }
    };
    let parties = parties.into_iter().flatten();
    parties
        .map(|party| json!([posting.sequence, hex(party.account_id)]))
        .collect()
}

/// The client's notes. What is no text is found as JSON.
pub(crate) fn note_rows(posting: &Posting) -> Result<Vec<Json>, StoreError> {
    let Some(text) = &posting.metadata else {
        return Ok(Vec::new());
    };
    let Ok(Json::Object(members)) = serde_json::from_str(text) else {
        let problem = format!("the metadata of {} is no object", posting.id);
        return Err(StoreError::Row(problem));
    };
    let rows = members.into_iter().map(|(key, value)| match value {
        Json::String(text) => json!([posting.sequence, key, text]),
        other => json!([posting.sequence, key, other.to_string()]),
    });
    Ok(rows.collect())
}

/// The list as JSON texts, each short enough for the store.
pub(crate) fn json_texts(list: Vec<Json>) -> Vec<String> {
    let mut texts = Vec::new();
    let mut text = String::new();
    for item in list {
        text.push(if text.is_empty() { '[' } else { ',' });
        text += &item.to_string();
        if text.len() > JSON_BYTES_FULL {
            texts.push(std::mem::take(&mut text) + "]");
        }
    }
    if !text.is_empty() {
        texts.push(text + "]");
    }
    texts
}

fn hex(id: Uuid) -> String {
    id.simple().to_string()
}
