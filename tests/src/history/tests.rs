//! The checker bites: a sound history passes, and each way of doctoring it is reported under its
//! rule.
//!
//! Method: a small bank's day is made up by hand, with calls, rows, and entries as literals; then
//! one thing of it is changed.

use std::sync::Arc;

use uuid::Uuid;

use super::call::{Call, Decided, Details, Line, Reply, Told, Wish};
use super::check::{Checker, Rule};
use super::journal::{Change, Direction, Entry, Event, Row};
use super::words::{Decline, EUR, Kind, Outcome};

const TELLER: Uuid = Uuid::from_u128(1);
const ALICE: Uuid = Uuid::from_u128(2);
const BOB: Uuid = Uuid::from_u128(3);
const BANK: Uuid = Uuid::from_u128(10);
const A: Uuid = Uuid::from_u128(11);
const B: Uuid = Uuid::from_u128(12);
const HOUR_MS: i64 = 3_600_000;

/// What there is to be doctored.
#[derive(Clone)]
struct Day {
    calls: Vec<Call>,
    events: Vec<Event>,
    rows: Vec<Row>,
}

impl Day {
    fn broken(&self) -> Vec<Rule> {
        let mut checker = Checker::default();
        checker.check(&self.calls, self.events.clone(), self.rows.clone());
        checker
            .violations()
            .iter()
            .map(|found| found.rule)
            .collect()
    }

    #[track_caller]
    fn assert_reported(&self, rule: Rule) {
        let broken = self.broken();
        assert!(broken.contains(&rule), "{rule:?} is not in {broken:?}");
    }

    /// Doctors the first row of a kind.
    fn row(&mut self, kind: Kind) -> &mut Row {
        let row = self.rows.iter_mut().find(|row| row.kind == kind);
        row.expect("there is such a row")
    }

    fn reply(&mut self, call: usize) -> &mut Reply {
        self.calls[call].reply.as_mut().expect("it was answered")
    }

    fn open(&mut self, account: Uuid, owner: Uuid) {
        self.event(
            account,
            Change::Opened {
                owner,
                currency: EUR,
                is_settlement: owner.is_nil(),
            },
        );
    }

    fn event(&mut self, account: Uuid, change: Change) {
        self.events.push(Event {
            sequence: self.events.len() as u64 + 1,
            account,
            at_ms: self.now_ms(),
            change,
        });
    }

    /// A second for each row.
    fn now_ms(&self) -> i64 {
        self.rows.len() as i64 * 1_000
    }

    /// A row, and the call that it answers: called and answered before the next one.
    fn decide(
        &mut self,
        principal: Uuid,
        wish: Wish,
        (outcome, debit, credit, amount): (Outcome, Uuid, Uuid, i64),
        balances: &[(u64, i64)],
        subject: Option<u64>,
    ) {
        let sequence = self.rows.len() as u64 + 1;
        let id = Uuid::from_u128(1_000 + u128::from(sequence));
        let entries_before: u64 = self.rows.iter().map(|row| row.entries.len() as u64).sum();
        let sides = [(Direction::Debit, debit), (Direction::Credit, credit)];
        let entries = balances.iter().zip(sides).zip(1..);
        let entries = entries.map(
            |((&(account_sequence, balance_after), (direction, account)), number)| Entry {
                sequence: entries_before + number,
                account,
                account_sequence,
                direction,
                amount,
                balance_after,
            },
        );
        let recorded_at_ms = self.now_ms() + 500;
        self.rows.push(Row {
            sequence,
            id,
            kind: wish.kind(),
            outcome,
            actor: principal,
            debit: Some(debit),
            credit: Some(credit),
            amount,
            currency: EUR,
            recorded_at_ms,
            subject,
            expires_at_ms: (outcome == Outcome::Pending).then_some(recorded_at_ms + HOUR_MS),
            entries: entries.collect(),
        });
        let customers = |account: Uuid| (account != BANK).then_some(account);
        let subject = subject.map(|subject| Uuid::from_u128(1_000 + u128::from(subject)));
        let told = Decided {
            id,
            outcome,
            details: (!outcome.is_declined()).then_some(Details {
                kind: wish.kind(),
                sequence,
                from: customers(debit),
                to: customers(credit),
                amount,
                currency: EUR,
                subject,
            }),
        };
        self.say(principal, wish, Told::Decided(told));
    }

    fn say(&mut self, principal: Uuid, wish: Wish, told: Told) {
        let number = self.calls.len();
        self.calls.push(Call {
            principal,
            key: format!("key {number}").into(),
            wish: Arc::new(wish),
            began_ns: number as u64 * 10,
            ended_ns: number as u64 * 10 + 5,
            reply: Some(Reply {
                status: 201,
                digest: [number as u8; 32],
                replayed: false,
                told,
            }),
        });
    }
}

const fn line(amount: i64) -> Line {
    Line {
        from: A,
        to: B,
        amount,
        currency: EUR,
    }
}

const fn id_of_row(sequence: u128) -> Uuid {
    Uuid::from_u128(1_000 + sequence)
}

/// Ten euros come in, two are sent and come back, three are held of which one is captured, and
/// there is not enough for twenty.
fn day() -> Day {
    let mut day = Day {
        calls: Vec::new(),
        events: Vec::new(),
        rows: Vec::new(),
    };
    day.open(BANK, Uuid::nil());
    day.open(A, ALICE);
    day.open(B, BOB);
    let deposit = Wish::Deposit {
        account: A,
        amount: 1_000,
        currency: EUR,
    };
    let (posted, declined) = (Outcome::Posted, Outcome::Declined);
    day.decide(
        TELLER,
        deposit,
        (posted, BANK, A, 1_000),
        &[(1, -1_000), (1, 1_000)],
        None,
    );
    day.decide(
        ALICE,
        Wish::Transfer(line(200)),
        (posted, A, B, 200),
        &[(2, 800), (1, 200)],
        None,
    );
    let reverse = Wish::Reverse { id: id_of_row(2) };
    day.decide(
        TELLER,
        reverse.clone(),
        (posted, B, A, 200),
        &[(2, 0), (3, 1_000)],
        Some(2),
    );
    day.decide(
        TELLER,
        reverse,
        (declined(Decline::AlreadyReversed), B, A, 200),
        &[],
        Some(2),
    );
    let hold = Wish::Hold {
        line: line(300),
        expires_in: 3_600,
    };
    day.decide(ALICE, hold, (Outcome::Pending, A, B, 300), &[], None);
    let too_much = declined(Decline::InsufficientFunds);
    day.decide(
        ALICE,
        Wish::Transfer(line(701)),
        (too_much, A, B, 701),
        &[],
        None,
    );
    let capture = Wish::Capture {
        hold: id_of_row(5),
        amount: Some((100, EUR)),
    };
    day.decide(
        ALICE,
        capture,
        (posted, A, B, 100),
        &[(4, 900), (3, 100)],
        Some(5),
    );
    let void = Wish::Void { hold: id_of_row(5) };
    day.decide(
        ALICE,
        void,
        (declined(Decline::AlreadyCaptured), A, B, 300),
        &[],
        Some(5),
    );
    day.decide(
        ALICE,
        Wish::Transfer(line(900)),
        (posted, A, B, 900),
        &[(5, 0), (4, 1_000)],
        None,
    );
    day
}

#[test]
fn a_sound_history_passes() {
    assert_eq!(day().broken(), []);
}

#[test]
fn it_can_be_checked_in_parts() {
    let day = day();
    let mut checker = Checker::default();
    checker.check(&day.calls[..4], day.events.clone(), day.rows[..4].to_vec());
    checker.check(&day.calls[4..], [], day.rows[4..].to_vec());
    checker.assert_sound();
    assert_eq!(
        (checker.books().rows_seen(), checker.books().events_seen()),
        (9, 3)
    );
    let balance = |id| checker.model().account(id).map(|account| account.balance());
    assert_eq!(
        (balance(A), balance(B), balance(BANK)),
        (Some(0), Some(1_000), Some(-1_000))
    );
}

#[test]
fn an_acknowledged_transfer_that_is_not_in_the_journal_is_lost() {
    let mut day = day();
    day.rows.pop();
    assert_eq!(day.broken(), [Rule::Lost]);
}

#[test]
fn a_transfer_that_nobody_asked_for_is_reported() {
    let mut day = day();
    day.calls.pop();
    assert_eq!(day.broken(), [Rule::Unasked]);
}

#[test]
fn a_transfer_that_is_there_twice_is_reported() {
    let mut day = day();
    let again = Row {
        sequence: 10,
        ..day.rows[8].clone()
    };
    day.rows.push(again);
    day.assert_reported(Rule::Doubled);
}

#[test]
fn two_wishes_that_were_told_of_one_row_are_reported() {
    let mut day = day();
    let told = day.reply(8).told.clone();
    day.say(ALICE, Wish::Transfer(line(900)), told);
    day.assert_reported(Rule::Doubled);
}

/// The second transfer asked for again at this time, and told this.
fn retry(day: &Day, began_ns: u64, tell: impl FnOnce(&mut Reply)) -> Call {
    let mut call = day.calls[1].clone();
    (call.began_ns, call.ended_ns) = (began_ns, began_ns + 1);
    let reply = call.reply.as_mut().expect("it was answered");
    reply.replayed = true;
    tell(reply);
    call
}

fn refuse(code: &str) -> impl FnOnce(&mut Reply) {
    let told = Told::Refused(code.to_owned());
    move |reply| (reply.told, reply.replayed) = (told, false)
}

#[test]
fn a_retry_with_the_same_answer_is_no_news() {
    let mut day = day();
    let again = retry(&day, 1_000, |_| ());
    let unanswered = Call {
        reply: None,
        ..again.clone()
    };
    // The second of two at once may hear it before the first does.
    let at_once = retry(&day, 11, |_| ());
    day.calls.extend([unanswered, again, at_once]);
    assert_eq!(day.broken(), []);
}

#[test]
fn a_retry_with_another_answer_is_reported() {
    let mut day = day();
    let other = retry(&day, 1_000, |reply| reply.digest = [99; 32]);
    day.calls.push(other);
    assert_eq!(day.broken(), [Rule::Inconstant]);
}

#[test]
fn a_retry_that_is_answered_as_the_first_is_reported() {
    for began_ns in [11, 1_000] {
        let mut day = day();
        let first = retry(&day, began_ns, |reply| reply.replayed = false);
        day.calls.push(first);
        assert_eq!(day.broken(), [Rule::Doubled], "{began_ns}");
    }
}

#[test]
fn a_retry_that_is_refused_is_reported() {
    let broken = |began_ns, code| {
        let mut day = day();
        let refused = retry(&day, began_ns, refuse(code));
        day.calls.push(refused);
        day.broken()
    };
    let reused = "idempotency_key_reused";
    assert_eq!(broken(1_000, "account_not_found"), [Rule::Inconstant]);
    assert_eq!(broken(1_000, reused), [Rule::Inconstant]);
    // Before it was decided, it can have been refused for another reason, and not for this one.
    assert_eq!(broken(11, "account_not_found"), []);
    assert_eq!(broken(11, reused), [Rule::Inconstant]);
}

#[test]
fn a_key_that_answers_two_wordings_is_reported() {
    let mut day = day();
    let mut other = retry(&day, 1_000, |_| ());
    other.wish = Arc::new(Wish::Transfer(line(201)));
    day.calls.push(other.clone());
    assert_eq!(day.broken(), [Rule::Inconstant]);
    let reply = day.reply(9);
    refuse("idempotency_key_reused")(reply);
    assert_eq!(day.broken(), []);
}

#[test]
fn a_batch_of_which_nothing_is_recorded_is_a_first_request_again() {
    let mut day = day();
    let batch = Wish::Batch {
        lines: vec![line(1)],
        atomic: true,
    };
    let refused = |code: &str| Told::Batch(vec![Told::Refused(code.to_owned())]);
    day.say(ALICE, batch, refused("account_not_found"));
    let mut again = day.calls[9].clone();
    again.reply.as_mut().expect("it was answered").digest = [99; 32];
    day.calls.push(again);
    assert_eq!(day.broken(), []);
}

#[test]
fn a_request_that_was_never_answered_is_reported() {
    let mut day = day();
    day.calls[8].reply = None;
    assert_eq!(day.broken(), [Rule::Unanswered, Rule::Unasked]);
}

#[test]
fn another_amount_than_was_asked_for_is_reported() {
    let mut day = day();
    day.calls[1].wish = Arc::new(Wish::Transfer(line(199)));
    assert_eq!(day.broken(), [Rule::Untrue]);
}

#[test]
fn another_amount_than_was_told_is_reported() {
    let mut day = day();
    let Told::Decided(decided) = &mut day.reply(1).told else {
        panic!("one wish")
    };
    decided.details.as_mut().expect("posted").amount = 201;
    assert_eq!(day.broken(), [Rule::Untrue]);
}

#[test]
fn an_answer_to_somebody_else_is_reported() {
    let mut day = day();
    day.calls[1].principal = BOB;
    assert_eq!(day.broken(), [Rule::Untrue]);
}

#[test]
fn a_hold_that_lasts_too_long_is_reported() {
    let mut day = day();
    *day.row(Kind::Hold).expires_at_ms.as_mut().expect("a time") += 1;
    assert_eq!(day.broken(), [Rule::Untrue]);
}

#[test]
fn rows_in_another_order_than_the_clocks_are_reported() {
    let mut day = day();
    // The last transfer, as if it had been answered before all others began but the first.
    let last = &mut day.calls[8];
    let ended_ns = std::mem::replace(&mut last.ended_ns, 1);
    last.began_ns = 0;
    assert_eq!(day.broken(), [Rule::Order; 7]);
    // While all of them are under way, it may come last.
    day.calls[8].ended_ns = ended_ns;
    assert_eq!(day.broken(), []);
}

#[test]
fn a_row_that_comes_too_late_across_two_checks_is_reported() {
    let mut day = day();
    // A second check's row with a place before what the first one has seen answered.
    let late = day.calls.remove(1);
    let mut checker = Checker::default();
    checker.check(&day.calls, day.events.clone(), day.rows.clone());
    checker.check(&[late], [], []);
    assert!(
        checker
            .violations()
            .iter()
            .any(|found| found.rule == Rule::Order)
    );
}

#[test]
fn two_rows_that_changed_places_are_reported() {
    let mut day = day();
    // The decline and the capture before which it was made: the model has less than the bank says.
    day.rows.swap(5, 8);
    day.assert_reported(Rule::Replay);
}

#[test]
fn a_gap_in_the_journal_is_reported() {
    let mut day = day();
    day.rows.remove(5);
    day.assert_reported(Rule::Replay);
}

#[test]
fn time_that_goes_back_is_reported() {
    let mut day = day();
    day.rows[5].recorded_at_ms = 1;
    assert_eq!(day.broken(), [Rule::Replay]);
}

#[test]
fn a_wrong_balance_is_reported() {
    let mut day = day();
    day.row(Kind::Transfer).entries[0].balance_after += 1;
    assert_eq!(day.broken(), [Rule::Replay]);
}

#[test]
fn an_entry_that_is_missing_is_reported() {
    let mut day = day();
    day.row(Kind::Transfer).entries.pop();
    assert_eq!(day.broken(), [Rule::Replay]);
}

#[test]
fn a_decline_that_moved_money_is_reported() {
    let mut day = day();
    day.rows[5].entries = day.rows[8].entries.clone();
    assert_eq!(day.broken(), [Rule::Replay]);
}

#[test]
fn a_decline_without_a_reason_is_reported() {
    let mut day = day();
    day.rows[8].outcome = Outcome::Declined(Decline::InsufficientFunds);
    day.rows[8].entries.clear();
    day.assert_reported(Rule::Replay);
}

/// The row of the transfer that was declined for a lack of money, without a payee.
fn day_without_payee() -> Day {
    let mut day = day();
    day.rows[5].credit = None;
    let nobody = Uuid::from_u128(404);
    day.calls[5].wish = Arc::new(Wish::Transfer(Line {
        to: nobody,
        ..line(701)
    }));
    day
}

#[test]
fn what_the_payer_lacks_is_declined_whether_there_is_a_payee_or_not() {
    assert_eq!(day_without_payee().broken(), []);
    // A payer who has the money is refused, and so is not in the journal.
    let mut day = day_without_payee();
    day.rows[5].amount = 700;
    day.assert_reported(Rule::Replay);
    // The payee that was named is there, and is not in the row.
    let mut day = day_without_payee();
    day.calls[5].wish = Arc::new(Wish::Transfer(line(701)));
    assert_eq!(day.broken(), [Rule::Untrue]);
}

#[test]
fn a_decline_for_the_payee_before_that_for_a_lack_of_money_is_reported() {
    let mut day = day();
    day.events.push(Event {
        sequence: 4,
        account: B,
        at_ms: day.rows[5].recorded_at_ms - 1,
        change: Change::Frozen {
            debits: false,
            credits: true,
        },
    });
    day.events.push(Event {
        sequence: 5,
        account: B,
        at_ms: day.rows[5].recorded_at_ms + 1,
        change: Change::Frozen {
            debits: false,
            credits: false,
        },
    });
    assert_eq!(day.broken(), []);
    day.rows[5].outcome = Outcome::Declined(Decline::AccountFrozen);
    day.assert_reported(Rule::Replay);
}

#[test]
fn an_overdraft_is_reported() {
    let mut day = day();
    let transfer = Wish::Transfer(line(1));
    day.decide(
        ALICE,
        transfer,
        (Outcome::Posted, A, B, 1),
        &[(6, -1), (5, 1_001)],
        None,
    );
    assert_eq!(day.broken(), [Rule::Replay, Rule::Replay]);
}

#[test]
fn a_hold_that_ends_twice_is_reported() {
    let mut day = day();
    day.rows[7].outcome = Outcome::Voided;
    day.assert_reported(Rule::Replay);
}

#[test]
fn a_second_reversal_is_reported() {
    let mut day = day();
    day.rows[3].outcome = Outcome::Posted;
    day.assert_reported(Rule::Replay);
}

#[test]
fn a_payment_from_a_frozen_account_is_reported() {
    let mut day = day();
    let frozen = Change::Frozen {
        debits: true,
        credits: false,
    };
    day.events.push(Event {
        sequence: 4,
        account: A,
        at_ms: day.rows[8].recorded_at_ms - 1,
        change: frozen,
    });
    day.assert_reported(Rule::Replay);
    // In the same millisecond, it may have come after.
    day.events[3].at_ms += 1;
    assert_eq!(day.broken(), []);
    // And then it explains a decline, too.
    day.rows[8].outcome = Outcome::Declined(Decline::AccountFrozen);
    day.rows[8].entries.clear();
    assert_eq!(day.broken(), [Rule::Untrue]);
}

/// Alice sends all she has, and more than that, in one batch.
fn atomic_batch(outcomes: [Outcome; 2]) -> Day {
    let mut day = day();
    day.rows.pop();
    day.calls.pop();
    let sums = [900, 1];
    let lines = sums.map(line);
    for (sum, outcome) in sums.into_iter().zip(outcomes) {
        day.decide(
            ALICE,
            Wish::Transfer(line(sum)),
            (outcome, A, B, sum),
            &[],
            None,
        );
    }
    let told = day
        .calls
        .drain(8..)
        .filter_map(|call| Some(call.reply?.told));
    let told = Told::Batch(told.collect());
    let batch = Wish::Batch {
        lines: lines.to_vec(),
        atomic: true,
    };
    day.say(ALICE, batch, told);
    day
}

#[test]
fn an_atomic_batch_is_declined_whole() {
    let declined = Outcome::Declined(Decline::BatchDeclined);
    let short = Outcome::Declined(Decline::InsufficientFunds);
    assert_eq!(atomic_batch([declined, short]).broken(), []);
    // Not in part, and not for nothing.
    atomic_batch([Outcome::Posted, short]).assert_reported(Rule::Replay);
    atomic_batch([declined, declined]).assert_reported(Rule::Replay);
}

#[test]
fn a_batch_whose_rows_are_apart_is_reported() {
    let declined = Outcome::Declined(Decline::BatchDeclined);
    let short = Outcome::Declined(Decline::InsufficientFunds);
    let mut day = atomic_batch([declined, short]);
    let Told::Batch(lines) = &mut day.reply(8).told else {
        panic!("a batch")
    };
    lines.swap(0, 1);
    day.assert_reported(Rule::Order);
}
