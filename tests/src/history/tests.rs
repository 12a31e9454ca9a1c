//! The checker bites: a sound history passes, and each way of doctoring it is reported under its
//! rule.
//!
//! Method: a small bank's day, with calls, rows, and entries; then one thing of it is changed.

use std::sync::Arc;

use uuid::Uuid;

use super::call::{CallRecord, Decided, Details, Line, Reply, Told, Wish};
use super::check::Checker;
use super::check::Rule::{
    self, Doubled, Inconstant, Lost, Order, Replay, Unanswered, Unasked, Untrue,
};
use super::journal::{Change, Entry, Event, Leg, Row};
use super::words::{Decline, Direction, EUR, Kind, NONE, Outcome};

const TELLER: Uuid = Uuid::from_u128(1);
const ALICE: Uuid = Uuid::from_u128(2);
const BOB: Uuid = Uuid::from_u128(3);
const BANK: Uuid = Uuid::from_u128(10);
const A: Uuid = Uuid::from_u128(11);
const B: Uuid = Uuid::from_u128(12);
const UNKNOWN: Uuid = Uuid::from_u128(404);
const HOUR_MS: i64 = 3_600_000;
const REUSED: &str = "idempotency_key_reused";

/// What there is to be doctored.
#[derive(Clone, Default)]
struct Day {
    calls: Vec<CallRecord>,
    events: Vec<Event>,
    rows: Vec<Row>,
}

impl Day {
    fn broken(&self) -> Vec<Rule> {
        let mut checker = Checker::default();
        checker.check(&self.calls, self.events.clone(), &self.rows);
        checker.violations.iter().map(|(rule, _)| *rule).collect()
    }

    fn reply(&mut self, call: usize) -> &mut Reply {
        self.calls[call].reply.as_mut().expect("it was answered")
    }

    fn event(&mut self, account: Uuid, at_ms: i64, change: Change) {
        self.events.push(Event {
            sequence: self.events.len() as u64 + 1,
            account,
            at_ms,
            change,
        });
    }

    fn freeze(&mut self, account: Uuid, at_ms: i64, debits: bool, credits: bool) {
        self.event(account, at_ms, Change::Frozen { debits, credits });
    }

    /// The next entry of an account.
    fn entry(&self, account: Uuid, direction: Direction, amount: i64) -> Entry {
        let all = || self.rows.iter().flat_map(|row| &row.entries);
        let last = all().rfind(|entry| entry.account == account);
        let sign = if direction == Direction::Debit { -1 } else { 1 };
        Entry {
            sequence: all().count() as u64 + 1,
            account,
            account_sequence: last.map_or(0, |last| last.account_sequence) + 1,
            direction,
            amount,
            balance_after: last.map_or(0, |last| last.balance_after) + sign * amount,
        }
    }

    /// A row, and the call that it answers: called and answered before the next one.
    fn decide(&mut self, principal: Uuid, wish: Wish, outcome: Outcome) {
        let told = self.record(principal, &wish, outcome);
        self.say(principal, wish, told);
    }

    /// A row, a second after the one before it; returns what a client hears of it.
    fn record(&mut self, actor: Uuid, wish: &Wish, outcome: Outcome) -> Told {
        let sequence = self.rows.len() as u64 + 1;
        let kind = wish.kind();
        let (debit, credit, amount, subject) = match *wish {
            Wish::Deposit(account, (amount, _)) => (BANK, account, amount, None),
            Wish::Capture(_, amount) => (A, B, amount.expect("a part").0, Some(HOLD)),
            Wish::Void(_) => (A, B, HELD, Some(HOLD)),
            Wish::Reverse(_) => (B, A, SENT, Some(TRANSFER)),
            Wish::Transfer(line) | Wish::Hold(line, _) => (line.from, line.to, line.amount, None),
            _ => panic!("{wish:?} is not of this day"),
        };
        let mut entries = Vec::new();
        if outcome == Outcome::Posted {
            entries.push(self.entry(debit, Direction::Debit, amount));
            let mut entry = self.entry(credit, Direction::Credit, amount);
            entry.sequence += 1;
            entries.push(entry);
        }
        let recorded_at_ms = self.rows.len() as i64 * 1_000 + 500;
        let is_held = outcome == Outcome::Pending;
        self.rows.push(Row {
            sequence,
            id: id_of_row(sequence),
            kind,
            outcome,
            actor,
            debit: Some(debit),
            credit: Some(credit),
            amount,
            currency: EUR,
            legs: Vec::new(),
            declined_leg: None,
            recorded_at_ms,
            subject,
            expires_at_ms: is_held.then_some(recorded_at_ms + HOUR_MS),
            entries,
        });
        let customers = |account: Uuid| (account != BANK).then_some(account);
        let details = Details {
            kind,
            sequence,
            from: customers(debit),
            to: customers(credit),
            amount,
            currency: EUR,
            legs: Vec::new(),
            subject: subject.map(id_of_row),
        };
        Told::Decided(Decided {
            id: id_of_row(sequence),
            outcome,
            details: (!outcome.is_declined()).then_some(details),
        })
    }

    /// A split payment that A has not enough for, by the leg that the journal names.
    fn decline_posting(&mut self, declined_leg: Option<usize>) {
        let of = |account, direction, amount| Leg::new(account, direction, amount, EUR);
        let (debit, credit) = (Direction::Debit, Direction::Credit);
        let legs = vec![of(B, credit, 7), of(A, debit, 5), of(BANK, debit, 2)];
        let told = self.record(ALICE, &Wish::Transfer(line(7)), SHORT);
        let row = self.rows.last_mut().expect("a row");
        row.kind = Kind::Posting;
        (row.credit, row.amount, row.currency) = (None, 0, NONE);
        (row.legs, row.declined_leg) = (legs.clone(), declined_leg);
        self.say(ALICE, Wish::Posting(legs), told);
    }

    /// In place of her last transfer, Alice sends all she has, and more, in one batch.
    fn atomic_batch(&mut self, outcomes: [Outcome; 2]) {
        self.rows.pop();
        self.calls.pop();
        let lines = [900, 1].map(line);
        let mut told = Vec::new();
        for (line, outcome) in lines.into_iter().zip(outcomes) {
            told.push(self.record(ALICE, &Wish::Transfer(line), outcome));
            self.rows.last_mut().expect("a row").entries.clear();
        }
        let batch = Wish::atomic_batch(lines.to_vec());
        self.say(ALICE, batch, Told::Batch(told));
    }

    /// Nobody is paid with what Alice has not.
    fn without_payee(&mut self) {
        self.rows[5].credit = None;
        let to_nobody = Line {
            to: UNKNOWN,
            ..line(701)
        };
        self.calls[5].wish = Arc::new(Wish::Transfer(to_nobody));
    }

    /// Bob is frozen while he is to be paid with what Alice has not.
    fn with_frozen_payee(&mut self) {
        self.freeze(B, 5_499, false, true);
        self.freeze(B, 5_501, false, false);
    }

    fn decline_last(&mut self, decline: Decline) {
        self.rows[8].outcome = declined(decline);
        self.rows[8].entries.clear();
    }

    /// The second transfer is asked for again in other words.
    fn reword(&mut self) {
        self.retry(1_000, |_| ());
        self.calls[9].wish = Arc::new(Wish::Transfer(line(201)));
    }

    fn say(&mut self, principal: Uuid, wish: Wish, told: Told) {
        let number = self.calls.len();
        self.calls.push(CallRecord {
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

    /// The second transfer asked for again at this time, and told this.
    fn retry(&mut self, began_ns: u64, tell: impl FnOnce(&mut Reply)) {
        let mut call = self.calls[1].clone();
        (call.began_ns, call.ended_ns) = (began_ns, began_ns + 1);
        let reply = call.reply.as_mut().expect("it was answered");
        reply.replayed = true;
        tell(reply);
        self.calls.push(call);
    }
}

/// The rows of the transfer that is reversed and of the hold, and their amounts.
const TRANSFER: u64 = 2;
const SENT: i64 = 200;
const HOLD: u64 = 5;
const HELD: i64 = 300;

const fn line(amount: i64) -> Line {
    Line::eur(A, B, amount)
}

fn id_of_row(sequence: u64) -> Uuid {
    Uuid::from_u128(1_000 + u128::from(sequence))
}

const fn declined(decline: Decline) -> Outcome {
    Outcome::Declined(decline)
}

const WHOLE: Outcome = declined(Decline::BatchDeclined);
const SHORT: Outcome = declined(Decline::InsufficientFunds);

/// Ten euros come in, two are sent and come back, three are held of which one is captured, and
/// there is not enough for twenty.
fn day() -> Day {
    let mut day = Day::default();
    for (account, owner) in [(BANK, Uuid::nil()), (A, ALICE), (B, BOB)] {
        let opened = Change::Opened {
            owner,
            currency: EUR,
            is_settlement: owner.is_nil(),
        };
        day.event(account, 0, opened);
    }
    let deposit = Wish::Deposit(A, (1_000, EUR));
    let reverse = Wish::Reverse(id_of_row(TRANSFER));
    let held = Wish::Hold(line(HELD), 3_600);
    let hold = id_of_row(HOLD);
    let capture = Wish::Capture(hold, Some((100, EUR)));
    let send = |amount| Wish::Transfer(line(amount));
    let posted = Outcome::Posted;
    day.decide(TELLER, deposit, posted);
    day.decide(ALICE, send(SENT), posted);
    day.decide(TELLER, reverse.clone(), posted);
    day.decide(TELLER, reverse, declined(Decline::AlreadyReversed));
    day.decide(ALICE, held, Outcome::Pending);
    day.decide(ALICE, send(701), SHORT);
    day.decide(ALICE, capture, posted);
    let again = declined(Decline::AlreadyCaptured);
    day.decide(ALICE, Wish::Void(hold), again);
    day.decide(ALICE, send(900), posted);
    day
}

#[test]
fn a_sound_history_passes_whole_and_in_parts() {
    let day = day();
    assert_eq!(day.broken(), []);
    let mut checker = Checker::default();
    checker.check(&day.calls[..4], day.events.clone(), &day.rows[..4]);
    checker.check(&day.calls[4..], [], &day.rows[4..]);
    assert_eq!(checker.violations, []);
    let books = &checker.books;
    assert_eq!((books.rows_seen(), books.events_seen()), (9, 3));
    for (id, balance) in [(A, 0), (B, 1_000), (BANK, -1_000)] {
        let account = books.model().account(id).expect("it was opened");
        assert_eq!(account.balance(), balance);
    }
}

/// Changes one thing of a day.
type Doctor = fn(&mut Day);

fn refuse(code: &str) -> impl FnOnce(&mut Reply) {
    let told = Told::Refused(code.to_owned());
    move |reply| (reply.told, reply.replayed) = (told, false)
}

/// Retries come during the first call, or long after it.
#[test]
fn each_way_of_doctoring_a_day_breaks_its_rules_alone() {
    let ways: &[(&str, &[Rule], Doctor)] = &[
        ("an answered transfer is lost", &[Lost], |day| {
            day.rows.pop();
        }),
        ("no client asked for a transfer", &[Unasked], |day| {
            day.calls.pop();
        }),
        ("no answer", &[Unanswered, Unasked], |day| {
            day.calls[8].reply = None;
        }),
        ("another amount than was asked", &[Untrue], |day| {
            day.calls[1].wish = Arc::new(Wish::Transfer(line(199)));
        }),
        ("another amount than was told", &[Untrue], |day| {
            let Told::Decided(decided) = &mut day.reply(1).told else {
                panic!("one wish")
            };
            decided.details.as_mut().expect("posted").amount = 201;
        }),
        ("an answer to another user", &[Untrue], |day| {
            day.calls[1].principal = BOB;
        }),
        ("a hold that lasts too long", &[Untrue], |day| {
            *day.rows[4].expires_at_ms.as_mut().expect("a time") += 1;
        }),
        ("time that goes back", &[Replay], |day| {
            day.rows[5].recorded_at_ms = 1
        }),
        ("a wrong balance", &[Replay], |day| {
            day.rows[1].entries[0].balance_after += 1;
        }),
        ("an entry that is missing", &[Replay], |day| {
            day.rows[1].entries.pop();
        }),
        ("a decline that moved money", &[Replay], |day| {
            day.rows[5].entries = day.rows[8].entries.clone();
        }),
        ("an overdraft", &[Replay, Replay], |day| {
            day.decide(ALICE, Wish::Transfer(line(1)), Outcome::Posted);
        }),
        // The last transfer, as if it had been answered before all others began but the first.
        ("an order unlike the clock's", &[Order; 7], |day| {
            (day.calls[8].began_ns, day.calls[8].ended_ns) = (0, 1);
        }),
        ("all others under way", &[], |day| day.calls[8].began_ns = 0),
        ("a decline for the first leg", &[], |day| {
            day.decline_posting(Some(1))
        }),
        ("a decline for no leg", &[Replay], |day| {
            day.decline_posting(None)
        }),
        ("a decline for a later leg", &[Replay], |day| {
            day.decline_posting(Some(2))
        }),
        ("a decline for a credit", &[Replay], |day| {
            day.decline_posting(Some(0))
        }),
        // The second of two at once may hear it before the first does.
        ("retries with the same answer, or none", &[], |day| {
            for began_ns in [11, 1_000, 1_000] {
                day.retry(began_ns, |_| ());
            }
            day.calls[10].reply = None;
        }),
        ("another answer to a retry", &[Inconstant], |day| {
            day.retry(1_000, |reply| reply.digest = [99; 32])
        }),
        ("two first answers at once", &[Doubled], |day| {
            day.retry(11, |reply| reply.replayed = false)
        }),
        ("a second first answer", &[Doubled], |day| {
            day.retry(1_000, |reply| reply.replayed = false)
        }),
        ("a key reused at once", &[Inconstant], |day| {
            day.retry(11, refuse(REUSED))
        }),
        ("a key reused later", &[Inconstant], |day| {
            day.retry(1_000, refuse(REUSED))
        }),
        ("a refusal after the decision", &[Inconstant], |day| {
            day.retry(1_000, refuse("account_not_found"))
        }),
        ("a refusal before the decision", &[], |day| {
            day.retry(11, refuse("account_not_found"))
        }),
        ("two wordings under one key", &[Inconstant], Day::reword),
        ("a second wording that is refused", &[], |day| {
            day.reword();
            refuse(REUSED)(day.reply(9));
        }),
        ("an unrecorded batch, asked for twice", &[], |day| {
            let batch = Wish::atomic_batch(vec![line(1)]);
            let refused = Told::Refused("account_not_found".to_owned());
            day.say(ALICE, batch, Told::Batch(vec![refused]));
            let mut again = day.calls[9].clone();
            again.reply.as_mut().expect("it was answered").digest = [99; 32];
            day.calls.push(again);
        }),
        (
            "an order that is lost and made again",
            &[Inconstant, Doubled],
            |day| {
                let order = Wish::Order(line(1), "2027-01-31".to_owned());
                day.say(ALICE, order, Told::Made(id_of_row(50)));
                let mut again = day.calls[9].clone();
                (again.began_ns, again.ended_ns) = (1_000, 1_001);
                let reply = again.reply.as_mut().expect("it was answered");
                (reply.digest, reply.told) = ([99; 32], Told::Made(id_of_row(51)));
                day.calls.push(again);
            },
        ),
        ("a poor payer, no payee", &[], Day::without_payee),
        ("a payee who is not in the row", &[Untrue], |day| {
            day.without_payee();
            day.calls[5].wish = Arc::new(Wish::Transfer(line(701)));
        }),
        ("a poor payer, a frozen payee", &[], Day::with_frozen_payee),
        ("a freeze in the millisecond of a payment", &[], |day| {
            day.freeze(A, 8_500, true, false)
        }),
        ("a decline for such a freeze", &[Untrue], |day| {
            day.freeze(A, 8_500, true, false);
            day.decline_last(Decline::AccountFrozen);
        }),
        ("a batch declined whole", &[], |day| {
            day.atomic_batch([WHOLE, SHORT])
        }),
    ];
    for (what, rules, doctor) in ways {
        let mut day = day();
        doctor(&mut day);
        assert_eq!(day.broken(), *rules, "{what}");
    }
}

#[test]
fn each_way_of_doctoring_a_day_breaks_its_rule_among_others() {
    let ways: &[(&str, Rule, Doctor)] = &[
        ("a transfer that is there twice", Doubled, |day| {
            let again = Row {
                sequence: 10,
                ..day.rows[8].clone()
            };
            day.rows.push(again);
        }),
        ("two wishes told of one row", Doubled, |day| {
            let told = day.reply(8).told.clone();
            day.say(ALICE, Wish::Transfer(line(900)), told);
        }),
        // The decline and the capture before which it was made.
        ("two rows that changed places", Replay, |day| {
            day.rows.swap(5, 8)
        }),
        ("a gap in the journal", Replay, |day| {
            drop(day.rows.remove(5))
        }),
        ("a decline without a reason", Replay, |day| {
            day.decline_last(Decline::InsufficientFunds)
        }),
        ("a hold that ends twice", Replay, |day| {
            day.rows[7].outcome = Outcome::Voided;
        }),
        ("a second reversal", Replay, |day| {
            day.rows[3].outcome = Outcome::Posted
        }),
        // A payer who has the money is refused, and so is not in the journal.
        ("a payer with money, and no payee", Replay, |day| {
            day.without_payee();
            day.rows[5].amount = 700;
        }),
        ("a payee declined before the payer", Replay, |day| {
            day.with_frozen_payee();
            day.rows[5].outcome = declined(Decline::AccountFrozen);
        }),
        ("a payment from a frozen account", Replay, |day| {
            day.freeze(A, 8_499, true, false)
        }),
        ("a batch declined in part", Replay, |day| {
            day.atomic_batch([Outcome::Posted, SHORT])
        }),
        ("a batch declined for nothing", Replay, |day| {
            day.atomic_batch([WHOLE, WHOLE])
        }),
        ("rows of a batch that changed places", Order, |day| {
            day.atomic_batch([WHOLE, SHORT]);
            let Told::Batch(lines) = &mut day.reply(8).told else {
                panic!("a batch")
            };
            lines.swap(0, 1);
        }),
    ];
    for (what, rule, doctor) in ways {
        let mut day = day();
        doctor(&mut day);
        let broken = day.broken();
        assert!(broken.contains(rule), "{what}: {broken:?}");
    }
}

#[test]
fn a_row_that_comes_too_late_across_two_checks_is_reported() {
    let mut day = day();
    // A second check's row with a place before what the first one has seen answered.
    let late = day.calls.remove(1);
    let mut checker = Checker::default();
    checker.check(&day.calls, day.events.clone(), &day.rows);
    checker.check(&[late], [], &[]);
    let mut violations = checker.violations.iter();
    assert!(violations.any(|(rule, _)| *rule == Order));
}
