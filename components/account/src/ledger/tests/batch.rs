//! Batches: the ledger decides each line as if it were posted alone, in one commit, and records it
//! once; an atomic batch whole or not at all.

use super::*;
use crate::tests::kit::refusal;
use strongroom_ledger_api::{
    BATCH_LINES_MAX, BatchInstruction, BatchLine, BatchRecord, LineOutcome, Refusal, line_id,
};
use strongroom_sdk::store::Reader;

/// A request by Alice.
pub(super) fn batch(id: u128, atomic: bool, lines: impl Into<Vec<BatchLine>>) -> Batch {
    Batch {
        id: Uuid::from_u128(id),
        fingerprint: [9; 32],
        authority: DebitAuthority::Owner(ALICE),
        actor: Actor::user(ALICE),
        on_behalf_of: None,
        request_id: None,
        instruction: BatchInstruction {
            atomic,
            lines: lines.into(),
        },
        requested_at_ms: CLOCK.0 - 5,
    }
}

pub(super) fn line(from: &Account, to: &Account, amount_minor: i64) -> BatchLine {
    line_to(from, AccountRef::Id(to.id), amount_minor)
}

fn line_to(from: &Account, to: AccountRef, amount_minor: i64) -> BatchLine {
    kit::line(Instruction {
        destination: Some(to),
        ..kit::instruction(Kind::Transfer, Some(from.id), None, eur(amount_minor))
    })
}

/// The line as a screening denies it.
pub(super) fn denied_by(rule: &str, line: BatchLine) -> BatchLine {
    match line {
        BatchLine::Transfer { instruction, .. } => BatchLine::Transfer {
            instruction,
            denied_by: Some(rule.to_owned()),
        },
        refused @ BatchLine::Refused(_) => refused,
    }
}

/// A line whose payee does not exist.
pub(super) fn nowhere(from: &Account) -> BatchLine {
    line_to(from, AccountRef::Id(Uuid::from_u128(404)), 1)
}

fn not_found() -> LineOutcome {
    let error = LedgerError::AccountNotFound(Side::DestinationId);
    LineOutcome::Refused(error.refusal().unwrap())
}

pub(super) fn postings(reply: &BatchReply) -> impl Iterator<Item = &Posting> {
    reply.outcomes.iter().map(|outcome| match outcome {
        LineOutcome::Recorded(posting) => &**posting,
        LineOutcome::Refused(refusal) => panic!("{refusal:?}"),
    })
}

pub(super) fn declines(reply: &BatchReply) -> Vec<Option<Decline>> {
    postings(reply).map(|posting| posting.decline).collect()
}

/// The reply to a batch with a new id.
fn first_batch(store: &SqliteStore, batch: &Batch) -> BatchReply {
    let reply = post_batch(store, &CLOCK, batch).unwrap();
    assert!(!reply.repeated);
    reply
}

fn rows(store: &SqliteStore, table: &str) -> i64 {
    let count = store.query(&format!("SELECT count(*) FROM {table}"), &[]);
    count.unwrap().first().unwrap().integer(0).unwrap()
}

fn find(store: &SqliteStore, batch: &Batch) -> Option<BatchRecord> {
    ledger_of(store.clone()).find_batch(batch.id).unwrap()
}

#[test]
fn a_line_without_the_money_reveals_nothing_of_its_payee() {
    let (store, from, to) = bank();
    let missing = AccountRef::Id(Uuid::from_u128(404));
    let lines = |amount| {
        let to = AccountRef::Number(to.number.clone());
        [missing.clone(), to].map(|to| line_to(&from, to, amount))
    };
    let short = Some(Decline::InsufficientFunds);
    for (id, atomic) in [(10, false), (11, true)] {
        let declined = batch(id, atomic, lines(1_001));
        let reply = first_batch(&store, &declined);
        assert_eq!(declines(&reply), [short, short], "{atomic}");
        let payees = postings(&reply).map(|one| one.destination);
        assert_eq!(payees.collect::<Vec<_>>(), [None, Some(party(&to))]);
        let again = posted_batch(&store, &declined).unwrap();
        assert_eq!((again.outcomes, again.repeated), (reply.outcomes, true));
    }
    let reply = first_batch(&store, &batch(12, false, lines(1_000)));
    assert_eq!(reply.outcomes[0], not_found());
    assert_invariants(&store);
}

#[test]
fn a_batch_is_recorded_once_with_the_refusals_of_its_other_lines() {
    let (store, from, to) = bank();
    let lines = [
        line_to(&from, AccountRef::Number(to.number.clone()), 700),
        nowhere(&from),
        BatchLine::Refused(refusal()),
        line(&from, &to, 700),
    ];
    let asked = Batch {
        actor: Actor::user(Uuid::from_u128(0x7)),
        on_behalf_of: Some(ALICE),
        ..batch(10, false, lines)
    };
    let reply = first_batch(&store, &asked);
    let [posted, missing, refused, declined] = &reply.outcomes[..] else {
        panic!("{reply:?}");
    };
    assert!(matches!(posted, LineOutcome::Recorded(one) if one.decline.is_none()));
    assert_eq!(balances(&store, [&from, &to]), [300, 700]);
    assert_eq!(*missing, not_found());
    assert_eq!(*refused, LineOutcome::Refused(refusal()));
    let short = Some(Decline::InsufficientFunds);
    assert!(matches!(declined, LineOutcome::Recorded(one) if one.decline == short));
    assert_invariants(&store);

    // The reply stays the same when the balances change.
    deposit(&store, 2, &from, 1_000);
    let again = BatchReply {
        repeated: true,
        ..reply.clone()
    };
    for clock in [CLOCK, FixedClock(0), FixedClock(i64::MAX)] {
        assert_eq!(post_batch(&store, &clock, &asked), Ok(again.clone()));
    }
    assert_eq!((rows(&store, "batch"), rows(&store, "transfer")), (1, 4));
    let record = BatchRecord {
        id: asked.id,
        fingerprint: asked.fingerprint,
        actor: asked.actor,
        on_behalf_of: asked.on_behalf_of,
        atomic: false,
        outcomes: reply.outcomes,
        requested_at_ms: asked.requested_at_ms,
        recorded_at_ms: CLOCK.0,
    };
    assert_eq!(find(&store, &asked), Some(record));
    let unknown = batch(11, false, []);
    assert_eq!(find(&store, &unknown), None);
    assert_invariants(&store);
}

#[test]
fn a_line_is_found_by_its_id_and_repeated_alone() {
    let (store, from, to) = bank();
    let batch = batch(10, false, [line(&from, &to, 1), line(&from, &to, 9_000)]);
    let reply = first_batch(&store, &batch);
    let ids = [0, 1, 2].map(|index| line_id(batch.id, index));
    let found = lookup_many(&store, &ids).unwrap();
    let expected = postings(&reply).cloned().map(Some).chain([None]);
    assert_eq!(found, expected.collect::<Vec<_>>());
    for (index, posting) in postings(&reply).enumerate() {
        let alone = batch.transfer(index).unwrap();
        assert_eq!(posted(&store, &alone), repeated(posting));
        assert_eq!(cancelled(&store, &alone), repeated(posting));
    }
}

#[test]
fn a_known_batch_with_another_fingerprint_is_reused() {
    let (store, from, to) = bank();
    let known = batch(10, false, [line(&from, &to, 1)]);
    let store = WatchedStore::new(store);
    posted_batch(&store, &known).unwrap();
    posted_batch(&store, &known).unwrap();
    let other = Batch {
        fingerprint: [8; 32],
        ..batch(10, true, [line(&from, &to, 2), line(&from, &to, 3)])
    };
    assert_eq!(posted_batch(&store, &other), Err(LedgerError::IdReused));
    // A row that was read may not be on disk yet.
    assert_eq!(store.take_endings(), [Ending::OnDisk; 3]);
    assert_eq!(journal(&store, 0, 100).unwrap().len(), 2);
}

#[test]
fn a_batch_of_which_no_line_is_recorded_leaves_nothing_and_is_a_first_request_again() {
    let (store, from, to) = bank();
    let bad = || BatchLine::Refused(refusal());
    let refused = || LineOutcome::Refused(refusal());
    let with_it = || LineOutcome::Refused(Refusal::with_the_batch());
    let line = line(&from, &to, 700);
    for (atomic, lines, outcomes) in rows! {
        (true, vec![line.clone(), nowhere(&from)], vec![with_it(), not_found()]),
        (true, vec![bad(), line.clone(), line.clone()], vec![refused(), with_it(), with_it()]),
        (false, vec![nowhere(&from), bad()], vec![not_found(), refused()]),
        (true, vec![bad()], vec![refused()]),
    } {
        let batch = batch(10, atomic, lines);
        for _ in 0..2 {
            assert_eq!(first_batch(&store, &batch).outcomes, outcomes);
        }
        assert_eq!((rows(&store, "batch"), rows(&store, "transfer")), (0, 1));
        assert_eq!(find(&store, &batch), None);
    }
    // Nothing is recorded, so another request may have the id.
    let other = Batch {
        fingerprint: [8; 32],
        ..batch(10, true, [line])
    };
    assert_eq!(declines(&first_batch(&store, &other)), [None]);
    assert_eq!(balance_of(&store, &to), 700);
    assert_invariants(&store);
}

#[test]
fn a_batch_has_1_to_1_000_transfers() {
    let (store, from, to) = bank();
    let of = |count| batch(10, true, vec![line(&from, &to, 1); count]);
    for count in [0, BATCH_LINES_MAX + 1] {
        let invalid = Err(LedgerError::invalid("lines"));
        assert_eq!(posted_batch(&store, &of(count)), invalid);
    }
    let hold = holds::hold(9, &from, &to, 1).instruction;
    let [mut no_payer, mut no_payee] = [(); 2].map(|()| pay(9, &from, &to, 1).instruction);
    (no_payer.source, no_payee.destination) = (None, None);
    for instruction in [hold, no_payer, no_payee] {
        let reply = posted_batch(&store, &batch(10, false, [kit::line(instruction)]));
        assert_eq!(reply, Err(LedgerError::invalid("kind")));
    }
    let whole = first_batch(&store, &of(BATCH_LINES_MAX));
    assert_eq!(declines(&whole), [None; BATCH_LINES_MAX]);
    let record = find(&store, &of(1)).unwrap();
    assert_eq!((record.atomic, record.outcomes), (true, whole.outcomes));
    assert_invariants(&store);
}

#[test]
fn a_batch_whose_refusals_no_store_takes_is_invalid() {
    let (store, from, to) = bank();
    let long = Refusal {
        detail: "x".repeat(1_000),
        ..refusal()
    };
    let mut lines = vec![BatchLine::Refused(long); 999];
    lines.push(line(&from, &to, 1));
    let batch = batch(10, false, lines);
    let invalid = Err(LedgerError::invalid("lines"));
    assert_eq!(posted_batch(&store, &batch), invalid);
    assert_eq!((rows(&store, "batch"), rows(&store, "transfer")), (0, 1));
}

/// The ids of lines are hashes. Where one is taken all the same, SQLite refuses the second row.
#[test]
fn a_batch_whose_line_has_a_taken_id_moves_nothing() {
    let (store, from, to) = bank();
    let batch = batch(10, false, [line(&from, &to, 1), line(&from, &to, 2)]);
    let taken = Transfer {
        fingerprint: [8; 32],
        ..batch.transfer(1).unwrap()
    };
    first(&store, &taken);
    let refused = posted_batch(&store, &batch);
    assert!(matches!(refused, Err(LedgerError::Unavailable(_))));
    assert_eq!((rows(&store, "batch"), rows(&store, "transfer")), (0, 2));
    assert_eq!(balance_of(&store, &to), 2);
    assert_invariants(&store);
}
