//! Requests: each id is the one that follows from the client's key, and each answer is what the ledger decided, to the byte.

use super::matching::Decided;
use super::{AuditError, number};
use crate::api::answer_of;
use crate::event::Journal;
use crate::idempotency::{IdempotencyKey, derived_id};
use crate::intent::{self, Accepted, Final, State};
use crate::ledger::{Ledger, Posting, Transfer};
use crate::order::{Batch, Order};
use serde_json::{Map, Value as Json};
use strongroom_sdk::audit::{Check, PAGE_ROWS, Pages, Report, Total};
use strongroom_sdk::problem::Problem;
use strongroom_sdk::store::{Row, Store, StoreError, Value};
use uuid::Uuid;

/// The columns that [`Answered::from_row`] reads.
pub(super) const ANSWERED_COLUMNS: &str = "sequence, id, principal_id, route, idempotency_key, fingerprint, status, body, state, request IS NULL";

const OPEN: &str = "\
SELECT sequence, id, principal_id, route, idempotency_key, deadline_at_ms, next_attempt_at_ms
FROM intent WHERE state <> 'final' AND sequence > ?1 ORDER BY sequence LIMIT ?2";

/// What no index should let happen, and a file that was tampered with may have.
const TWICE: &str = "\
SELECT max(sequence) FROM intent GROUP BY id HAVING count(*) > 1 LIMIT 20";

/// For so long the service may have gone on before it has given up what is past its deadline: it does that within a minute, of 256
/// requests a second.
const GIVEN_UP_WITHIN_MS: i64 = 3_600 * 1_000;

/// How much of a value is told.
const TOLD_CHARACTERS_MAX: usize = 60;

/// What is found out about requests.
pub(super) struct Requests {
    ids: Check,
    pub(super) answers: Check,
}

/// A request that has its answer.
pub(super) struct Answered {
    pub(super) sequence: i64,
    pub(super) id: Uuid,
    pub(super) principal: Uuid,
    route: String,
    key: IdempotencyKey,
    pub(super) fingerprint: [u8; 32],
    pub(super) answer: Final,
    /// Whether it is stored as the answer of a request that is over.
    is_whole: bool,
}

impl Answered {
    /// Reads a row of [`ANSWERED_COLUMNS`].
    pub(super) fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            sequence: row.integer(0)?,
            id: row.uuid(1)?,
            principal: row.uuid(2)?,
            route: row.text(3)?,
            key: IdempotencyKey::from_stored(row.text(4)?),
            fingerprint: row.bytes32(5)?,
            answer: Final {
                status: u16::try_from(row.optional(6, Row::integer)?.unwrap_or(0)).unwrap_or(0),
                body: row.optional(7, Row::text)?.unwrap_or_default(),
            },
            is_whole: row.text(8)? == "final" && row.integer(9)? == 1,
        })
    }
}

impl Requests {
    /// Nothing found yet.
    pub(super) fn new() -> Self {
        Self {
            ids: Check::new(
                "every request's transaction id follows from who asked, by which call, and under which key",
            ),
            answers: Check::new(
                "every request was answered what the ledger decided under its id, to the byte",
            ),
        }
    }

    pub(super) fn into_checks(self) -> [Check; 2] {
        [self.ids, self.answers]
    }

    /// The requests that have no answer yet. They are no fault: the ledger may have decided since, and a host that was stopped goes on with
    /// them when it starts. But where the ledger has something under the id, it is what was asked for. And a deadline that is
    /// long past is a fault, if this service has gone on since: how long it stood still meanwhile nobody knows, so what
    /// was asked and answered after the deadline is the proof that it did not.
    pub(super) fn check_open<S: Store, L: Ledger + Journal>(
        &mut self,
        store: &S,
        ledger: &L,
        now_ms: i64,
        report: &mut Report,
    ) -> Result<(), AuditError> {
        let mut check = Check::new(
            "what the ledger has of a request without an answer is what was asked, and none was left past its deadline",
        );
        let worked_until_ms = number(
            store,
            "SELECT coalesce(max(created_at_ms), 0) FROM intent WHERE state = 'final'",
        )?;
        let mut late = 0_u64;
        for row in Pages::new(store, OPEN, [Value::from(i64::MIN)], PAGE_ROWS) {
            let row = row?;
            let (sequence, id) = (row.integer(0)?, row.uuid(1)?);
            let key = IdempotencyKey::from_stored(row.text(4)?);
            self.check_id((sequence, id), row.uuid(2)?, &row.text(3)?, &key);
            let (deadline_ms, due_ms) = (row.integer(5)?, row.integer(6)?);
            late += u64::from(deadline_ms < now_ms);
            let given_up_by_ms = deadline_ms.max(due_ms).saturating_add(GIVEN_UP_WITHIN_MS);
            check.examine();
            check.require(worked_until_ms <= given_up_by_ms, || {
                format!("intent {sequence} ({id}): was not given up, though later requests were answered")
            });
            match intent::peek(store, id) {
                Ok(Some(stored)) => match stored.state {
                    State::Accepted(accepted) => {
                        compare_open(ledger, sequence, &accepted, &mut check)?;
                    }
                    State::Final(_) => check.require(false, || {
                        format!("intent {sequence} ({id}): has no answer, and no request either")
                    }),
                },
                Ok(None) => {}
                Err(StoreError::Row(error)) => {
                    check.require(false, || format!("intent {sequence} ({id}): {error}"));
                }
                Err(error) => return Err(error.into()),
            }
        }
        report.totals.push(Total {
            name: "requests without an answer".to_owned(),
            value: check.examined.to_string(),
        });
        report.totals.push(Total {
            name: "of these past their deadline".to_owned(),
            value: late.to_string(),
        });
        report.checks.push(check);
        for row in store.query(TWICE, &[])? {
            let sequence = row.integer(0)?;
            self.ids.require(false, || {
                format!("intent {sequence}: its id is that of another")
            });
        }
        Ok(())
    }

    /// Judges what an answer says by what it must say.
    pub(super) fn compare(&mut self, request: &Answered, expected: Result<Final, Problem>) {
        let (sequence, id) = (request.sequence, request.id);
        self.check_id(
            (sequence, id),
            request.principal,
            &request.route,
            &request.key,
        );
        self.answers.examine();
        self.answers.require(request.is_whole, || {
            format!("intent {sequence} ({id}): is half open and half answered")
        });
        match expected {
            Ok(expected) => self.answers.require(expected == request.answer, || {
                let difference = difference(&request.answer, &expected);
                format!("intent {sequence} ({id}): {difference}")
            }),
            Err(problem) => self.answers.require(false, || {
                format!("intent {sequence} ({id}): {}", problem.detail())
            }),
        }
    }

    fn check_id(
        &mut self,
        (sequence, id): (i64, Uuid),
        principal: Uuid,
        route: &str,
        key: &IdempotencyKey,
    ) {
        self.ids.examine();
        self.ids
            .require(derived_id(principal, route, key) == id, || {
                format!(
                    "intent {sequence} ({id}): its id is not made of its principal, route, and key"
                )
            });
    }
}

impl Decided for Requests {
    const FROM: &'static str = "intent WHERE state = 'final' AND route <> 'batch'";
    const PLACE_AND_ID: [&'static str; 2] = ["sequence", "id"];

    fn columns() -> String {
        ANSWERED_COLUMNS.to_owned()
    }

    fn judge(&mut self, row: Row, posting: &Posting) -> Result<(), StoreError> {
        let (sequence, id) = (row.integer(0)?, row.uuid(1)?);
        let request = match Answered::from_row(&row.behind(2)) {
            Ok(request) => request,
            Err(error) => {
                self.answers
                    .require(false, || format!("intent {sequence} ({id}): {error}"));
                return Ok(());
            }
        };
        let is_asked_for = posting.initiator == request.principal
            && posting.fingerprint == Some(request.fingerprint);
        self.answers.require(is_asked_for, || {
            format!("intent {sequence} ({id}): the ledger has decided another request under its id")
        });
        self.compare(&request, answer_of(posting));
        Ok(())
    }

    fn note_unknown(&mut self, sequence: i64, id: Uuid) {
        self.answers.require(false, || {
            format!(
                "intent {sequence} ({id}): was answered, and the ledger has nothing under its id"
            )
        });
    }

    fn is_full(&self) -> bool {
        self.answers.is_full()
    }
}

/// Compares what is asked for with what the ledger has of it, if it has anything.
fn compare_open<L: Ledger + Journal>(
    ledger: &L,
    sequence: i64,
    accepted: &Accepted,
    check: &mut Check,
) -> Result<(), AuditError> {
    let id = accepted.order.id();
    let is_so = match &accepted.order {
        Order::Transfer(transfer) => {
            let posting = ledger.lookup(transfer.id)?;
            transfer.instruction.fingerprint() == transfer.fingerprint
                && posting.is_none_or(|posting| is_of(&posting, transfer))
        }
        Order::Batch(batch) => {
            batch.instruction.fingerprint() == batch.fingerprint && is_of_batch(ledger, batch)?
        }
    };
    check.require(is_so, || {
        format!("intent {sequence} ({id}): its request is not what was asked first, or not what the ledger has decided")
    });
    Ok(())
}

fn is_of(posting: &Posting, transfer: &Transfer) -> bool {
    posting.initiator == transfer.initiator && posting.fingerprint == Some(transfer.fingerprint)
}

fn is_of_batch<L: Ledger + Journal>(ledger: &L, batch: &Batch) -> Result<bool, AuditError> {
    let transfers = batch.transfers();
    let ids: Vec<Uuid> = transfers.iter().map(|transfer| transfer.id).collect();
    let postings = super::batches::postings_of(ledger, &ids)?;
    Ok(transfers
        .iter()
        .zip(postings)
        .all(|(transfer, posting)| posting.is_none_or(|posting| is_of(&posting, transfer))))
}

/// The first member in which an answer is not what it must be.
fn difference(told: &Final, expected: &Final) -> String {
    let object = |body: &str| serde_json::from_str::<Map<String, Json>>(body).ok();
    if told.status != expected.status {
        return format!(
            "was answered {}, and the ledger's decision is answered {}",
            told.status, expected.status
        );
    }
    let (Some(told), Some(expected)) = (object(&told.body), object(&expected.body)) else {
        return "its answer is no JSON object".to_owned();
    };
    let names = expected.keys().chain(told.keys());
    let first = names
        .map(|name| (name, told.get(name), expected.get(name)))
        .find(|(_, told, expected)| told != expected);
    match first {
        Some((name, told, expected)) => format!(
            "was answered `{name}`: {}, and the ledger says {}",
            in_short(told),
            in_short(expected)
        ),
        None => "its answer is written differently than the ledger's record is".to_owned(),
    }
}

fn in_short(value: Option<&Json>) -> String {
    let text = value.map_or_else(|| "nothing".to_owned(), Json::to_string);
    match text.char_indices().nth(TOLD_CHARACTERS_MAX) {
        Some((end, _)) => format!("{}..", &text[..end]),
        None => text,
    }
}
