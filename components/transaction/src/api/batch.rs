//! The answer to a batch: one outcome for each of its transfers.

use super::view::{DeclineDocument, TransactionView, refusal_of_line};
use crate::intent::Final;
use crate::ledger::{LedgerError, Outcome, Posting};
use crate::order::Batch;
use crate::request::{Line, Refusal};
use axum::http::StatusCode;
use serde::Serialize;
use strongroom_sdk::problem::Problem;
use uuid::Uuid;

/// What became of one transfer.
#[derive(Serialize)]
#[serde(tag = "status", rename_all = "snake_case")]
enum LineOutcome {
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

/// The body of an answer.
#[derive(Serialize)]
struct BatchView<'a> {
    id: Uuid,
    atomic: bool,
    outcomes: &'a [LineOutcome],
}

/// An atomic batch of which nothing was posted, as a problem document (RFC 9457).
#[derive(Serialize)]
struct BatchProblem<'a> {
    r#type: String,
    title: &'static str,
    status: u16,
    detail: &'static str,
    instance: String,
    code: &'static str,
    errors: Vec<LineError<'a>>,
    #[serde(flatten)]
    view: BatchView<'a>,
}

/// A line that kept the others from being posted.
#[derive(Serialize)]
struct LineError<'a> {
    pointer: String,
    code: &'a str,
    detail: &'a str,
}

/// The answer to a batch whose well-formed lines had these outcomes.
///
/// # Errors
/// 500 where the ledger's record is not one.
pub(super) fn answer_of_batch(
    batch: &Batch,
    decided: &[Result<Posting, LedgerError>],
) -> Result<Final, Problem> {
    let mut decided = decided.iter();
    let lines = batch.instruction.lines.iter().enumerate();
    let outcomes = lines
        .map(|(index, line)| outcome_of(batch.id, index, line, &mut decided))
        .collect::<Result<Vec<_>, _>>()?;
    answer(batch.id, batch.instruction.atomic, &outcomes)
}

/// The answer to a batch whose lines were told to have these outcomes, once more: what was recorded, from the record.
///
/// # Errors
/// As [`answer_of_batch`].
pub(crate) fn answer_again(
    id: Uuid,
    atomic: bool,
    lines: Vec<Result<Posting, Refusal>>,
) -> Result<Final, Problem> {
    let lines = lines.into_iter().enumerate();
    let outcomes = lines
        .map(|(index, line)| match line {
            Ok(posting) => recorded(index, &posting),
            Err(refusal) => Ok(refused(index, refusal)),
        })
        .collect::<Result<Vec<_>, _>>()?;
    answer(id, atomic, &outcomes)
}

fn answer(id: Uuid, atomic: bool, outcomes: &[LineOutcome]) -> Result<Final, Problem> {
    let view = BatchView {
        id,
        atomic,
        outcomes,
    };
    let fails = |outcome: &LineOutcome| !matches!(outcome, LineOutcome::Posted { .. });
    if atomic && outcomes.iter().any(fails) {
        return failure_of(view);
    }
    Ok(Final {
        status: StatusCode::CREATED.as_u16(),
        body: serde_json::to_string(&view).map_err(Problem::internal)?,
    })
}

fn outcome_of<'a>(
    batch: Uuid,
    index: usize,
    line: &Line,
    decided: &mut impl Iterator<Item = &'a Result<Posting, LedgerError>>,
) -> Result<LineOutcome, Problem> {
    let instruction = match line {
        Line::Refused(refusal) => return Ok(refused(index, refusal.clone())),
        Line::Transfer(instruction) => instruction,
    };
    let outcome = decided.next().ok_or_else(|| {
        Problem::internal(format!("batch {batch}: the ledger left line {index} out"))
    })?;
    match outcome {
        Ok(posting) => recorded(index, posting),
        Err(error) => Ok(refused(index, refusal_of_line(error, instruction))),
    }
}

fn recorded(index: usize, posting: &Posting) -> Result<LineOutcome, Problem> {
    match posting.outcome {
        Outcome::Declined(decline) => Ok(LineOutcome::Declined {
            index,
            code: decline.code(),
            detail: decline.detail(),
            transaction_id: posting.id,
        }),
        Outcome::Posted | Outcome::Held | Outcome::Voided | Outcome::Expired => {
            Ok(LineOutcome::Posted {
                index,
                transaction: Box::new(TransactionView::whole(posting)?),
            })
        }
    }
}

fn refused(index: usize, refusal: Refusal) -> LineOutcome {
    LineOutcome::Refused {
        index,
        code: refusal.code,
        detail: refusal.detail,
        pointer: refusal.pointer,
    }
}

/// The problem document names the lines that are the cause, and not those that went down with them.
fn failure_of(view: BatchView<'_>) -> Result<Final, Problem> {
    let is_refused = view
        .outcomes
        .iter()
        .any(|outcome| matches!(outcome, LineOutcome::Refused { .. }));
    let (code, title, detail) = if is_refused {
        (
            "batch_refused",
            "Batch refused",
            "A transfer of the batch cannot be made. Nothing of the batch is recorded, and no money has moved.",
        )
    } else {
        (
            "batch_declined",
            "Batch declined",
            "A transfer of the batch was declined, and so none is posted. No money has moved.",
        )
    };
    let errors = view.outcomes.iter().filter_map(|outcome| match outcome {
        LineOutcome::Declined {
            index,
            code,
            detail,
            ..
        } if *code != "batch_declined" => Some(LineError {
            pointer: format!("/transfers/{index}"),
            code,
            detail,
        }),
        LineOutcome::Refused {
            index,
            code,
            detail,
            pointer,
        } if code != "batch_refused" => Some(LineError {
            pointer: format!("/transfers/{index}{pointer}"),
            code,
            detail,
        }),
        _ => None,
    });
    let status = StatusCode::UNPROCESSABLE_ENTITY.as_u16();
    let document = BatchProblem {
        r#type: DeclineDocument::type_of(code),
        title,
        status,
        detail,
        instance: DeclineDocument::instance_of(view.id),
        code,
        errors: errors.collect(),
        view,
    };
    Ok(Final {
        status,
        body: serde_json::to_string(&document).map_err(Problem::internal)?,
    })
}
