//! Goal: the gate posts no payment without a verdict, and returns recorded postings also while the
//! screening is down.
//! Method: the account service's own ledger on a store in memory, with a screening whose verdicts
//! each test sets.

use crate::{Gate, NoVerdict, Screening, Verdict};
use std::cell::{Cell, RefCell};
use strongroom_account::account::{self, AccountType, NumberFormat, OpenRequest, OpenRules};
use strongroom_account::ledger::LocalLedger;
use strongroom_account::schema::MIGRATIONS;
use strongroom_ledger_api::{
    AccountRef, Actor, Batch, BatchInstruction, BatchLine, DebitAuthority, Decline, Instruction,
    Journal, Kind, Ledger, LedgerError, LineOutcome, RULE_CHARACTERS_MAX, Refusal, Reply, Side,
    Status, Transfer, line_id,
};
use strongroom_sdk::audit_log::Actor as Manager;
use strongroom_sdk::clock::SystemClock;
use strongroom_sdk::money::{Currency, Money};
use strongroom_sdk::random::SystemRandom;
use strongroom_sdk::rows;
use strongroom_sdk::store::{SqliteStore, migrate};
use uuid::Uuid;

const RULE: &str = "amount_over_limit";
const OPENING_MINOR: i64 = 1_000;
/// The amount of the one payment that a test denies.
const DENIED_MINOR: i64 = 13;

type Judge = fn(&Transfer) -> Result<Verdict, NoVerdict>;

const ALLOW: Judge = |_| Ok(Verdict::Allowed);
const DENY: Judge = |_| Ok(Verdict::Denied(RULE.to_owned()));
const DOWN: Judge = |_| Err(NoVerdict("down".to_owned()));

/// Judges by `other` where the amount is [`DENIED_MINOR`].
fn for_one_amount(payment: &Transfer, other: Judge) -> Result<Verdict, NoVerdict> {
    match payment.instruction.amount.unwrap().minor() {
        DENIED_MINOR => other(payment),
        _ => ALLOW(payment),
    }
}

const DENY_ONE_AMOUNT: Judge = |payment| for_one_amount(payment, DENY);
const DOWN_FOR_ONE_AMOUNT: Judge = |payment| for_one_amount(payment, DOWN);

/// Denials without the name of a rule.
const INVALID: [Judge; 3] = [
    |_| Ok(Verdict::Denied(String::new())),
    |_| Ok(Verdict::Denied("Too much!".to_owned())),
    |_| Ok(Verdict::Denied("a".repeat(RULE_CHARACTERS_MAX + 1))),
];

/// Judges as the test says, and keeps the ids of the payments.
struct SetScreening {
    judge: Cell<Judge>,
    asked: RefCell<Vec<Uuid>>,
}

impl Screening for SetScreening {
    fn check(&self, payment: &Transfer) -> Result<Verdict, NoVerdict> {
        self.asked.borrow_mut().push(payment.id);
        self.judge.get()(payment)
    }
}

struct Bank {
    gate: Gate<LocalLedger<SqliteStore, SystemClock>, SetScreening>,
    alice: Uuid,
    bob: Uuid,
}

fn bank() -> Bank {
    let store = SqliteStore::in_memory().unwrap();
    migrate(&store, MIGRATIONS).unwrap();
    let (alice, bob) = (open(&store), open(&store));
    let bank = Bank {
        gate: Gate {
            ledger: LocalLedger {
                store,
                clock: SystemClock,
            },
            screening: SetScreening {
                judge: Cell::new(ALLOW),
                asked: RefCell::default(),
            },
        },
        alice,
        bob,
    };
    let opening = Instruction {
        destination: Some(AccountRef::Id(alice)),
        ..Instruction::new(Kind::Deposit, eur(OPENING_MINOR))
    };
    bank.gate.ledger.post(&request(1, opening)).unwrap();
    bank
}

fn open(store: &SqliteStore) -> Uuid {
    let rules = OpenRules {
        number_format: NumberFormat::new("DE", "10000000").unwrap(),
        accounts_per_user_max: 100,
    };
    let euro = Currency::from_code("EUR").unwrap();
    let wanted = OpenRequest::of_customer(Uuid::from_u128(0xA), AccountType::Checking, euro);
    let bank = Manager::BANK;
    let opened = account::open(store, &SystemClock, &SystemRandom, &rules, wanted, &bank);
    opened.unwrap().id
}

fn eur(minor: i64) -> Money {
    Money::from_minor(minor, Currency::from_code("EUR").unwrap())
}

fn request(id: u128, instruction: Instruction) -> Transfer {
    Transfer {
        id: Uuid::from_u128(id),
        fingerprint: instruction.fingerprint(),
        authority: DebitAuthority::Bank,
        actor: Actor::user(Uuid::from_u128(0x7)),
        on_behalf_of: None,
        request_id: None,
        instruction,
        denied_by: None,
        requested_at_ms: 5,
    }
}

impl Bank {
    fn verdicts(&self, judge: Judge) {
        self.gate.screening.judge.set(judge);
    }

    fn post(&self, payment: &Transfer) -> Result<Reply, LedgerError> {
        self.gate.post(payment)
    }

    fn pay(&self, id: u128, minor: i64) -> Result<Reply, LedgerError> {
        self.post(&self.payment(id, minor))
    }

    fn asked(&self) -> Vec<Uuid> {
        self.gate.screening.asked.take()
    }

    fn instruction(&self, minor: i64) -> Instruction {
        Instruction {
            source: Some(self.alice),
            destination: Some(AccountRef::Id(self.bob)),
            ..Instruction::new(Kind::Transfer, eur(minor))
        }
    }

    fn payment(&self, id: u128, minor: i64) -> Transfer {
        request(id, self.instruction(minor))
    }

    fn hold(&self, id: u128, minor: i64) -> Transfer {
        let instruction = Instruction {
            kind: Kind::Hold,
            expires_in: Some(60),
            ..self.instruction(minor)
        };
        request(id, instruction)
    }

    fn batch(&self, atomic: bool, amounts_minor: &[i64]) -> Batch {
        let line = |minor: &i64| BatchLine::Transfer {
            instruction: self.instruction(*minor),
            denied_by: None,
        };
        let instruction = BatchInstruction {
            atomic,
            lines: amounts_minor.iter().map(line).collect(),
        };
        Batch {
            id: Uuid::from_u128(0xBA7C),
            fingerprint: instruction.fingerprint(&[]),
            authority: DebitAuthority::Bank,
            actor: Actor::user(Uuid::from_u128(0xA)),
            on_behalf_of: None,
            request_id: None,
            instruction,
            requested_at_ms: 5,
        }
    }

    fn bob_has(&self) -> i64 {
        let account = account::by_id(&self.gate.ledger.store, self.bob).unwrap();
        account.unwrap().balance.posted()
    }

    fn head(&self) -> u64 {
        self.gate.ledger.head().unwrap()
    }
}

fn assert_denied(reply: &Reply) {
    let posting = &reply.posting;
    assert_eq!(posting.status, Status::Declined);
    assert_eq!(posting.decline, Some(Decline::ScreeningDenied));
    assert_eq!(posting.denied_by.as_deref(), Some(RULE));
}

fn assert_not_screened<T>(reply: Result<T, LedgerError>) {
    let error = reply.err();
    let is_expected = matches!(error, Some(LedgerError::NotScreened(_)));
    assert!(is_expected, "{error:?}");
}

#[test]
fn an_allowed_payment_is_posted_and_judged_once() {
    let bank = bank();
    let first = bank.pay(2, 100).unwrap();
    bank.verdicts(DOWN);
    let again = bank.pay(2, 100).unwrap();
    assert_eq!((first.repeated, again.repeated), (false, true));
    assert_eq!(first.posting, again.posting);
    // A known id with another fingerprint is reused, although the screening is down.
    let error = bank.pay(2, 101).unwrap_err();
    assert_eq!(error, LedgerError::IdReused);
    assert_eq!(bank.asked(), [Uuid::from_u128(2)]);
    assert_eq!(bank.bob_has(), 100);
}

#[test]
fn a_denied_payment_is_recorded_with_its_rule_and_stays_denied() {
    let bank = bank();
    bank.verdicts(DENY);
    let first = bank.pay(2, 100).unwrap();
    assert_denied(&first);
    for judge in [ALLOW, DOWN] {
        bank.verdicts(judge);
        let again = bank.pay(2, 100).unwrap();
        assert!(again.repeated);
        assert_eq!(again.posting, first.posting);
    }
    assert_eq!(bank.asked().len(), 1);
    assert_eq!(bank.bob_has(), 0);
    // Another id is another payment.
    bank.verdicts(ALLOW);
    bank.pay(3, 100).unwrap();
    assert_eq!(bank.bob_has(), 100);
}

#[test]
fn without_a_verdict_nothing_is_recorded_and_the_same_id_may_be_sent_again() {
    let bank = bank();
    let head = bank.head();
    for judge in INVALID.into_iter().chain([DOWN]) {
        bank.verdicts(judge);
        assert_not_screened(bank.pay(2, 100));
        assert_eq!(bank.head(), head);
        assert_eq!(bank.gate.ledger.lookup(Uuid::from_u128(2)).unwrap(), None);
    }
    bank.verdicts(ALLOW);
    let reply = bank.pay(2, 100).unwrap();
    assert!(!reply.repeated);
    assert_eq!(bank.bob_has(), 100);
}

#[test]
fn without_a_verdict_the_ledger_is_not_asked() {
    let bank = bank();
    let mut payment = bank.payment(2, 100);
    payment.instruction.destination = Some(AccountRef::Id(Uuid::from_u128(0xDEAD)));
    bank.verdicts(DOWN);
    assert_not_screened(bank.post(&payment));
    bank.verdicts(ALLOW);
    let refused = bank.post(&payment).unwrap_err();
    assert_eq!(refused, LedgerError::AccountNotFound(Side::DestinationId));
}

#[test]
fn every_payment_is_judged_and_nothing_that_follows_from_one() {
    let bank = bank();
    let deposit = Instruction {
        destination: Some(AccountRef::Id(bank.bob)),
        ..Instruction::new(Kind::Deposit, eur(100))
    };
    let withdrawal = Instruction {
        source: Some(bank.alice),
        ..Instruction::new(Kind::Withdrawal, eur(100))
    };
    let payments = [
        bank.payment(2, 100),
        request(3, deposit),
        request(4, withdrawal),
        bank.hold(5, 100),
        bank.hold(6, 100),
    ];
    for payment in &payments {
        bank.verdicts(DOWN);
        assert_not_screened(bank.post(payment));
        bank.verdicts(ALLOW);
        bank.post(payment).unwrap();
        assert_eq!(bank.asked(), [payment.id, payment.id]);
    }
    bank.verdicts(DOWN);
    for (id, kind, original) in rows! {
        (7, Kind::Capture, 5), (8, Kind::Void, 6), (9, Kind::Reversal, 2),
    } {
        let instruction = Instruction {
            original: Some(Uuid::from_u128(original)),
            ..Instruction::new(kind, eur(100))
        };
        let reply = bank.post(&request(id, instruction)).unwrap();
        assert_eq!(reply.posting.status, kind.accepted_status());
    }
    assert!(bank.asked().is_empty());
}

#[test]
fn a_payment_that_another_gate_has_denied_is_not_judged_again() {
    let bank = bank();
    let denied = Transfer {
        denied_by: Some(RULE.to_owned()),
        ..bank.payment(2, 100)
    };
    assert_denied(&bank.post(&denied).unwrap());
    assert!(bank.asked().is_empty());
}

#[test]
fn an_id_of_which_nothing_is_recorded_needs_a_new_verdict_for_another_payment() {
    let bank = bank();
    bank.verdicts(DENY_ONE_AMOUNT);
    let mut small = bank.payment(2, 1);
    small.instruction.destination = Some(AccountRef::Id(Uuid::from_u128(0xDEAD)));
    bank.post(&small).unwrap_err();
    assert_denied(&bank.pay(2, DENIED_MINOR).unwrap());
}

#[test]
fn a_cancel_passes_without_a_verdict() {
    let bank = bank();
    bank.verdicts(DOWN);
    let cancelled = bank.gate.cancel(&bank.payment(2, 100)).unwrap();
    assert_eq!(cancelled.posting.decline, Some(Decline::Cancelled));
    let late = bank.pay(2, 100).unwrap();
    assert_eq!((late.posting, late.repeated), (cancelled.posting, true));
    assert!(bank.asked().is_empty());
}

#[test]
fn a_forecast_comes_from_the_ledger_without_a_verdict() {
    let bank = bank();
    bank.verdicts(DOWN);
    let forecast = |minor| bank.gate.judge(&bank.payment(2, minor)).unwrap();
    assert_eq!(forecast(OPENING_MINOR), None);
    let short = Some(Decline::InsufficientFunds);
    assert_eq!(forecast(OPENING_MINOR + 1), short);
    assert!(bank.asked().is_empty());
}

#[test]
fn the_lines_of_a_batch_are_judged_one_by_one_and_once() {
    let bank = bank();
    let mut batch = bank.batch(false, &[1, DENIED_MINOR, 2]);
    let refusal = Refusal {
        code: "amount_invalid".to_owned(),
        pointer: "/amount".to_owned(),
        detail: "must be a decimal".to_owned(),
    };
    let lines = &mut batch.instruction.lines;
    lines.push(BatchLine::Refused(refusal.clone()));
    lines.push(BatchLine::Transfer {
        instruction: bank.instruction(4),
        denied_by: Some("another_gate".to_owned()),
    });
    bank.verdicts(DENY_ONE_AMOUNT);
    let first = bank.gate.post_batch(&batch).unwrap();
    let judged = [0, 1, 2].map(|index| line_id(batch.id, index));
    assert_eq!(bank.asked(), judged);
    let rules = first.outcomes.iter().map(|outcome| match outcome {
        LineOutcome::Recorded(posting) => Ok((posting.decline, posting.denied_by.as_deref())),
        LineOutcome::Refused(refusal) => Err(refusal),
    });
    let allowed = Ok((None, None));
    let denied = |rule| Ok((Some(Decline::ScreeningDenied), Some(rule)));
    let expected = rows! {
        allowed, denied(RULE), allowed, Err(&refusal), denied("another_gate"),
    };
    assert_eq!(rules.collect::<Vec<_>>(), expected);
    assert_eq!(bank.bob_has(), 3);

    bank.verdicts(DOWN);
    let again = bank.gate.post_batch(&batch).unwrap();
    assert_eq!((again.outcomes, again.repeated), (first.outcomes, true));
    assert!(bank.asked().is_empty());
}

#[test]
fn a_denied_line_declines_the_others_of_an_atomic_batch() {
    let bank = bank();
    bank.verdicts(DENY_ONE_AMOUNT);
    let batch = bank.batch(true, &[1, DENIED_MINOR]);
    let reply = bank.gate.post_batch(&batch).unwrap();
    let declines = reply.outcomes.iter().map(|outcome| match outcome {
        LineOutcome::Recorded(posting) => posting.decline,
        LineOutcome::Refused(refusal) => panic!("{refusal:?}"),
    });
    let expected = [Decline::BatchDeclined, Decline::ScreeningDenied].map(Some);
    assert_eq!(declines.collect::<Vec<_>>(), expected);
    assert_eq!(bank.bob_has(), 0);
}

#[test]
fn one_missing_verdict_holds_up_the_whole_batch() {
    let bank = bank();
    let head = bank.head();
    let batch = bank.batch(false, &[1, DENIED_MINOR, 2]);
    bank.verdicts(DOWN_FOR_ONE_AMOUNT);
    assert_not_screened(bank.gate.post_batch(&batch));
    assert_eq!(bank.gate.ledger.find_batch(batch.id).unwrap(), None);
    assert_eq!((bank.head(), bank.bob_has()), (head, 0));
    bank.verdicts(ALLOW);
    let reply = bank.gate.post_batch(&batch).unwrap();
    assert!(!reply.repeated);
    assert_eq!(bank.bob_has(), 3 + DENIED_MINOR);
}
