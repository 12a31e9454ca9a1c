//! The rows of the index.

use serde_json::Value as Json;
use std::collections::{BTreeMap, HashMap};
use strongroom_ledger_api::view::status_after;
use strongroom_ledger_api::{Kind, Posting, Status, first_debited};
use strongroom_sdk::money::Money;
use strongroom_sdk::store::{ManyRows, Row, StoreError, Transaction, Value};
use uuid::Uuid;

/// A part is full with so many rows; the page of the journal that fills it may bring more. A row
/// goes to a place of its own in the B-tree of accounts, so that the more rows a commit has, the
/// fewer pages it writes for each. So many are written well within the time of a write transaction.
const ROWS_FULL: usize = 8_000;
/// And with so many bytes of notes: all of a commit crosses to the host in one call.
const NOTE_BYTES_FULL: usize = 1 << 20;

// `OR FAIL`: an error ends the transaction anyway, so SQLite need not keep what it undoes.
const INSERT: ManyRows = ManyRows {
    before: "\
INSERT OR FAIL INTO listed (sequence, id, type, status, amount_minor, scale, reference, initiator_id,
    asked_for_id, payer_id, created_at_ms, recorded_at_ms) VALUES ",
    row: "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    after: "",
};

const INSERT_ACCOUNTS: ManyRows = ManyRows {
    before: "INSERT OR FAIL INTO listed_account (account_id, sequence) VALUES ",
    row: "(?, ?)",
    after: "",
};

const INSERT_METADATA: ManyRows = ManyRows {
    before: "INSERT OR FAIL INTO listed_metadata (key, value, sequence) VALUES ",
    row: "(?, ?, ?)",
    after: "",
};

/// A hold has ended, or a transaction was reversed.
const UPDATE_STATUS: ManyRows = ManyRows {
    before: "UPDATE OR FAIL listed SET status = ended.column2 FROM (VALUES ",
    row: "(?, ?)",
    after: ") AS ended WHERE listed.sequence = ended.column1",
};

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

    fn into_values(self) -> [Value; 12] {
        [
            self.sequence.into(),
            self.id.into(),
            self.kind.into(),
            self.status.into(),
            self.amount_minor.into(),
            self.scale.into(),
            self.reference.into(),
            self.initiator_id.into(),
            self.asked_for_id.into(),
            self.payer_id.into(),
            self.created_at_ms.into(),
            self.recorded_at_ms.into(),
        ]
    }
}

/// The rows of a part of the journal.
#[derive(Default)]
pub(super) struct Part {
    rows: Vec<IndexRow>,
    accounts: Vec<(Uuid, i64)>,
    metadata: Vec<(String, String, i64)>,
    note_bytes: usize,
    ends: BTreeMap<Uuid, &'static str>,
    /// The last place in the journal.
    pub(super) last: u64,
    delay_min_ms: i64,
    delay_max_ms: i64,
}

impl Part {
    pub(super) fn after(last: u64) -> Self {
        Self {
            last,
            ..Self::default()
        }
    }

    pub(super) fn push(&mut self, posting: &Posting) -> Result<(), StoreError> {
        let delay = posting.recorded_at_ms - posting.requested_at_ms;
        self.delay_min_ms = self.delay_min_ms.min(delay);
        self.delay_max_ms = self.delay_max_ms.max(delay);
        self.last = posting.sequence;
        self.ends.extend(end_of(posting));
        if let Some(row) = IndexRow::of(posting) {
            self.rows.push(row);
            self.accounts.extend(account_rows(posting));
            self.metadata.extend(note_rows(posting)?);
            self.note_bytes += posting.metadata.as_ref().map_or(0, String::len);
        }
        Ok(())
    }

    /// Whether one commit is to have no more.
    pub(super) fn is_full(&self) -> bool {
        let rows = self.rows.len() + self.accounts.len() + self.metadata.len() + self.ends.len();
        rows >= ROWS_FULL || self.note_bytes >= NOTE_BYTES_FULL
    }

    /// The transactions that this part ends or reverses.
    pub(super) fn ended(&self) -> Vec<Uuid> {
        self.ends.keys().copied().collect()
    }

    /// Writes the rows and moves the head; `places` has the place of each transaction that ended.
    pub(super) fn insert(
        mut self,
        transaction: &impl Transaction,
        places: &HashMap<Uuid, i64>,
    ) -> Result<(), StoreError> {
        let rows = self.rows.into_iter().flat_map(IndexRow::into_values);
        INSERT.write(transaction, rows.collect())?;
        // Neighbours in the B-tree one after the other, which SQLite finds without a search.
        self.accounts.sort_unstable();
        INSERT_ACCOUNTS.write(transaction, account_values(self.accounts))?;
        INSERT_METADATA.write(transaction, note_values(self.metadata))?;
        // After the rows: a hold and its end may be in one part.
        let mut ends = Vec::with_capacity(2 * self.ends.len());
        for (id, status) in self.ends {
            let place = places.get(&id).ok_or_else(|| {
                StoreError::Row(format!("{id} has ended, and is not in the journal"))
            })?;
            ends.extend([Value::from(*place), status.into()]);
        }
        UPDATE_STATUS.write(transaction, ends)?;
        let last = self.last.cast_signed();
        let values = [last, self.delay_min_ms, self.delay_max_ms].map(Value::from);
        transaction.change(MOVE_HEAD, values.into(), 1)
    }
}

/// The transaction that a posting ends or reverses, and its status from then on.
pub(crate) fn end_of(posting: &Posting) -> Option<(Uuid, &'static str)> {
    let original = posting.original.filter(|_| posting.decline.is_none())?;
    Some((original, status_after(posting.kind)))
}

/// A row for each account whose list has it. A decline belongs to the account to debit (of a
/// deposit: to credit; of several: to the first to debit), so that users do not see what others
/// failed to send to them.
pub(crate) fn account_rows(posting: &Posting) -> impl Iterator<Item = (Uuid, i64)> {
    let declined = posting.status == Status::Declined;
    let (source, destination) = match posting.kind {
        Kind::Deposit if declined => (None, posting.destination),
        _ if declined => (
            posting.source.or_else(|| first_debited(&posting.legs)),
            None,
        ),
        _ => (posting.source, posting.destination),
    };
    let legs: &[_] = if declined { &[] } else { &posting.legs };
    let parties = legs.iter().map(|leg| leg.account);
    let parties = parties.chain([source, destination]).flatten();
    let sequence = posting.sequence.cast_signed();
    parties.map(move |party| (party.account_id, sequence))
}

/// The client's notes, each a key and a value. What is no text is found as JSON.
pub(crate) fn note_rows(posting: &Posting) -> Result<Vec<(String, String, i64)>, StoreError> {
    let Some(text) = &posting.metadata else {
        return Ok(Vec::new());
    };
    let Ok(Json::Object(members)) = serde_json::from_str(text) else {
        let problem = format!("the metadata of {} is no object", posting.id);
        return Err(StoreError::Row(problem));
    };
    let sequence = posting.sequence.cast_signed();
    let rows = members.into_iter().map(|(key, value)| match value {
        Json::String(text) => (key, text, sequence),
        other => (key, other.to_string(), sequence),
    });
    Ok(rows.collect())
}

/// The values of rows of `listed_account`.
fn account_values(rows: Vec<(Uuid, i64)>) -> Vec<Value> {
    let values = |(account, sequence): (Uuid, i64)| [account.into(), sequence.into()];
    rows.into_iter().flat_map(values).collect()
}

/// The values of rows of `listed_metadata`.
fn note_values(rows: Vec<(String, String, i64)>) -> Vec<Value> {
    let values = |(key, value, sequence): (String, String, i64)| -> [Value; 3] {
        [key.into(), value.into(), sequence.into()]
    };
    rows.into_iter().flat_map(values).collect()
}
