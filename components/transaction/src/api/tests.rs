//! Goal: whatever crashes, repeats, or races, a request moves money at most once, is never lost once accepted, and is answered with the
//! same bytes.
//! Method: this service and the account service's own library, each on its own store. The link between them can be cut before or
//! after the ledger decides; a crash is a step that does not happen, as each step is one call.

mod audit;
mod movement;
mod screening;

use super::*;
use crate::drive;
use crate::idempotency::IdempotencyKey;
use crate::intent::{self, Intent};
use crate::ledger::{
    DebitAuthority, Decline, Ledger, LedgerError, Outcome, Party, Posting, Resolution, Side,
    Transfer,
};
use crate::order::Decided;
use crate::recover;
use crate::request::{AccountRef, DepositBody, Kind, Route, TransferBody, WithdrawBody};
use crate::schema::MIGRATIONS;
use serde_json::{Value, json};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use strongroom_account::account::{self, AccountType, Actor, NumberFormat, OpenRequest, OpenRules};
use strongroom_account::audit::check_invariants;
use strongroom_account::ledger as account_ledger;
use strongroom_sdk::clock::Clock;
use strongroom_sdk::http::RequestId;
use strongroom_sdk::identity::Identity;
use strongroom_sdk::money::Currency;
use strongroom_sdk::page::Page;
use strongroom_sdk::problem::Problem;
use strongroom_sdk::random::SystemRandom;
use strongroom_sdk::store::{Ending, SqliteStore, Store, Transaction, WatchedStore, migrate};
use uuid::Uuid;

const ALICE: Uuid = Uuid::from_u128(0xA);
const BOB: Uuid = Uuid::from_u128(0xB);
const TELLER: Uuid = Uuid::from_u128(0x7);
const DEADLINE_MS: i64 = 60_000;

#[derive(Clone)]
struct TestClock(Rc<Cell<i64>>);

impl Clock for TestClock {
    fn now_ms(&self) -> i64 {
        self.0.get()
    }
}

/// Where the link to the ledger is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cut {
    Nowhere,
    /// The ledger is never asked.
    Before,
    /// The ledger decides, and its answer is lost.
    After,
}

/// The account service's library as the ledger.
#[derive(Clone)]
struct LocalLedger {
    store: SqliteStore,
    clock: TestClock,
    cut: Rc<Cell<Cut>>,
    posts: Rc<Cell<usize>>,
    /// The words of every call that decides.
    asked: Rc<RefCell<Vec<&'static str>>>,
}

impl LocalLedger {
    fn ask(
        &self,
        name: &'static str,
        transfer: &Transfer,
        call: impl Fn(
            &SqliteStore,
            &TestClock,
            &account_ledger::Transfer,
        ) -> Result<account_ledger::Posting, account_ledger::LedgerError>,
    ) -> Result<Posting, LedgerError> {
        self.posts.set(self.posts.get() + 1);
        self.asked.borrow_mut().push(name);
        let lost = || LedgerError::Unavailable("cut".to_owned());
        if self.cut.get() == Cut::Before {
            return Err(lost());
        }
        let result = call(&self.store, &self.clock, &to_account(transfer));
        if self.cut.get() == Cut::After {
            return Err(lost());
        }
        result.map(from_account).map_err(from_account_error)
    }
}

impl Ledger for LocalLedger {
    fn post(&self, transfer: &Transfer) -> Result<Posting, LedgerError> {
        self.ask("post", transfer, account_ledger::post)
    }

    fn fence(&self, transfer: &Transfer) -> Result<Posting, LedgerError> {
        self.ask("fence", transfer, account_ledger::fence)
    }

    fn post_batch(
        &self,
        transfers: &[Transfer],
        atomic: bool,
    ) -> Result<Vec<Result<Posting, LedgerError>>, LedgerError> {
        self.posts.set(self.posts.get() + 1);
        self.asked.borrow_mut().push("post_batch");
        let lost = || LedgerError::Unavailable("cut".to_owned());
        if self.cut.get() == Cut::Before {
            return Err(lost());
        }
        let transfers: Vec<_> = transfers.iter().map(to_account).collect();
        let result = account_ledger::post_batch(&self.store, &self.clock, &transfers, atomic);
        if self.cut.get() == Cut::After {
            return Err(lost());
        }
        let outcomes = result.map_err(from_account_error)?;
        let outcomes = outcomes
            .into_iter()
            .map(|outcome| outcome.map(from_account).map_err(from_account_error));
        Ok(outcomes.collect())
    }

    fn fence_batch(&self, transfers: &[Transfer]) -> Result<Vec<Posting>, LedgerError> {
        self.asked.borrow_mut().push("fence_batch");
        if self.cut.get() == Cut::Before {
            return Err(LedgerError::Unavailable("cut".to_owned()));
        }
        let transfers: Vec<_> = transfers.iter().map(to_account).collect();
        let result = account_ledger::fence_batch(&self.store, &self.clock, &transfers);
        let postings = result.map_err(from_account_error)?;
        Ok(postings.into_iter().map(from_account).collect())
    }

    fn lookup(&self, id: Uuid) -> Result<Option<Posting>, LedgerError> {
        Ok(account_ledger::lookup(&self.store, id)
            .unwrap()
            .map(from_account))
    }

    fn history(
        &self,
        account_id: Uuid,
        before: u64,
        limit: u32,
    ) -> Result<Vec<Posting>, LedgerError> {
        let postings =
            account_ledger::history(&self.store, account_id, before as i64, limit).unwrap();
        Ok(postings.into_iter().map(from_account).collect())
    }

    fn owner_of(&self, account_id: Uuid) -> Result<Option<Uuid>, LedgerError> {
        Ok(account::by_id(&self.store, account_id)
            .unwrap()
            .map(|account| account.owner_id))
    }
}

fn to_account(transfer: &Transfer) -> account_ledger::Transfer {
    let instruction = &transfer.instruction;
    account_ledger::Transfer {
        id: transfer.id,
        fingerprint: transfer.fingerprint,
        kind: match instruction.kind {
            Kind::Deposit => account_ledger::Kind::Deposit,
            Kind::Withdrawal => account_ledger::Kind::Withdrawal,
            Kind::Transfer => account_ledger::Kind::Transfer,
            Kind::Hold => account_ledger::Kind::Hold,
            Kind::Capture => account_ledger::Kind::Capture,
            Kind::Void => account_ledger::Kind::Void,
            Kind::Expiry => account_ledger::Kind::Expiry,
            Kind::Reversal => account_ledger::Kind::Reversal,
        },
        authority: match transfer.authority {
            DebitAuthority::Owner(owner) => account_ledger::DebitAuthority::Owner(owner),
            DebitAuthority::Bank => account_ledger::DebitAuthority::Bank,
        },
        initiator: transfer.initiator,
        source: instruction.source,
        destination: instruction
            .destination
            .clone()
            .map(|account| match account {
                AccountRef::Id(id) => account_ledger::AccountRef::Id(id),
                AccountRef::Number(number) => account_ledger::AccountRef::Number(number),
            }),
        subject: instruction.subject,
        timeout_seconds: instruction.expires_in,
        amount_minor: instruction.amount_minor,
        currency: instruction.currency.clone(),
        reference: instruction.reference.clone(),
        metadata: transfer.metadata(),
        requested_at_ms: transfer.requested_at_ms,
    }
}

fn from_account_kind(kind: account_ledger::Kind) -> Kind {
    match kind {
        account_ledger::Kind::Deposit => Kind::Deposit,
        account_ledger::Kind::Withdrawal => Kind::Withdrawal,
        account_ledger::Kind::Transfer => Kind::Transfer,
        account_ledger::Kind::Hold => Kind::Hold,
        account_ledger::Kind::Capture => Kind::Capture,
        account_ledger::Kind::Void => Kind::Void,
        account_ledger::Kind::Expiry => Kind::Expiry,
        account_ledger::Kind::Reversal => Kind::Reversal,
    }
}

fn from_account_status(status: account_ledger::Status) -> Outcome {
    match status {
        account_ledger::Status::Pending => Outcome::Held,
        account_ledger::Status::Voided => Outcome::Voided,
        account_ledger::Status::Expired => Outcome::Expired,
        account_ledger::Status::Posted | account_ledger::Status::Declined => Outcome::Posted,
    }
}

fn from_account(posting: account_ledger::Posting) -> Posting {
    let party = |party: account_ledger::PostingParty| Party {
        account_id: party.account_id,
        owner_id: party.owner_id,
    };
    Posting {
        id: posting.id,
        sequence: posting.sequence as u64,
        fingerprint: Some(posting.fingerprint),
        kind: from_account_kind(posting.kind),
        subject: posting.subject,
        expires_at_ms: posting.expires_at_ms,
        resolution: posting.resolution.map(|resolution| Resolution {
            id: resolution.id,
            kind: from_account_kind(resolution.kind),
            amount_minor: resolution.amount_minor,
        }),
        outcome: posting.decline.map_or_else(
            || from_account_status(posting.status),
            |decline| {
                Outcome::Declined(match decline {
                    account_ledger::Decline::AccountClosed => Decline::AccountClosed,
                    account_ledger::Decline::AccountFrozen => Decline::AccountFrozen,
                    account_ledger::Decline::CurrencyMismatch => Decline::CurrencyMismatch,
                    account_ledger::Decline::LimitExceeded => Decline::LimitExceeded,
                    account_ledger::Decline::InsufficientFunds => Decline::InsufficientFunds,
                    account_ledger::Decline::Cancelled => {
                        Decline::of_given_up(posting.metadata.as_deref())
                    }
                    account_ledger::Decline::AlreadyCaptured => Decline::AlreadyCaptured,
                    account_ledger::Decline::AlreadyVoided => Decline::AlreadyVoided,
                    account_ledger::Decline::HoldExpired => Decline::HoldExpired,
                    account_ledger::Decline::AmountExceedsHold => Decline::AmountExceedsHold,
                    account_ledger::Decline::AlreadyReversed => Decline::AlreadyReversed,
                    account_ledger::Decline::NotReversible => Decline::NotReversible,
                    account_ledger::Decline::BatchDeclined => Decline::BatchDeclined,
                })
            },
        ),
        initiator: posting.initiator,
        source: posting.source.map(party),
        destination: posting.destination.map(party),
        amount_minor: posting.amount_minor,
        currency: posting.currency,
        reference: posting.reference,
        metadata: posting.metadata,
        requested_at_ms: posting.requested_at_ms,
        recorded_at_ms: posting.recorded_at_ms,
    }
}

fn from_account_error(error: account_ledger::LedgerError) -> LedgerError {
    match error {
        account_ledger::LedgerError::AccountNotFound(account_ledger::Side::Source) => {
            LedgerError::AccountNotFound(Side::Source)
        }
        account_ledger::LedgerError::AccountNotFound(_) => {
            LedgerError::AccountNotFound(Side::Destination)
        }
        account_ledger::LedgerError::SubjectNotFound => LedgerError::SubjectNotFound,
        account_ledger::LedgerError::BatchRefused => LedgerError::BatchRefused,
        account_ledger::LedgerError::IdReused => LedgerError::IdReused,
        account_ledger::LedgerError::Invalid(field) => LedgerError::Invalid(field.to_owned()),
        account_ledger::LedgerError::Store(error) => LedgerError::Unavailable(error.to_string()),
    }
}

/// A bank of two customers: Alice with 100.00 EUR, Bob with nothing.
struct Bank {
    service: Service<SqliteStore, LocalLedger, TestClock>,
    alice: account::Account,
    bob: account::Account,
}

fn intent_store() -> SqliteStore {
    let store = SqliteStore::in_memory().unwrap();
    migrate(&store, MIGRATIONS).unwrap();
    store
}

fn bank() -> Bank {
    let clock = TestClock(Rc::new(Cell::new(1_800_000_000_000)));
    let ledger_store = SqliteStore::in_memory().unwrap();
    migrate(&ledger_store, strongroom_account::schema::MIGRATIONS).unwrap();
    let rules = OpenRules {
        number_format: NumberFormat::new("DE", "10000000").unwrap(),
        accounts_per_user_max: 9,
    };
    let actor = Actor {
        id: TELLER,
        role: "teller".to_owned(),
        request_id: String::new(),
    };
    let [alice, bob] = [ALICE, BOB].map(|owner_id| {
        let request = OpenRequest {
            owner_id,
            account_type: AccountType::Checking,
            currency: Currency::from_code("EUR").unwrap(),
            name: None,
        };
        account::open(
            &ledger_store,
            (&clock, &SystemRandom),
            &rules,
            request,
            &actor,
        )
        .unwrap()
    });
    let ledger = LocalLedger {
        store: ledger_store,
        clock: clock.clone(),
        cut: Rc::new(Cell::new(Cut::Nowhere)),
        posts: Rc::default(),
        asked: Rc::default(),
    };
    let service = Service {
        store: intent_store(),
        ledger,
        clock,
        intent_deadline_ms: DEADLINE_MS,
    };
    let bank = Bank {
        service,
        alice,
        bob,
    };
    let body = json!({"account_id": bank.alice.id, "amount": "100", "currency": "EUR"});
    let body: DepositBody = serde_json::from_value(body).unwrap();
    let deposited = deposit(
        &bank.service,
        &identity(TELLER, Role::Teller),
        RequestId::default(),
        key("opening"),
        body,
    )
    .unwrap();
    assert_eq!((deposited.content.status, deposited.replayed), (201, false));
    bank
}

fn key(text: &str) -> IdempotencyKey {
    IdempotencyKey::from_header([text.as_bytes()]).unwrap()
}

fn identity(subject: Uuid, role: Role) -> Identity {
    Identity {
        subject,
        role,
        session: Uuid::nil(),
        scope: String::new(),
    }
}

fn alice() -> Identity {
    identity(ALICE, Role::Customer)
}

type Answered = Result<crate::drive::Answer, Problem>;

impl Bank {
    fn body(&self, amount: &str) -> Value {
        json!({"from_account_id": self.alice.id, "to_account_id": self.bob.id, "amount": amount, "currency": "EUR",
            "reference": "rent", "metadata": {"invoice": "7"}})
    }

    fn send(&self, key_text: &str, amount: &str) -> Answered {
        self.send_body(key_text, self.body(amount))
    }

    fn send_body(&self, key_text: &str, body: Value) -> Answered {
        let body: TransferBody = serde_json::from_value(body).unwrap();
        transfer(&self.service, &alice(), key(key_text), body)
    }

    fn cut(&self, cut: Cut) {
        self.service.ledger.cut.set(cut);
    }

    fn wait(&self, ms: i64) {
        self.service.clock.0.set(self.service.clock.0.get() + ms);
    }

    fn tick(&self) -> recover::Sweep {
        recover::tick(
            &self.service.store,
            &self.service.ledger,
            &self.service.clock,
        )
        .unwrap()
    }

    fn open_intents(&self) -> i64 {
        intent::count_accepted(&self.service.store).unwrap()
    }

    fn intents(&self) -> i64 {
        let rows = self
            .service
            .store
            .query("SELECT count(*) FROM intent", &[])
            .unwrap();
        rows.first().unwrap().integer(0).unwrap()
    }

    /// What Bob has, after the whole ledger was checked.
    fn bob_has(&self) -> i64 {
        let ledger = &self.service.ledger.store;
        let report = check_invariants(ledger).unwrap();
        assert_eq!(report.violations().next(), None);
        account::by_id(ledger, self.bob.id)
            .unwrap()
            .unwrap()
            .balance
            .posted()
    }
}

fn refusal(answered: Answered) -> (u16, &'static str) {
    let problem = answered.unwrap_err();
    (problem.status().as_u16(), problem.code())
}

fn json_of(answer: &crate::drive::Answer) -> Value {
    serde_json::from_str(&answer.content.body).unwrap()
}

#[test]
fn a_transfer_is_answered_as_the_contract_says_and_repeated_byte_by_byte() {
    let bank = bank();
    let first = bank.send("k", "12.3").unwrap();
    let body = json_of(&first);
    let expected = json!({
        "id": body["id"], "type": "transfer", "status": "posted", "from_account_id": bank.alice.id,
        "to_account_id": bank.bob.id, "amount": "12.30", "currency": "EUR", "reference": "rent",
        "metadata": {"invoice": "7"}, "decline_code": null, "created_at": "2027-01-15T08:00:00.000Z",
        "posted_at": "2027-01-15T08:00:00.000Z", "sequence": 2,
    });
    assert_eq!(
        (first.content.status, first.replayed, body),
        (201, false, expected)
    );
    bank.wait(5_000);
    for amount in ["12.3", "12.30"] {
        let again = bank.send("k", amount).unwrap();
        assert_eq!(
            (again.content, again.replayed),
            (first.content.clone(), true)
        );
    }
    assert_eq!(bank.bob_has(), 1_230);
    assert_eq!(
        (bank.open_intents(), bank.service.ledger.posts.get()),
        (0, 2)
    );
}

#[test]
fn one_key_for_two_requests_is_refused() {
    let bank = bank();
    bank.send("k", "1").unwrap();
    assert_eq!(
        refusal(bank.send("k", "2")),
        (422, "idempotency_key_reused")
    );
    // The same key of another user, or on another call, is another key.
    let body: WithdrawBody = serde_json::from_value(
        json!({"account_id": bank.alice.id, "amount": "1", "currency": "EUR"}),
    )
    .unwrap();
    assert_eq!(
        withdraw(
            &bank.service,
            &alice(),
            RequestId::default(),
            key("k"),
            body,
        )
        .unwrap()
        .content
        .status,
        201
    );
    assert_eq!(bank.bob_has(), 100);
}

#[test]
fn a_decline_is_kept_and_repeated_even_when_money_has_come() {
    let bank = bank();
    let declined = bank.send("k", "1000").unwrap();
    let document = json_of(&declined);
    assert_eq!(
        (declined.content.status, &document["code"]),
        (422, &json!("insufficient_funds"))
    );
    let id: Uuid = document["transaction_id"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    let body: DepositBody = serde_json::from_value(
        json!({"account_id": bank.alice.id, "amount": "9000", "currency": "EUR"}),
    )
    .unwrap();
    deposit(
        &bank.service,
        &identity(TELLER, Role::Admin),
        RequestId::default(),
        key("more"),
        body,
    )
    .unwrap();
    let again = bank.send("k", "1000").unwrap();
    assert_eq!((again.content, again.replayed), (declined.content, true));
    let view = serde_json::to_value(get(&bank.service, &alice(), id).unwrap()).unwrap();
    assert_eq!(
        (&view["status"], &view["decline_code"]),
        (&json!("declined"), &json!("insufficient_funds"))
    );
    assert_eq!(bank.bob_has(), 0);
}

#[test]
fn what_the_ledger_does_not_record_is_not_kept() {
    let bank = bank();
    let kept = bank.intents();
    let nobody = Uuid::from_u128(404);
    let mut from_bob = bank.body("1");
    from_bob["from_account_id"] = json!(bank.bob.id);
    from_bob["to_account_id"] = json!(bank.alice.id);
    let mut to_nobody = bank.body("1");
    to_nobody["to_account_id"] = json!(nobody);
    let mut to_itself = bank.body("1");
    to_itself["to_account_id"] = Value::Null;
    to_itself["to_account_number"] = json!(bank.alice.number);
    assert_eq!(
        refusal(bank.send_body("k", from_bob)),
        (404, "account_not_found")
    );
    assert_eq!(
        refusal(bank.send_body("k", to_nobody)),
        (404, "account_not_found")
    );
    assert_eq!(
        refusal(bank.send_body("k", to_itself)),
        (422, "validation_failed")
    );
    assert_eq!(bank.intents(), kept);
    // The key is free for the corrected request.
    assert_eq!(bank.send("k", "1").unwrap().content.status, 201);
}

#[test]
fn a_crash_before_the_ledger_is_asked_is_finished_by_recovery() {
    let bank = bank();
    bank.cut(Cut::Before);
    assert_eq!(refusal(bank.send("k", "1")), (503, "service_unavailable"));
    assert_eq!(refusal(bank.send("k", "1")), (409, "in_progress"));
    assert_eq!((bank.open_intents(), bank.bob_has()), (1, 0));
    bank.cut(Cut::Nowhere);
    bank.wait(recover::LEFT_OVER_MS_MIN);
    let sweep = recover::start(
        &bank.service.store,
        &bank.service.ledger,
        &bank.service.clock,
    )
    .unwrap();
    assert_eq!(
        (sweep.settled, bank.open_intents(), bank.bob_has()),
        (1, 0, 100)
    );
    assert!(bank.send("k", "1").unwrap().replayed);
    assert_eq!(bank.bob_has(), 100);
}

#[test]
fn an_answer_that_is_lost_after_the_decision_is_the_same_when_it_is_found() {
    let bank = bank();
    bank.cut(Cut::After);
    assert_eq!(refusal(bank.send("k", "1")), (503, "service_unavailable"));
    assert_eq!((bank.open_intents(), bank.bob_has()), (1, 100));
    bank.cut(Cut::Nowhere);
    let by_client = bank.send("k", "1").unwrap();
    assert_eq!(
        (
            by_client.content.status,
            by_client.replayed,
            bank.open_intents()
        ),
        (201, true, 0)
    );
    bank.wait(3_000);
    assert_eq!(bank.tick(), recover::Sweep::default());
    assert_eq!(bank.send("k", "1").unwrap().content, by_client.content);
    assert_eq!(bank.bob_has(), 100);
}

#[test]
fn a_lost_mark_is_derived_again() {
    let bank = bank();
    let first = bank.send("k", "1").unwrap();
    // As after a crash that has lost the group with the mark.
    let transaction = bank.service.store.begin().unwrap();
    transaction.execute("DELETE FROM intent", &[]).unwrap();
    let body: TransferBody = serde_json::from_value(bank.body("1")).unwrap();
    let times = (bank.service.clock.now_ms(), DEADLINE_MS);
    let authority = DebitAuthority::Owner(ALICE);
    let accepted = Intent::new(
        ALICE,
        Route::Transfer,
        key("k"),
        authority,
        body.into_instruction().unwrap(),
        times,
    );
    assert!(intent::insert(&transaction, &accepted).unwrap());
    transaction.commit().unwrap();
    bank.wait(2_000);
    assert_eq!(
        bank.tick(),
        recover::Sweep {
            settled: 1,
            failed: 0
        }
    );
    assert_eq!(bank.send("k", "1").unwrap().content, first.content);
    assert_eq!(bank.bob_has(), 100);
}

#[test]
fn a_lost_file_pays_nobody_twice() {
    let mut bank = bank();
    let first = bank.send("k", "1").unwrap();
    bank.service.store = intent_store();
    bank.wait(1);
    let again = bank.send("k", "1").unwrap();
    assert_eq!((again.content, again.replayed), (first.content, true));
    bank.service.store = intent_store();
    assert_eq!(
        refusal(bank.send("k", "2")),
        (422, "idempotency_key_reused")
    );
    assert_eq!((bank.bob_has(), bank.intents()), (100, 0));
}

#[test]
fn a_new_intent_is_left_to_its_own_request_for_two_seconds() {
    let bank = bank();
    bank.cut(Cut::Before);
    let _ = bank.send("k", "1");
    bank.cut(Cut::Nowhere);
    bank.wait(1_999);
    assert_eq!(bank.tick(), recover::Sweep::default());
    bank.wait(1);
    assert_eq!(
        bank.tick(),
        recover::Sweep {
            settled: 1,
            failed: 0
        }
    );
}

#[test]
fn a_ledger_that_is_down_is_asked_less_and_less_often() {
    let bank = bank();
    bank.cut(Cut::Before);
    for number in 0..5 {
        let _ = bank.send(&number.to_string(), "1");
    }
    bank.wait(2_000);
    // After three failures in a row the others are left alone.
    assert_eq!(
        bank.tick(),
        recover::Sweep {
            settled: 0,
            failed: 3
        }
    );
    assert_eq!(
        bank.tick(),
        recover::Sweep {
            settled: 0,
            failed: 2
        }
    );
    assert_eq!(bank.tick(), recover::Sweep::default());
    let started = recover::start(
        &bank.service.store,
        &bank.service.ledger,
        &bank.service.clock,
    )
    .unwrap();
    assert_eq!((started.settled, started.failed), (0, 3));
    bank.cut(Cut::Nowhere);
    bank.wait(30_000);
    assert_eq!(
        bank.tick(),
        recover::Sweep {
            settled: 5,
            failed: 0
        }
    );
    assert_eq!((bank.open_intents(), bank.bob_has()), (0, 500));
}

#[test]
fn start_settles_more_than_one_batch() {
    let bank = bank();
    bank.cut(Cut::Before);
    for number in 0..600 {
        let _ = bank.send(&number.to_string(), "0.01");
    }
    bank.cut(Cut::Nowhere);
    bank.wait(recover::LEFT_OVER_MS_MIN);
    let sweep = recover::start(
        &bank.service.store,
        &bank.service.ledger,
        &bank.service.clock,
    )
    .unwrap();
    assert_eq!(
        (sweep.settled, bank.open_intents(), bank.bob_has()),
        (600, 0, 600)
    );
}

#[test]
fn past_its_deadline_an_intent_is_fenced_and_a_late_post_moves_nothing() {
    let bank = bank();
    bank.cut(Cut::Before);
    let _ = bank.send("k", "1");
    let late = intent::due(&bank.service.store, i64::MAX, 1)
        .unwrap()
        .remove(0)
        .order;
    bank.cut(Cut::Nowhere);
    bank.wait(DEADLINE_MS);
    assert_eq!(
        bank.tick(),
        recover::Sweep {
            settled: 1,
            failed: 0
        }
    );
    assert_eq!(bank.service.ledger.asked.borrow().last(), Some(&"fence"));
    let Ok(Decided::Transfer(posted)) = late.post(&bank.service.ledger) else {
        panic!("the ledger answers a transfer");
    };
    assert_eq!(posted.outcome, Outcome::Declined(Decline::Cancelled));
    let answer = bank.send("k", "1").unwrap();
    assert_eq!(
        (answer.content.status, json_of(&answer)["code"].clone()),
        (422, json!("cancelled"))
    );
    assert_eq!(bank.bob_has(), 0);
}

#[test]
fn a_fence_that_comes_after_the_post_finds_the_money_moved() {
    let bank = bank();
    bank.cut(Cut::After);
    let _ = bank.send("k", "1");
    bank.cut(Cut::Nowhere);
    bank.wait(DEADLINE_MS);
    bank.tick();
    assert_eq!(bank.send("k", "1").unwrap().content.status, 201);
    assert_eq!(bank.bob_has(), 100);
}

#[test]
fn a_request_that_runs_twice_at_once_is_decided_once() {
    let bank = bank();
    let body: TransferBody = serde_json::from_value(bank.body("1")).unwrap();
    let times = (bank.service.clock.now_ms(), DEADLINE_MS);
    let authority = DebitAuthority::Owner(ALICE);
    let request = Intent::new(
        ALICE,
        Route::Transfer,
        key("k"),
        authority,
        body.into_instruction().unwrap(),
        times,
    );
    // The first has committed its intent, and is about to ask the ledger, when the second comes in and overtakes it.
    let transaction = bank.service.store.begin().unwrap();
    assert!(intent::insert(&transaction, &request).unwrap());
    transaction.commit().unwrap();
    let second = drive::submit(&bank.service.store, &bank.service.ledger, &request).unwrap();
    let order = &request.accepted.order;
    let first = order.post(&bank.service.ledger).unwrap();
    assert_eq!(answer_to(order, &first).unwrap(), second.content);
    assert_eq!(bank.bob_has(), 100);
}

#[test]
fn old_answers_are_deleted_and_the_ledger_still_knows() {
    let bank = bank();
    let first = bank.send("k", "1").unwrap();
    bank.wait(31 * 24 * 3_600 * 1_000);
    bank.tick();
    assert_eq!(bank.intents(), 0);
    let again = bank.send("k", "1").unwrap();
    assert_eq!((again.content, again.replayed), (first.content, true));
    assert_eq!(bank.bob_has(), 100);
}

#[test]
fn who_may_move_what() {
    let bank = bank();
    let deposit_as = |who: &Identity| {
        let body: DepositBody = serde_json::from_value(
            json!({"account_id": bank.bob.id, "amount": "1", "currency": "EUR"}),
        )
        .unwrap();
        deposit(&bank.service, who, RequestId::default(), key("d"), body)
    };
    let withdraw_as = |who: &Identity| {
        let body: WithdrawBody = serde_json::from_value(
            json!({"account_id": bank.alice.id, "amount": "1", "currency": "EUR"}),
        )
        .unwrap();
        withdraw(&bank.service, who, RequestId::default(), key("w"), body)
    };
    let send_as = |who: &Identity| {
        let body: TransferBody = serde_json::from_value(bank.body("1")).unwrap();
        transfer(&bank.service, who, key("t"), body)
    };
    let bob = identity(BOB, Role::Customer);
    let auditor = identity(Uuid::from_u128(9), Role::Auditor);
    let teller = identity(TELLER, Role::Teller);
    for who in [&alice(), &bob, &auditor] {
        assert_eq!(refusal(deposit_as(who)), (403, "forbidden"));
    }
    assert_eq!(deposit_as(&teller).unwrap().content.status, 201);
    assert_eq!(refusal(withdraw_as(&bob)), (404, "account_not_found"));
    assert_eq!(refusal(withdraw_as(&auditor)), (403, "forbidden"));
    assert_eq!(withdraw_as(&alice()).unwrap().content.status, 201);
    assert_eq!(withdraw_as(&teller).unwrap().content.status, 201);
    assert_eq!(refusal(send_as(&bob)), (404, "account_not_found"));
    assert_eq!(refusal(send_as(&teller)), (404, "account_not_found"));
    assert_eq!(refusal(send_as(&auditor)), (403, "forbidden"));
    assert_eq!(send_as(&alice()).unwrap().content.status, 201);
}

#[test]
fn who_may_read_what() {
    let bank = bank();
    let id_of = |answer: crate::drive::Answer| -> Uuid {
        let body = json_of(&answer);
        let id = body.get("transaction_id").unwrap_or(&body["id"]);
        id.as_str().unwrap().parse().unwrap()
    };
    let posted = id_of(bank.send("posted", "1").unwrap());
    let declined = id_of(bank.send("declined", "9999").unwrap());
    let read = |who: &Identity, id| {
        get(&bank.service, who, id).map(|view| serde_json::to_value(view).unwrap())
    };
    let bob = identity(BOB, Role::Customer);
    let carol = identity(Uuid::from_u128(0xC), Role::Customer);
    let auditor = identity(Uuid::from_u128(9), Role::Auditor);
    for who in [&alice(), &auditor] {
        assert_eq!(
            read(who, posted).unwrap()["metadata"],
            json!({"invoice": "7"})
        );
        assert!(read(who, declined).is_ok());
    }
    assert_eq!(read(&bob, posted).unwrap()["metadata"], Value::Null);
    for (who, id) in [
        (&bob, declined),
        (&carol, posted),
        (&carol, declined),
        (&carol, Uuid::nil()),
    ] {
        assert_eq!(read(who, id).unwrap_err().code(), "not_found");
    }
    let listed = |who: &Identity, account: Uuid| {
        let page = Page::from_query(&format!("account_id={account}")).unwrap();
        list(&bank.service.ledger, who, &page).map(|list| list.data.len())
    };
    assert_eq!(listed(&alice(), bank.alice.id).unwrap(), 3);
    assert_eq!(listed(&bob, bank.bob.id).unwrap(), 1);
    assert_eq!(listed(&auditor, bank.alice.id).unwrap(), 3);
    assert_eq!(listed(&bob, bank.alice.id).unwrap_err().code(), "not_found");
    assert_eq!(listed(&bob, Uuid::nil()).unwrap_err().code(), "not_found");
}

#[test]
fn an_open_intent_is_pending_to_its_owner_and_driven_on_when_it_is_stale() {
    let bank = bank();
    bank.cut(Cut::Before);
    let _ = bank.send("k", "1");
    let id = intent::due(&bank.service.store, i64::MAX, 1)
        .unwrap()
        .remove(0)
        .order
        .id();
    let status = |who: &Identity| {
        get(&bank.service, who, id).map(|view| {
            serde_json::to_value(view).unwrap()["status"]
                .as_str()
                .unwrap()
                .to_owned()
        })
    };
    assert_eq!(status(&alice()).unwrap(), "pending");
    assert_eq!(
        status(&identity(BOB, Role::Customer)).unwrap_err().code(),
        "not_found"
    );
    bank.wait(1_000);
    assert_eq!(status(&alice()).unwrap(), "pending");
    bank.cut(Cut::Nowhere);
    assert_eq!(status(&alice()).unwrap(), "posted");
    assert_eq!((bank.open_intents(), bank.bob_has()), (0, 100));
}

#[test]
fn a_repeated_request_is_answered_only_after_the_first_is_on_disk() {
    let bank = bank();
    let body: TransferBody = serde_json::from_value(bank.body("1")).unwrap();
    let times = (bank.service.clock.now_ms(), DEADLINE_MS);
    let request = Intent::new(
        ALICE,
        Route::Transfer,
        key("k"),
        DebitAuthority::Owner(ALICE),
        body.into_instruction().unwrap(),
        times,
    );
    let store = WatchedStore::new(bank.service.store.clone());
    drive::submit(&store, &bank.service.ledger, &request).unwrap();
    // The intent, and the note that it is final.
    assert_eq!(store.take_endings(), [Ending::OnDisk, Ending::Later]);
    assert_eq!(store.take_temporary_tables().unwrap(), Vec::<String>::new());
    drive::submit(&store, &bank.service.ledger, &request).unwrap();
    assert_eq!(store.take_endings(), [Ending::OnDisk]);
}

#[test]
fn start_ends_in_time_and_leaves_the_rest_to_the_ticks() {
    /// Takes a second for each answer.
    struct SlowLedger(LocalLedger);

    impl Ledger for SlowLedger {
        fn post(&self, transfer: &Transfer) -> Result<Posting, LedgerError> {
            self.0.clock.0.set(self.0.clock.0.get() + 1_000);
            self.0.post(transfer)
        }
        fn fence(&self, transfer: &Transfer) -> Result<Posting, LedgerError> {
            self.0.fence(transfer)
        }
        fn post_batch(
            &self,
            transfers: &[Transfer],
            atomic: bool,
        ) -> Result<Vec<Result<Posting, LedgerError>>, LedgerError> {
            self.0.post_batch(transfers, atomic)
        }
        fn fence_batch(&self, transfers: &[Transfer]) -> Result<Vec<Posting>, LedgerError> {
            self.0.fence_batch(transfers)
        }
        fn lookup(&self, id: Uuid) -> Result<Option<Posting>, LedgerError> {
            self.0.lookup(id)
        }
        fn history(&self, id: Uuid, before: u64, limit: u32) -> Result<Vec<Posting>, LedgerError> {
            self.0.history(id, before, limit)
        }
        fn owner_of(&self, id: Uuid) -> Result<Option<Uuid>, LedgerError> {
            self.0.owner_of(id)
        }
    }

    let bank = bank();
    bank.cut(Cut::Before);
    for number in 0..30 {
        let _ = bank.send(&number.to_string(), "0.01");
    }
    bank.cut(Cut::Nowhere);
    bank.wait(recover::LEFT_OVER_MS_MIN);
    let ledger = SlowLedger(bank.service.ledger.clone());
    let sweep = recover::start(&bank.service.store, &ledger, &bank.service.clock).unwrap();
    assert_eq!(
        (sweep.settled, sweep.failed, bank.open_intents()),
        (10, 0, 20)
    );
    assert_eq!(bank.tick().settled, 20);
}

#[test]
fn start_leaves_what_came_after_it_began() {
    let bank = bank();
    bank.cut(Cut::Before);
    let _ = bank.send("before", "1");
    bank.wait(1);
    let started_ms = bank.service.clock.now_ms() - 1;
    let _ = bank.send("after", "1");
    let left = intent::left_over(&bank.service.store, started_ms, 10).unwrap();
    assert_eq!((left.len(), bank.open_intents()), (1, 2));
}

#[test]
fn past_its_deadline_whoever_asks_for_an_intent_gives_it_up() {
    for by_get in [true, false] {
        let bank = bank();
        bank.cut(Cut::Before);
        let _ = bank.send("k", "1");
        bank.cut(Cut::Nowhere);
        bank.wait(DEADLINE_MS);
        if by_get {
            let left = intent::due(&bank.service.store, i64::MAX, 1).unwrap();
            let view = get(&bank.service, &alice(), left[0].order.id()).unwrap();
            let view = serde_json::to_value(view).unwrap();
            assert_eq!(view["decline_code"], "cancelled");
        } else {
            let answer = bank.send("k", "1").unwrap();
            assert_eq!(json_of(&answer)["code"], "cancelled");
        }
        assert_eq!(bank.service.ledger.asked.borrow().last(), Some(&"fence"));
        assert_eq!((bank.open_intents(), bank.bob_has()), (0, 0));
    }
}

#[test]
fn before_the_first_transaction_there_is_none() {
    let bank = bank();
    bank.send("k", "1").unwrap();
    let mut page: Page<u64, ListFilter> =
        Page::from_query(&format!("account_id={}", bank.bob.id)).unwrap();
    let listed =
        |page: &Page<_, _>| list(&bank.service.ledger, &teller(), page).map(|list| list.data.len());
    assert_eq!(listed(&page).unwrap(), 1);
    page.after = Some(0);
    assert_eq!(listed(&page).unwrap(), 0);
}

fn teller() -> Identity {
    identity(TELLER, Role::Teller)
}
