//! Batches: each line is decided as if it were alone, in one commit, once; an atomic batch whole.

use super::*;
use crate::tests::kit::refusal;
use strongroom_ledger_api::{BATCH_LINES_MAX, BatchLine, BatchRecord, LineOutcome};

/// The outcome of a line to an account that does not exist.
const NOT_FOUND: &str = "account_not_found /to_account_id";
/// That of [`refusal`].
const INVALID: &str = "amount_invalid /amount";

pub(super) fn batch(id: u128, atomic: bool, lines: impl Into<Vec<BatchLine>>) -> Batch {
    let mut batch = kit::batch(id, atomic, lines);
    batch.authority = DebitAuthority::Owner(ALICE);
    batch.requested_at_ms = CLOCK.0 - 5;
    batch
}

pub(super) fn line(from: &Account, to: &Account, amount_minor: i64) -> BatchLine {
    line_to(from, AccountRef::Id(to.id), amount_minor)
}

fn line_to(from: &Account, to: AccountRef, amount_minor: i64) -> BatchLine {
    let instruction = kit::instruction(Kind::Transfer, Some(from.id), None, eur(amount_minor));
    kit::line(with(instruction, |it| it.destination = Some(to)))
}

pub(super) fn nowhere(from: &Account) -> BatchLine {
    line_to(from, AccountRef::Id(Uuid::from_u128(404)), 1)
}

pub(super) fn postings(reply: &BatchReply) -> impl Iterator<Item = &Posting> {
    reply.outcomes.iter().map(|outcome| match outcome {
        LineOutcome::Recorded(posting) => &**posting,
        LineOutcome::Refused(refusal) => panic!("{refusal:?}"),
    })
}

/// Of each line: `posted`, the code of its decline, or the code and the pointer of its refusal.
pub(super) fn outcomes(reply: &BatchReply) -> Vec<String> {
    let words = |outcome: &LineOutcome| match outcome {
        LineOutcome::Recorded(posting) => match posting.decline {
            Some(decline) => decline.as_str().to_owned(),
            None => "posted".to_owned(),
        },
        LineOutcome::Refused(refusal) => format!("{} {}", refusal.code, refusal.pointer),
    };
    reply.outcomes.iter().map(words).collect()
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
    for (id, atomic) in [(10, false), (11, true)] {
        let declined = batch(id, atomic, lines(1_001));
        let reply = first_batch(&store, &declined);
        assert_eq!(outcomes(&reply), ["insufficient_funds"; 2], "{atomic}");
        let payees = postings(&reply).map(|one| one.destination);
        assert!(payees.eq([None, Some(party(&to))]), "{reply:?}");
        let again = posted_batch(&store, &declined).unwrap();
        assert_eq!((again.outcomes, again.repeated), (reply.outcomes, true));
    }
    let reply = first_batch(&store, &batch(12, false, lines(1_000)));
    assert_eq!(outcomes(&reply), [NOT_FOUND, "posted"]);
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
    let mut asked = batch(10, false, lines);
    (asked.actor, asked.on_behalf_of) = (Actor::user(teller().id), Some(ALICE));
    let reply = first_batch(&store, &asked);
    let expected = ["posted", NOT_FOUND, INVALID, "insufficient_funds"];
    assert_eq!(outcomes(&reply), expected);
    assert_eq!(reply.outcomes[2], LineOutcome::Refused(refusal()));
    assert_eq!(balances(&store, [&from, &to]), [300, 700]);

    // The reply stays the same when the balances change.
    deposit(&store, 2, &from, 1_000);
    let again = with(reply.clone(), |it| it.repeated = true);
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
    assert_eq!(find(&store, &batch(11, false, [])), None);
    assert_invariants(&store);
}

#[test]
fn a_known_batch_with_another_fingerprint_is_reused() {
    let (store, from, to) = bank();
    let known = batch(10, false, [line(&from, &to, 1)]);
    let store = WatchedStore::new(store);
    posted_batch(&store, &known).unwrap();
    posted_batch(&store, &known).unwrap();
    let other = batch(10, true, [line(&from, &to, 2), line(&from, &to, 3)]);
    let other = with(other, |it| it.fingerprint = [8; 32]);
    assert_eq!(posted_batch(&store, &other), Err(LedgerError::IdReused));
    // A row that was read may not be on disk yet.
    assert_eq!(store.take_endings(), [Ending::OnDisk; 3]);
    assert_eq!(journal(&store, 0, 100).unwrap().len(), 2);
}

#[test]
fn a_batch_of_which_no_line_is_recorded_leaves_nothing_and_is_a_first_request_again() {
    let (store, from, to) = bank();
    let bad = || BatchLine::Refused(refusal());
    let with_it = "batch_refused ";
    let line = line(&from, &to, 700);
    for (atomic, lines, expected) in rows! {
        (true, vec![line.clone(), nowhere(&from)], vec![with_it, NOT_FOUND]),
        (true, vec![bad(), line.clone(), line.clone()], vec![INVALID, with_it, with_it]),
        (false, vec![nowhere(&from), bad()], vec![NOT_FOUND, INVALID]),
        (true, vec![bad()], vec![INVALID]),
    } {
        let batch = batch(10, atomic, lines);
        for _ in 0..2 {
            assert_eq!(outcomes(&first_batch(&store, &batch)), expected);
        }
        assert_eq!((rows(&store, "batch"), rows(&store, "transfer")), (0, 1));
        assert_eq!(find(&store, &batch), None);
    }
    // Nothing is recorded, so another request may have the id.
    let other = with(batch(10, true, [line]), |it| it.fingerprint = [8; 32]);
    assert_eq!(outcomes(&first_batch(&store, &other)), ["posted"]);
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
    assert_eq!(outcomes(&whole), ["posted"; BATCH_LINES_MAX]);
    let record = find(&store, &of(1)).unwrap();
    assert_eq!((record.atomic, record.outcomes), (true, whole.outcomes));
    assert_invariants(&store);
}

#[test]
fn a_batch_whose_refusals_no_store_takes_is_invalid() {
    let (store, from, to) = bank();
    let long = with(refusal(), |it| it.detail = "x".repeat(1_000));
    let mut lines = vec![BatchLine::Refused(long); 999];
    lines.push(line(&from, &to, 1));
    let refused = posted_batch(&store, &batch(10, false, lines));
    assert_eq!(refused, Err(LedgerError::invalid("lines")));
    assert_eq!((rows(&store, "batch"), rows(&store, "transfer")), (0, 1));
}

/// The ids of lines are hashes. Where one is taken all the same, SQLite refuses the second row.
#[test]
fn a_batch_whose_line_has_a_taken_id_moves_nothing() {
    let (store, from, to) = bank();
    let batch = batch(10, false, [line(&from, &to, 1), line(&from, &to, 2)]);
    let taken = batch.transfer(1).unwrap();
    first(&store, &with(taken, |it| it.fingerprint = [8; 32]));
    let refused = posted_batch(&store, &batch);
    assert!(matches!(refused, Err(LedgerError::Unavailable(_))));
    assert_eq!((rows(&store, "batch"), rows(&store, "transfer")), (0, 2));
    assert_eq!(balance_of(&store, &to), 2);
    assert_invariants(&store);
}
