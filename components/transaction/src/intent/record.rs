//! An intent, before and after its outcome is known.

use crate::idempotency::{IdempotencyKey, transfer_id};
use crate::ledger::{DebitAuthority, Transfer};
use crate::order::{Batch, Order};
use crate::request::{BatchInstruction, Instruction, Route};
use serde::{Deserialize, Serialize};
use strongroom_sdk::store::{Row, StoreError};
use uuid::Uuid;

/// A new intent.
#[derive(Debug, Clone)]
pub struct Intent {
    /// Who asked.
    pub principal: Uuid,
    /// By which call.
    pub route: Route,
    /// Under which key.
    pub key: IdempotencyKey,
    /// The host's id of the request, where it is staff's: kept for those who audit them.
    pub staff_request: Option<String>,
    /// What recovery needs.
    pub accepted: Accepted,
    /// When the service gives it up, in milliseconds since 1970 UTC.
    pub deadline_at_ms: i64,
}

/// An intent whose outcome is not known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// What the ledger will be asked for, each time with the same words.
    pub order: Order,
    /// How often the sweep has tried.
    pub attempts: i64,
    /// When it is given up.
    pub deadline_at_ms: i64,
}

/// The answer to a request, the same for ever.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Final {
    /// The HTTP status: 201, or 422 for a decline.
    pub status: u16,
    /// The body: a transaction, a batch, or a problem document.
    pub body: String,
}

/// What the store has under an id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// Of the request that came first.
    pub fingerprint: [u8; 32],
    /// Who sent it.
    pub principal: Uuid,
    /// Whether it is a batch.
    pub is_batch: bool,
    /// How far it is.
    pub state: State,
}

/// How far an intent is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// The ledger's decision is not known here.
    Accepted(Box<Accepted>),
    /// Decided; this is the answer.
    Final(Final),
}

impl Intent {
    /// The intent of a request for one transfer.
    pub fn new(
        principal: Uuid,
        route: Route,
        key: IdempotencyKey,
        authority: DebitAuthority,
        instruction: Instruction,
        (now_ms, deadline_ms): (i64, i64),
    ) -> Self {
        let order = Order::Transfer(Transfer {
            id: transfer_id(principal, route, &key),
            fingerprint: instruction.fingerprint(),
            authority,
            initiator: principal,
            instruction,
            requested_at_ms: now_ms,
            denied_by: None,
        });
        Self::of_order(principal, route, key, order, deadline_ms)
    }

    /// The intent of a request for a batch. The accounts to debit are the principal's.
    pub fn of_batch(
        principal: Uuid,
        key: IdempotencyKey,
        instruction: BatchInstruction,
        (now_ms, deadline_ms): (i64, i64),
    ) -> Self {
        let order = Order::Batch(Batch {
            id: transfer_id(principal, Route::Batch, &key),
            fingerprint: instruction.fingerprint(),
            authority: DebitAuthority::Owner(principal),
            initiator: principal,
            instruction,
            requested_at_ms: now_ms,
        });
        Self::of_order(principal, Route::Batch, key, order, deadline_ms)
    }

    fn of_order(
        principal: Uuid,
        route: Route,
        key: IdempotencyKey,
        order: Order,
        deadline_ms: i64,
    ) -> Self {
        let deadline_at_ms = order.requested_at_ms().saturating_add(deadline_ms);
        let accepted = Accepted {
            order,
            attempts: 0,
            deadline_at_ms,
        };
        Self {
            principal,
            route,
            key,
            staff_request: None,
            accepted,
            deadline_at_ms,
        }
    }
}

/// The column `request`.
#[derive(Deserialize)]
struct StoredRequest {
    /// Whether bank staff asked; otherwise the accounts to debit are the principal's.
    by_bank: bool,
    #[serde(flatten)]
    words: Words,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Words {
    Instruction(Instruction),
    Batch(BatchInstruction),
}

/// A [`StoredRequest`] to be written.
#[derive(Serialize)]
struct RequestToStore<'a> {
    by_bank: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    instruction: Option<&'a Instruction>,
    #[serde(skip_serializing_if = "Option::is_none")]
    batch: Option<&'a BatchInstruction>,
}

/// The text of the column `request`.
pub(super) fn request_column(order: &Order) -> String {
    let (instruction, batch) = match order {
        Order::Transfer(transfer) => (Some(&transfer.instruction), None),
        Order::Batch(batch) => (None, Some(&batch.instruction)),
    };
    let request = RequestToStore {
        by_bank: order.authority() == DebitAuthority::Bank,
        instruction,
        batch,
    };
    // Strings, integers, and maps of strings always serialize.
    serde_json::to_string(&request).unwrap_or_default()
}

/// The columns that [`Stored::from_row`] reads.
pub(super) const COLUMNS: &str = "id, principal_id, fingerprint, request, status, body, created_at_ms, attempts, deadline_at_ms, route = 'batch'";

impl Stored {
    /// Reads a row of [`COLUMNS`].
    pub(super) fn from_row(row: &Row) -> Result<Self, StoreError> {
        let fingerprint = row.bytes32(2)?;
        let principal = row.uuid(1)?;
        let state = match row.optional(3, Row::text)? {
            Some(request) => {
                State::Accepted(Box::new(accepted(row, principal, fingerprint, &request)?))
            }
            None => State::Final(Final {
                status: u16::try_from(row.integer(4)?)
                    .map_err(|_| StoreError::Row("a status is not one of HTTP".to_owned()))?,
                body: row.text(5)?,
            }),
        };
        Ok(Self {
            fingerprint,
            principal,
            is_batch: row.integer(9)? == 1,
            state,
        })
    }
}

fn accepted(
    row: &Row,
    principal: Uuid,
    fingerprint: [u8; 32],
    request: &str,
) -> Result<Accepted, StoreError> {
    let request: StoredRequest = serde_json::from_str(request)
        .map_err(|error| StoreError::Row(format!("request: {error}")))?;
    let id = row.uuid(0)?;
    let authority = if request.by_bank {
        DebitAuthority::Bank
    } else {
        DebitAuthority::Owner(principal)
    };
    let requested_at_ms = row.integer(6)?;
    let order = match request.words {
        Words::Instruction(instruction) => Order::Transfer(Transfer {
            id,
            fingerprint,
            authority,
            initiator: principal,
            instruction,
            requested_at_ms,
            denied_by: None,
        }),
        Words::Batch(instruction) => Order::Batch(Batch {
            id,
            fingerprint,
            authority,
            initiator: principal,
            instruction,
            requested_at_ms,
        }),
    };
    Ok(Accepted {
        order,
        attempts: row.integer(7)?,
        deadline_at_ms: row.integer(8)?,
    })
}
