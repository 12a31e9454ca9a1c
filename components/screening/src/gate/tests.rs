//! Goal: no payment is posted without a verdict; recorded ones are returned without a screening.

use super::*;
use std::cell::{Cell, RefCell};
use strongroom_account::account::{self, AccountType, NumberFormat, OpenRequest, OpenRules};
use strongroom_account::ledger::LocalLedger;
use strongroom_account::schema::MIGRATIONS;
use strongroom_ledger_api::{
    AccountRef, Actor, BatchInstruction, DebitAuthority, Instruction, LineOutcome,
    RULE_CHARACTERS_MAX, Refusal, Side, Status, line_id,
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

fn is_denied(payment: &Transfer) -> bool {
    payment.instruction.amount.unwrap().minor() == DENIED_MINOR
}

const DENY_ONE_AMOUNT: Judge = |it| if is_denied(it) { DENY(it) } else { ALLOW(it) };
const DOWN_FOR_ONE_AMOUNT: Judge = |it| if is_denied(it) { DOWN(it) } else { ALLOW(it) };

/// No verdict, and denials without the name of a rule.
const NO_VERDICT: [Judge; 4] = [
    DOWN,
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

/// Alice has [`OPENING_MINOR`], deposited under id 1.
fn bank() -> Bank {
    let (store, clock) = (SqliteStore::in_memory().unwrap(), SystemClock);
    migrate(&store, MIGRATIONS).unwrap();
    let [alice, bob] = [(); 2].map(|()| open(&store));
    let screening = SetScreening {
        judge: Cell::new(ALLOW),
        asked: RefCell::default(),
    };
    let ledger = LocalLedger { store, clock };
    let opening = between(Kind::Deposit, None, Some(alice), OPENING_MINOR);
    ledger.post(&request(1, opening)).unwrap();
    let gate = Gate { ledger, screening };
    Bank { gate, alice, bob }
}

fn open(store: &SqliteStore) -> Uuid {
    let rules = OpenRules {
        number_format: NumberFormat::new("DE", "10000000").unwrap(),
        accounts_per_user_max: 100,
    };
    let wanted = OpenRequest::of_customer(Uuid::from_u128(0xA), AccountType::Checking, euro());
    let (clock, bank) = (&SystemClock, &Manager::BANK);
    let opened = account::open(store, clock, &SystemRandom, &rules, wanted, bank);
    opened.unwrap().id
}

fn euro() -> Currency {
    Currency::from_code("EUR").unwrap()
}

fn between(kind: Kind, from: Option<Uuid>, to: Option<Uuid>, minor: i64) -> Instruction {
    Instruction {
        source: from,
        destination: to.map(AccountRef::Id),
        expires_in: (kind == Kind::Hold).then_some(60),
        ..Instruction::new(kind, Money::from_minor(minor, euro()))
    }
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
    /// The gate, whose screening judges so from now on.
    fn gate(&self, judge: Judge) -> &Gate<LocalLedger<SqliteStore, SystemClock>, SetScreening> {
        self.gate.screening.judge.set(judge);
        &self.gate
    }

    fn pay(&self, judge: Judge, id: u128, minor: i64) -> Result<Reply, LedgerError> {
        self.gate(judge).post(&self.payment(id, minor))
    }

    /// The payments that the screening has judged since the last time.
    fn asked(&self) -> Vec<Uuid> {
        self.gate.screening.asked.take()
    }

    fn instruction(&self, kind: Kind, minor: i64) -> Instruction {
        between(kind, Some(self.alice), Some(self.bob), minor)
    }

    fn payment(&self, id: u128, minor: i64) -> Transfer {
        request(id, self.instruction(Kind::Transfer, minor))
    }

    fn batch(&self, amounts_minor: &[i64]) -> Batch {
        let line = |minor: &i64| BatchLine::Transfer {
            instruction: self.instruction(Kind::Transfer, *minor),
            denied_by: None,
        };
        let instruction = BatchInstruction {
            atomic: false,
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
    assert!(matches!(reply.err(), Some(LedgerError::NotScreened(_))));
}

#[test]
fn an_allowed_payment_is_posted_and_judged_once() {
    let bank = bank();
    let first = bank.pay(ALLOW, 2, 100).unwrap();
    let again = bank.pay(DOWN, 2, 100).unwrap();
    assert_eq!((first.repeated, again.repeated), (false, true));
    assert_eq!(first.posting, again.posting);
    // A known id with another fingerprint is reused, although the screening is down.
    assert_eq!(bank.pay(DOWN, 2, 101), Err(LedgerError::IdReused));
    assert_eq!(bank.asked(), [Uuid::from_u128(2)]);
    assert_eq!(bank.bob_has(), 100);
}

#[test]
fn a_denied_payment_is_recorded_with_its_rule_and_stays_denied() {
    let bank = bank();
    let first = bank.pay(DENY, 2, 100).unwrap();
    assert_denied(&first);
    for judge in [ALLOW, DOWN] {
        let again = bank.pay(judge, 2, 100).unwrap();
        assert!(again.repeated);
        assert_eq!(again.posting, first.posting);
    }
    assert_eq!(bank.asked().len(), 1);
    assert_eq!(bank.bob_has(), 0);
    // Another id is another payment.
    bank.pay(ALLOW, 3, 100).unwrap();
    assert_eq!(bank.bob_has(), 100);
}

#[test]
fn without_a_verdict_the_ledger_is_not_asked_and_the_same_id_may_be_sent_again() {
    let bank = bank();
    let head = bank.head();
    let mut nowhere = bank.payment(2, 1);
    nowhere.instruction.destination = Some(AccountRef::Id(Uuid::from_u128(0xDEAD)));
    for judge in NO_VERDICT {
        assert_not_screened(bank.pay(judge, 2, 100));
        assert_not_screened(bank.gate(judge).post(&nowhere));
        assert_eq!(bank.head(), head);
        assert_eq!(bank.gate.ledger.lookup(Uuid::from_u128(2)), Ok(None));
    }
    let not_found = Err(LedgerError::AccountNotFound(Side::DestinationId));
    assert_eq!(bank.gate(ALLOW).post(&nowhere), not_found);
    // Nothing is recorded of this id, so another payment needs a verdict of its own.
    assert_denied(&bank.pay(DENY, 2, 2).unwrap());
    assert!(!bank.pay(ALLOW, 3, 100).unwrap().repeated);
    assert_eq!(bank.bob_has(), 100);
}

#[test]
fn every_payment_is_judged_and_nothing_that_follows_from_one() {
    let bank = bank();
    let [alice, bob] = [bank.alice, bank.bob].map(Some);
    for (id, kind, from, to) in rows! {
        (2, Kind::Transfer, alice, bob), (3, Kind::Deposit, None, bob),
        (4, Kind::Withdrawal, alice, None), (5, Kind::Hold, alice, bob),
        (6, Kind::Hold, alice, bob),
    } {
        let payment = request(id, between(kind, from, to, 100));
        assert_not_screened(bank.gate(DOWN).post(&payment));
        bank.gate(ALLOW).post(&payment).unwrap();
        assert_eq!(bank.asked(), [payment.id, payment.id]);
    }
    for (id, kind, original) in rows! {
        (7, Kind::Capture, 5), (8, Kind::Void, 6), (9, Kind::Reversal, 2),
    } {
        let mut instruction = between(kind, None, None, 100);
        instruction.original = Some(Uuid::from_u128(original));
        let reply = bank.gate(DOWN).post(&request(id, instruction)).unwrap();
        assert_eq!(reply.posting.status, kind.accepted_status());
    }
    assert!(bank.asked().is_empty());
}

#[test]
fn a_forecast_a_cancel_and_the_denial_of_another_gate_need_no_verdict() {
    let bank = bank();
    bank.gate.screening.judge.set(DOWN);
    for (more, forecast) in [(0, None), (1, Some(Decline::InsufficientFunds))] {
        let payment = bank.payment(2, OPENING_MINOR + more);
        assert_eq!(bank.gate.judge(&payment), Ok(forecast));
    }

    let mut cancelled = bank.gate.cancel(&bank.payment(2, 100)).unwrap();
    assert_eq!(cancelled.posting.decline, Some(Decline::Cancelled));
    cancelled.repeated = true;
    assert_eq!(bank.pay(DOWN, 2, 100), Ok(cancelled));

    let mut denied = bank.payment(3, 100);
    denied.denied_by = Some(RULE.to_owned());
    assert_denied(&bank.gate.post(&denied).unwrap());
    assert!(bank.asked().is_empty());
}

/// The ledger decides what a denied line means for an atomic batch.
#[test]
fn the_lines_of_a_batch_are_judged_one_by_one_and_once() {
    let bank = bank();
    let mut batch = bank.batch(&[1, DENIED_MINOR, 2]);
    let refusal = Refusal {
        code: "amount_invalid".to_owned(),
        pointer: "/amount".to_owned(),
        detail: "must be a decimal".to_owned(),
    };
    let lines = &mut batch.instruction.lines;
    lines.push(BatchLine::Refused(refusal.clone()));
    lines.push(BatchLine::Transfer {
        instruction: bank.instruction(Kind::Transfer, 4),
        denied_by: Some("another_gate".to_owned()),
    });
    let first = bank.gate(DENY_ONE_AMOUNT).post_batch(&batch).unwrap();
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
    assert!(rules.eq(expected), "{first:?}");
    assert_eq!(bank.bob_has(), 3);

    let again = bank.gate(DOWN).post_batch(&batch).unwrap();
    assert_eq!((again.outcomes, again.repeated), (first.outcomes, true));
    assert!(bank.asked().is_empty());
}

#[test]
fn one_missing_verdict_holds_up_the_whole_batch() {
    let bank = bank();
    let head = bank.head();
    let mut batch = bank.batch(&[1, DENIED_MINOR, 2]);
    batch.instruction.atomic = true;
    assert_not_screened(bank.gate(DOWN_FOR_ONE_AMOUNT).post_batch(&batch));
    assert_eq!(bank.gate.ledger.find_batch(batch.id), Ok(None));
    assert_eq!((bank.head(), bank.bob_has()), (head, 0));
    assert!(!bank.gate(ALLOW).post_batch(&batch).unwrap().repeated);
    assert_eq!(bank.bob_has(), 3 + DENIED_MINOR);
}
