//! Many transfers in one request.

use super::TransferBody;
use serde::Deserialize;
use strongroom_ledger_api::{BATCH_LINES_MAX, BatchInstruction, BatchLine, Instruction, Refusal};
use strongroom_sdk::json::Unread;
use strongroom_sdk::problem::{FieldError, Problem};
use utoipa::ToSchema;

/// The largest body of `POST /batch`, in bytes: 1,000 transfers with long references and some
/// metadata.
pub const BATCH_BODY_BYTES_MAX: usize = 1 << 20;

/// How long the references and metadata of one batch may be together, in bytes of JSON. The ledger
/// keeps the refusals of a batch as one value of at most 500 KiB. Without these texts, a line takes
/// less than 320 bytes of it.
pub const BATCH_TEXT_BYTES_MAX: usize = 64 << 10;
/// The bytes of a refusal that do not count as text: all beyond them repeats what the client sent.
const REFUSAL_BYTES_FREE: usize = 300;

/// The body of `POST /batch`. Each transfer is checked by itself, so that one bad line need not
/// refuse the others.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewBatch, examples(json!({"atomic": true, "transfers": [{
    "from_account_id": "0198c0de-0000-7000-8000-000000000001",
    "to_account_id": "0198c0de-0000-7000-8000-000000000002",
    "amount": "12.34", "currency": "EUR", "reference": "rent", "metadata": {"order": "4711"}
}]})))]
pub struct BatchBody {
    #[schema(value_type = Vec<TransferBody>, min_items = 1, max_items = 1_000)]
    transfers: Vec<Unread>,
    atomic: bool,
}

/// A batch in its canonical form.
#[derive(Debug)]
pub struct BatchRequest {
    /// What the ledger is to do.
    pub instruction: BatchInstruction,
    /// SHA-256 of what the client asked for, also of the lines that are refused.
    pub fingerprint: [u8; 32],
}

impl BatchBody {
    /// The request in its canonical form.
    ///
    /// # Errors
    /// 422 for a batch without transfers, with too many, or with too much text; and for an atomic
    /// batch with bad lines, of which it names each.
    pub fn into_request(self) -> Result<BatchRequest, Problem> {
        if !(1..=BATCH_LINES_MAX).contains(&self.transfers.len()) {
            return Err(Problem::invalid(
                "/transfers",
                "must have 1 to 1000 transfers",
            ));
        }
        let transfers = self.transfers.iter();
        let lines: Vec<Result<Instruction, Problem>> = transfers.map(instruction).collect();
        if self.atomic {
            refuse_bad_lines(&lines)?;
        }
        let refused = lines.iter().zip(&self.transfers);
        let refused: Vec<&str> = refused
            .filter(|(line, _)| line.is_err())
            .map(|(_, written)| written.as_str())
            .collect();
        let lines: Vec<BatchLine> = lines.into_iter().map(line).collect();
        if lines.iter().map(text_bytes).sum::<usize>() > BATCH_TEXT_BYTES_MAX {
            return Err(Problem::validation_failed().with_error(
                "/transfers",
                "too_large",
                "the references and metadata of a batch may have 65536 bytes together, as JSON; \
                 send it in parts",
            ));
        }
        let instruction = BatchInstruction {
            atomic: self.atomic,
            lines,
        };
        Ok(BatchRequest {
            fingerprint: instruction.fingerprint(&refused),
            instruction,
        })
    }
}

fn instruction(transfer: &Unread) -> Result<Instruction, Problem> {
    transfer.read().and_then(TransferBody::into_instruction)
}

fn line(instruction: Result<Instruction, Problem>) -> BatchLine {
    match instruction {
        Ok(instruction) => BatchLine::Transfer {
            instruction,
            denied_by: None,
        },
        Err(problem) => BatchLine::Refused(refusal_of(&problem)),
    }
}

/// The length of the texts that the client chose freely, in bytes of JSON.
fn text_bytes(line: &BatchLine) -> usize {
    // Strings and maps of strings always serialize.
    let length = |json: serde_json::Result<String>| json.map_or(0, |json| json.len());
    match line {
        BatchLine::Transfer { instruction, .. } => {
            length(serde_json::to_string(&instruction.reference))
                + length(serde_json::to_string(&instruction.metadata))
        }
        BatchLine::Refused(refusal) => {
            length(serde_json::to_string(refusal)).saturating_sub(REFUSAL_BYTES_FREE)
        }
    }
}

/// How many errors of bad lines one response names.
const ERRORS_NAMED_MAX: usize = 20;

fn refuse_bad_lines(lines: &[Result<Instruction, Problem>]) -> Result<(), Problem> {
    let lines = lines.iter().enumerate();
    let problems = lines.filter_map(|(index, line)| Some((index, line.as_ref().err()?)));
    let errors = problems.flat_map(|(index, problem)| {
        problem.errors().iter().map(move |error| FieldError {
            pointer: format!("/transfers/{index}{}", error.pointer),
            ..error.clone()
        })
    });
    let problem = Problem::validation_failed().with_errors(errors.take(ERRORS_NAMED_MAX));
    if problem.errors().is_empty() {
        Ok(())
    } else {
        Err(problem)
    }
}

/// The first field that a problem names, and what is wrong with it.
fn refusal_of(problem: &Problem) -> Refusal {
    let first = problem.errors().first();
    Refusal {
        code: problem.code().to_owned(),
        pointer: first.map(|error| error.pointer.clone()).unwrap_or_default(),
        detail: first
            .map_or(problem.detail(), |error| &error.detail)
            .to_owned(),
    }
}
