//! The history of a large bank: transfers between random accounts, most of them in batches, and
//! some transactions of every other kind and status.

use anyhow::{Result, bail};
use rand::RngExt;
use rand::rngs::StdRng;
use serde_json::json;
use strongroom_account::ledger::post_batch;
use strongroom_ledger_api::{
    AccountRef, Actor, BATCH_LINES_MAX, Batch, BatchInstruction, BatchLine, DebitAuthority,
    HOLD_SECONDS_MAX, Instruction, Kind, LineOutcome, Status,
};
use strongroom_sdk::clock::Clock;
use uuid::Uuid;

use super::{ENTRIES_OF_MOVEMENT, euros, post_one, stopped_clock};
use crate::bank::bulk::BulkStore;

/// The reference of three transfers in ten.
pub const REFERENCE: &str = "rent";
/// The `channel` in the metadata of one transfer in twenty.
pub const CHANNEL: &str = "shop";
/// The rule that denies one transfer in a hundred.
const RULE: &str = "list_7";
/// One batch in so many is of [`RARE`].
const BATCHES_OF_RARE: usize = 100;
/// The highest amount of a transfer, in cents.
const CENTS_MAX: i64 = 10_000;

/// Who makes the requests.
pub const USUAL: Uuid = Uuid::from_u128(1);
/// Who makes few of them.
pub const RARE: Uuid = Uuid::from_u128(2);

struct History<'a> {
    store: &'a BulkStore,
    random: &'a mut StdRng,
    accounts: &'a [Uuid],
}

/// Writes at least so many entries, and returns how many. Each round is a batch and one transaction
/// of each other kind.
pub(super) fn write(
    store: &BulkStore,
    random: &mut StdRng,
    accounts: &[Uuid],
    entries: usize,
) -> Result<usize> {
    let mut history = History {
        store,
        random,
        accounts,
    };
    let (mut written, mut round) = (0, 0);
    while written < entries {
        let left = (entries - written).div_ceil(ENTRIES_OF_MOVEMENT);
        let posted = history.batch(round, left.min(BATCH_LINES_MAX))? + history.others()?;
        written += posted * ENTRIES_OF_MOVEMENT;
        round += 1;
    }
    Ok(written)
}

impl History<'_> {
    // Random, as real ids are hashes.
    fn id(&mut self) -> Uuid {
        Uuid::from_u128(self.random.random())
    }

    /// A payment between two of the accounts.
    fn payment(&mut self, kind: Kind) -> Result<Instruction> {
        let count = self.accounts.len();
        let from = self.random.random_range(0..count);
        let to = (from + self.random.random_range(1..count)) % count;
        let cents = self.random.random_range(1..=CENTS_MAX);
        Ok(Instruction {
            source: Some(self.accounts[from]),
            destination: Some(AccountRef::Id(self.accounts[to])),
            ..Instruction::new(kind, euros(cents)?)
        })
    }

    /// A batch of transfers; returns how many are posted.
    fn batch(&mut self, round: usize, size: usize) -> Result<usize> {
        let first = round * BATCH_LINES_MAX;
        let lines = (first..first + size).map(|number| self.line(number));
        let instruction = BatchInstruction {
            atomic: false,
            lines: lines.collect::<Result<_>>()?,
        };
        let asker = match round % BATCHES_OF_RARE {
            0 => RARE,
            _ => USUAL,
        };
        let clock = stopped_clock();
        let batch = Batch {
            id: self.id(),
            fingerprint: instruction.fingerprint(&[]),
            authority: DebitAuthority::Bank,
            actor: Actor::user(asker),
            on_behalf_of: None,
            request_id: None,
            instruction,
            requested_at_ms: clock.now_ms(),
        };
        let mut posted = 0;
        for outcome in post_batch(self.store, &clock, &batch)?.outcomes {
            match outcome {
                LineOutcome::Recorded(line) => posted += usize::from(line.status == Status::Posted),
                LineOutcome::Refused(refusal) => bail!("refused: {}", refusal.detail),
            }
        }
        Ok(posted)
    }

    fn line(&mut self, number: usize) -> Result<BatchLine> {
        let mut instruction = self.payment(Kind::Transfer)?;
        instruction.reference = match number % 10 {
            0..3 => Some(REFERENCE.to_owned()),
            3 => Some(format!("invoice {number}")),
            _ => None,
        };
        let metadata = || json!({"channel": CHANNEL, "order": number.to_string()}).to_string();
        instruction.metadata = number.is_multiple_of(20).then(metadata);
        Ok(BatchLine::Transfer {
            instruction,
            denied_by: (number % 100 == 99).then(|| RULE.to_owned()),
        })
    }

    /// A withdrawal, its reversal, and three holds: one is captured, one voided, and one stays
    /// open. Returns how many move money.
    fn others(&mut self) -> Result<usize> {
        let withdrawal = Instruction {
            destination: None,
            ..self.payment(Kind::Withdrawal)?
        };
        self.with_end(withdrawal, Some(Kind::Reversal))?;
        for end in [Some(Kind::Capture), Some(Kind::Void), None] {
            let hold = Instruction {
                expires_in: Some(HOLD_SECONDS_MAX),
                ..self.payment(Kind::Hold)?
            };
            self.with_end(hold, end)?;
        }
        Ok(3)
    }

    fn with_end(&mut self, instruction: Instruction, end: Option<Kind>) -> Result<()> {
        let end = end.zip(instruction.amount);
        let id = self.id();
        let original = post_one(self.store, id, instruction)?.id;
        let Some((kind, amount)) = end else {
            return Ok(());
        };
        let end = Instruction {
            original: Some(original),
            ..Instruction::new(kind, amount)
        };
        let id = self.id();
        post_one(self.store, id, end).map(drop)
    }
}
