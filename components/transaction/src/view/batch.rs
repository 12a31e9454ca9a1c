//! The response to a batch: one outcome for each of its lines.

use super::decline::instance_of;
use axum::http::StatusCode;
use serde::Serialize;
use std::borrow::Cow;
use strongroom_ledger_api::view::TransactionView;
use strongroom_ledger_api::{BatchRecord, BatchReply, Decline, LineOutcome, Posting, Refusal};
use strongroom_sdk::idempotency::StoredReply;
use strongroom_sdk::problem::{FieldError, Problem};
use utoipa::ToSchema;
use uuid::Uuid;

/// A batch, as JSON.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Batch)]
pub struct BatchView {
    id: Uuid,
    atomic: bool,
    outcomes: Vec<LineView>,
}

/// What became of one line.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = BatchOutcome)]
#[serde(tag = "status", rename_all = "snake_case")]
enum LineView {
    /// Money has moved.
    Posted {
        index: usize,
        transaction: Box<TransactionView>,
    },
    /// Money has not moved, and never will under this id.
    Declined {
        index: usize,
        code: &'static str,
        detail: &'static str,
        transaction_id: Uuid,
    },
    /// Nothing is recorded.
    Refused {
        index: usize,
        code: String,
        detail: String,
        #[serde(skip_serializing_if = "String::is_empty")]
        pointer: String,
    },
}

impl LineView {
    fn new(index: usize, outcome: LineOutcome) -> Result<Self, Problem> {
        match outcome {
            LineOutcome::Recorded(posting) => Self::recorded(index, &posting),
            LineOutcome::Refused(refusal) => Ok(Self::Refused {
                index,
                code: refusal.code,
                detail: refusal.detail,
                pointer: refusal.pointer,
            }),
        }
    }

    fn recorded(index: usize, posting: &Posting) -> Result<Self, Problem> {
        Ok(match posting.decline {
            Some(decline) => Self::Declined {
                index,
                code: decline.as_str(),
                detail: decline.detail(),
                transaction_id: posting.id,
            },
            None => Self::Posted {
                index,
                transaction: Box::new(TransactionView::recorded(posting)?),
            },
        })
    }

    /// Why an atomic batch is not posted, if this line is the reason; none for a line that is not
    /// posted because of another.
    fn cause(&self) -> Option<FieldError> {
        match self {
            Self::Declined {
                index,
                code,
                detail,
                ..
            } if *code != Decline::BatchDeclined.as_str() => Some(FieldError {
                pointer: format!("/transfers/{index}"),
                code: Cow::Borrowed(code),
                detail: (*detail).to_owned(),
            }),
            Self::Refused {
                index,
                code,
                detail,
                pointer,
            } if code != Refusal::BATCH_REFUSED => Some(FieldError {
                pointer: format!("/transfers/{index}{pointer}"),
                code: Cow::Owned(code.clone()),
                detail: detail.clone(),
            }),
            _ => None,
        }
    }
}

impl BatchView {
    fn new(id: Uuid, atomic: bool, outcomes: Vec<LineOutcome>) -> Result<Self, Problem> {
        let lines = outcomes.into_iter().enumerate();
        let outcomes = lines.map(|(index, outcome)| LineView::new(index, outcome));
        Ok(Self {
            id,
            atomic,
            outcomes: outcomes.collect::<Result<_, _>>()?,
        })
    }

    /// The view of a batch that the ledger has recorded.
    pub fn of_record(record: BatchRecord) -> Result<Self, Problem> {
        Self::new(record.id, record.atomic, record.outcomes)
    }
}

/// 201 with the outcomes, or 422 for an atomic batch that was declined.
///
/// # Errors
/// 422 for an atomic batch with a refused line, of which nothing is recorded; 500 where the
/// ledger's record of a line has no view.
pub fn reply_to_batch(id: Uuid, atomic: bool, reply: BatchReply) -> Result<StoredReply, Problem> {
    let repeated = reply.repeated;
    let view = BatchView::new(id, atomic, reply.outcomes)?;
    let is_posted = |line: &LineView| matches!(line, LineView::Posted { .. });
    if !atomic || view.outcomes.iter().all(is_posted) {
        return StoredReply::new(StatusCode::CREATED, &view, repeated);
    }
    let is_refused = |line: &LineView| matches!(line, LineView::Refused { .. });
    let is_recorded = !view.outcomes.iter().any(is_refused);
    let (code, detail) = match is_recorded {
        true => (
            Decline::BatchDeclined.as_str(),
            "A transfer of the batch was declined, and so none is posted. No money has moved.",
        ),
        false => (
            Refusal::BATCH_REFUSED,
            "A transfer of the batch cannot be made. Nothing of the batch is recorded, and no \
             money has moved.",
        ),
    };
    let outcomes = serde_json::to_value(&view.outcomes).map_err(Problem::internal)?;
    let problem = Problem::unprocessable(code, detail)
        .with_errors(view.outcomes.iter().filter_map(LineView::cause))
        .with_extension("atomic", atomic.into())
        .with_extension("outcomes", outcomes);
    if !is_recorded {
        return Err(problem);
    }
    let problem = problem
        .with_extension("id", id.to_string().into())
        .with_extension("transaction_id", id.to_string().into());
    Ok(StoredReply::of_problem(problem, instance_of(id), repeated))
}
