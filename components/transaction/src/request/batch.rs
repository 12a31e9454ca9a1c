//! Many transfers in one request.

use super::{Instruction, TransferBody};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};
use strongroom_sdk::json;
use strongroom_sdk::problem::Problem;
use uuid::Uuid;

/// The most transfers of one batch.
pub const BATCH_TRANSFERS_MAX: usize = 1_000;
/// The largest body of `POST /batch`, in bytes: 1,000 transfers with long references and some metadata.
pub const BATCH_BODY_BYTES_MAX: usize = 1 << 20;

/// What the references and metadata of one batch may have together, in bytes of JSON. Its request and its answer are kept as one value each,
/// of at most 512 KiB, and without these a transfer takes less than 450 bytes of either.
pub const BATCH_TEXT_BYTES_MAX: usize = 64 << 10;
/// What a refusal may say without counting as text: more only repeats what the client has sent.
const REFUSAL_BYTES_FREE: usize = 300;

/// The body of `POST /batch`. Each transfer is judged by itself, so that one bad line need not be the end of all.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BatchBody {
    transfers: Vec<Box<RawValue>>,
    atomic: bool,
}

/// A batch in its canonical form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchInstruction {
    /// Whether all are posted, or none.
    pub atomic: bool,
    /// The transfers, in their order.
    pub lines: Vec<Line>,
}

/// One transfer of a batch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Line {
    /// To be posted.
    Transfer(Instruction),
    /// Not what a transfer must be; an atomic batch has none of these.
    Refused(Refusal),
}

/// Why a line is refused: nothing of it is recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// The stable code.
    pub code: String,
    /// RFC 6901 pointer into the line; empty for the whole.
    pub pointer: String,
    /// A sentence for a human.
    pub detail: String,
}

impl BatchBody {
    /// The request in its canonical form.
    ///
    /// # Errors
    /// 422 for a batch without transfers, with too many, or with too much text, and for an atomic one with a bad line, naming each.
    pub fn into_instruction(self) -> Result<BatchInstruction, Problem> {
        if !(1..=BATCH_TRANSFERS_MAX).contains(&self.transfers.len()) {
            return Err(Problem::validation_failed().with_error(
                "/transfers",
                "invalid",
                "must have 1 to 1000 transfers",
            ));
        }
        let lines: Vec<Line> = self.transfers.iter().map(|text| line(text)).collect();
        if self.atomic {
            refuse_bad_lines(&lines)?;
        }
        if lines.iter().map(text_bytes).sum::<usize>() > BATCH_TEXT_BYTES_MAX {
            return Err(Problem::validation_failed().with_error(
                "/transfers",
                "too_large",
                "the references and metadata of a batch may have 65536 bytes together, as JSON; send it in parts",
            ));
        }
        Ok(BatchInstruction {
            atomic: self.atomic,
            lines,
        })
    }
}

fn line(text: &RawValue) -> Line {
    // Its syntax was judged with the whole body's.
    let instruction = json::from_checked_slice::<TransferBody>(text.get().as_bytes())
        .and_then(TransferBody::into_instruction);
    match instruction {
        Ok(instruction) => Line::Transfer(instruction),
        Err(problem) => Line::Refused(Refusal::of(&problem)),
    }
}

/// How long what the client has chosen freely is as JSON, in bytes.
fn text_bytes(line: &Line) -> usize {
    // Strings and maps of strings always serialize.
    let length = |json: serde_json::Result<String>| json.map_or(0, |json| json.len());
    match line {
        Line::Transfer(instruction) => {
            length(serde_json::to_string(&instruction.reference))
                + length(serde_json::to_string(&instruction.metadata))
        }
        Line::Refused(refusal) => {
            length(serde_json::to_string(refusal)).saturating_sub(REFUSAL_BYTES_FREE)
        }
    }
}

/// The most bad lines that one answer names.
const BAD_LINES_TOLD_MAX: usize = 20;

fn refuse_bad_lines(lines: &[Line]) -> Result<(), Problem> {
    let refusals = lines
        .iter()
        .enumerate()
        .filter_map(|(index, line)| match line {
            Line::Refused(refusal) => Some((index, refusal)),
            Line::Transfer(_) => None,
        });
    let mut problem = None;
    for (index, refusal) in refusals.take(BAD_LINES_TOLD_MAX) {
        let pointer = format!("/transfers/{index}{}", refusal.pointer);
        let so_far = problem.unwrap_or_else(Problem::validation_failed);
        problem = Some(so_far.with_error(pointer, "invalid", refusal.detail.as_str()));
    }
    problem.map_or(Ok(()), Err)
}

impl Refusal {
    /// What a problem says of the first field that it names.
    pub fn of(problem: &Problem) -> Self {
        let first = problem.errors().first();
        Self {
            code: problem.code().to_owned(),
            pointer: first.map(|error| error.pointer.clone()).unwrap_or_default(),
            detail: first
                .map_or(problem.detail(), |error| &error.detail)
                .to_owned(),
        }
    }
}

impl BatchInstruction {
    /// SHA-256 of the canonical JSON.
    pub fn fingerprint(&self) -> [u8; 32] {
        // Strings, integers, and maps of strings always serialize.
        Sha256::digest(serde_json::to_vec(self).unwrap_or_default()).into()
    }
}

/// The id of a line (UUID v8): the first 12 bytes of SHA-256 over `line` and the batch's id, and the line's place, counted from 0, as 32
/// bits big-endian. The lines of a batch are neighbours in the ledger's index of ids: a hash for each would be a page to write for each.
pub fn line_id(batch: Uuid, index: usize) -> Uuid {
    let digest = Sha256::new()
        .chain_update(b"line")
        .chain_update(batch.as_bytes())
        .finalize();
    let mut bytes = [0; 16];
    bytes[..12].copy_from_slice(&digest[..12]);
    bytes[12..].copy_from_slice(&place(index));
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}

/// The fingerprint of a line: SHA-256 over `line`, the batch's fingerprint, and the line's place as 32 bits big-endian. It is that of the
/// whole batch, so that no line is taken for one of a batch with other lines.
pub fn line_fingerprint(batch: &[u8; 32], index: usize) -> [u8; 32] {
    Sha256::new()
        .chain_update(b"line")
        .chain_update(batch)
        .chain_update(place(index))
        .finalize()
        .into()
}

fn place(index: usize) -> [u8; 4] {
    u32::try_from(index).unwrap_or(u32::MAX).to_be_bytes()
}
