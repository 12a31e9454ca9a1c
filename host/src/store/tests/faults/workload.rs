//! The requests to the ledger: four customers pay each other at the same time, by every call.
//! The batches have as much text as they may, so that the log starts over while they pay.

use super::adapter::GuestStore;
use serde::{Deserialize, Serialize};
use std::thread;
use strongroom_account::account::{
    self, AccountFilter, AccountType, NumberFormat, OpenError, OpenRequest, OpenRules,
};
use strongroom_account::ledger::{lookup_many, post, post_batch};
use strongroom_account::schema;
use strongroom_ledger_api::{
    AccountRef, Batch, BatchInstruction, BatchLine, DebitAuthority, Instruction, Kind, LedgerError,
    LineOutcome, Posting, Transfer,
};
use strongroom_sdk::audit_log::Actor;
use strongroom_sdk::clock::Clock;
use strongroom_sdk::money::{Currency, Money};
use strongroom_sdk::page::Page;
use strongroom_sdk::random::SystemRandom;
use strongroom_sdk::store::{Reader, StoreError, migrate};
use uuid::Uuid;

const CUSTOMERS: u128 = 4;
/// The transfers of a batch, and the bytes of each one's text: some hundred pages of the log.
const BATCH_TRANSFERS: usize = 60;
const METADATA_BYTES: usize = 4_000;
/// The first deposit of each customer, in cents.
const DEPOSIT_MINOR: i64 = 1_000_000;
const HOLD_SECONDS: u32 = 60 * 60;
/// A member of the staff, who owns none of the accounts.
const STAFF: Uuid = Uuid::from_u128(0x5A);

/// The sum of all balances: zero, if a read sees whole commits.
const ALL_MONEY: &str = "SELECT coalesce(sum(credits_posted - debits_posted), 0) FROM balance";

/// A clock that stands still, so that nothing expires.
pub struct Noon;

impl Clock for Noon {
    fn now_ms(&self) -> i64 {
        1_800_000_000_000
    }
}

/// One request to the ledger.
#[derive(Debug, Clone)]
pub enum Ask {
    One(Transfer),
    /// The ledger posts all of its transfers, or none.
    Batch(Batch),
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Ack {
    Opened { owner: Uuid, account: Uuid },
    Decided(Decision),
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    pub id: Uuid,
    pub sequence: u64,
    pub status: String,
    pub decline: Option<String>,
    pub amount_minor: i64,
}

impl From<&Posting> for Decision {
    fn from(posting: &Posting) -> Self {
        Self {
            id: posting.id,
            sequence: posting.sequence,
            status: posting.status.as_str().to_owned(),
            decline: posting.decline.map(|decline| decline.as_str().to_owned()),
            amount_minor: posting.amount.map_or(0, |amount| amount.minor()),
        }
    }
}

/// Receives each acknowledgement as soon as the ledger returns it.
pub type Acknowledge<'a> = &'a (dyn Fn(Ack) + Sync);

/// Makes every request, and those that the store failed once more; fails if some have no answer.
pub fn run(store: &GuestStore, acknowledge: Acknowledge<'_>) -> Result<(), String> {
    let prepare = || {
        let accounts = open_accounts(store, acknowledge)?;
        match ask_all(store, deposits(&accounts), acknowledge).len() {
            0 => Ok(accounts),
            count => Err(StoreError::Io(format!("{count} deposits have no answer"))),
        }
    };
    let accounts = prepare()
        .or_else(|_| prepare())
        .map_err(|error| format!("no accounts: {error}"))?;
    let unanswered: Vec<Ask> = thread::scope(|scope| {
        let begin = |lane| scope.spawn(move || ask_all(store, lane, acknowledge));
        let lanes: Vec<_> = lanes(&accounts).into_iter().map(begin).collect();
        let ends = lanes.into_iter().map(|lane| lane.join());
        ends.flat_map(|end| end.expect("a lane ends")).collect()
    });
    match ask_all(store, unanswered, acknowledge).len() {
        0 => Ok(()),
        count => Err(format!("{count} requests have no answer")),
    }
}

/// The first deposit of each account. Without it there would be no hold to capture.
fn deposits(accounts: &[Uuid]) -> Vec<Ask> {
    let deposit = |customer| {
        let mut deposit = payment(accounts, customer, 1, Kind::Deposit, DEPOSIT_MINOR);
        deposit.instruction.destination = deposit.instruction.source.take().map(AccountRef::Id);
        Ask::One(deposit)
    };
    (0..CUSTOMERS).map(deposit).collect()
}

pub fn all_asks(accounts: &[Uuid]) -> impl Iterator<Item = Ask> {
    let of_lanes = lanes(accounts).into_iter().flatten();
    deposits(accounts).into_iter().chain(of_lanes)
}

/// The requests of each customer, one after the other. All customers pay at the same time.
fn lanes(accounts: &[Uuid]) -> Vec<Vec<Ask>> {
    let lane = |customer| {
        let pay =
            |number, kind, amount_minor| payment(accounts, customer, number, kind, amount_minor);
        let one = |number, kind, amount_minor| Ask::One(pay(number, kind, amount_minor));
        let batch = |number, amount| Ask::Batch(batch(pay(number, Kind::Transfer, amount)));
        let end = |number, kind, amount_minor, original| {
            let mut end = pay(number, kind, amount_minor);
            end.instruction.source = None;
            end.instruction.destination = None;
            end.instruction.original = Some(id(customer, original));
            Ask::One(end)
        };
        Vec::from(rows! {
            one(2, Kind::Transfer, 300), one(3, Kind::Hold, 5_000), one(4, Kind::Hold, 700),
            batch(1_000, 7), end(5, Kind::Capture, 4_000, 3),
            one(6, Kind::Transfer, DEPOSIT_MINOR * 10), end(7, Kind::Void, 700, 4),
            end(8, Kind::Capture, 1, 3), batch(2_000, 11), batch(3_000, DEPOSIT_MINOR / 2),
            end(9, Kind::Reversal, 300, 2), batch(4_000, 1), one(10, Kind::Transfer, 40),
        })
    };
    (0..CUSTOMERS).map(lane).collect()
}

fn id(customer: u128, number: u128) -> Uuid {
    Uuid::from_u128((customer + 1) << 64 | number)
}

fn owner(customer: u128) -> Uuid {
    Uuid::from_u128(0xC0 + customer)
}

/// A payment of a customer to the next one.
fn payment(
    accounts: &[Uuid],
    customer: u128,
    number: u128,
    kind: Kind,
    amount_minor: i64,
) -> Transfer {
    let (authority, asks) = match kind {
        Kind::Deposit | Kind::Reversal | Kind::Expiry => (DebitAuthority::Bank, STAFF),
        _ => (DebitAuthority::Owner(owner(customer)), owner(customer)),
    };
    let text = if number < 1_000 { 1 } else { METADATA_BYTES };
    let currency = Currency::from_code("EUR").expect("the currency exists");
    let payee = accounts[((customer + 1) % CUSTOMERS) as usize];
    Transfer {
        id: id(customer, number),
        fingerprint: [7; 32],
        authority,
        actor: strongroom_ledger_api::Actor::user(asks),
        on_behalf_of: None,
        request_id: None,
        instruction: Instruction {
            source: Some(accounts[customer as usize]),
            destination: Some(AccountRef::Id(payee)),
            metadata: Some(format!("{{\"text\":\"{}\"}}", "x".repeat(text))),
            expires_in: (kind == Kind::Hold).then_some(HOLD_SECONDS),
            ..Instruction::new(kind, Money::from_minor(amount_minor, currency))
        },
        denied_by: None,
        requested_at_ms: Noon.now_ms(),
    }
}

/// A batch of [`BATCH_TRANSFERS`] lines like this one.
fn batch(line: Transfer) -> Batch {
    let transfer = BatchLine::Transfer {
        instruction: line.instruction,
        denied_by: None,
    };
    Batch {
        id: line.id,
        fingerprint: line.fingerprint,
        authority: line.authority,
        actor: line.actor,
        on_behalf_of: line.on_behalf_of,
        request_id: line.request_id,
        instruction: BatchInstruction {
            atomic: true,
            lines: vec![transfer; BATCH_TRANSFERS],
        },
        requested_at_ms: line.requested_at_ms,
    }
}

pub fn transfers(batch: &Batch) -> impl Iterator<Item = Transfer> {
    (0..BATCH_TRANSFERS).filter_map(|line| batch.transfer(line))
}

/// Returns the customers' accounts, and opens those that are missing.
pub fn open_accounts(
    store: &GuestStore,
    acknowledge: Acknowledge<'_>,
) -> Result<Vec<Uuid>, StoreError> {
    migrate(store, schema::MIGRATIONS)?;
    let rules = OpenRules {
        number_format: NumberFormat::new("DE", "10000000").expect("the format is valid"),
        accounts_per_user_max: 1,
    };
    let actor = Actor {
        id: Uuid::from_u128(0x7),
        role: "teller".into(),
        on_behalf_of: None,
        request_id: None,
    };
    let page = Page::<i64>::from_query("/", "limit=1").expect("a page");
    let open = |customer| {
        let owner = owner(customer);
        let known = account::list(store, &AccountFilter::of_owner(owner), &page)?;
        if let Some(known) = known.data.first() {
            return Ok(known.id);
        }
        let currency = Currency::from_code("EUR").expect("the currency exists");
        let request = OpenRequest::of_customer(owner, AccountType::Checking, currency);
        match account::open(store, &Noon, &SystemRandom, &rules, request, &actor) {
            Ok(opened) => {
                let account = opened.id;
                acknowledge(Ack::Opened { owner, account });
                Ok(account)
            }
            Err(OpenError::Store(error)) => Err(error),
            Err(error) => panic!("{error}"),
        }
    };
    (0..CUSTOMERS).map(open).collect()
}

/// Makes one request after the other; returns those without an answer.
fn ask_all(store: &GuestStore, lane: Vec<Ask>, acknowledge: Acknowledge<'_>) -> Vec<Ask> {
    let is_unanswered = |ask: &Ask| {
        let Some(postings) = ask_for(store, ask) else {
            return true;
        };
        for posting in &postings {
            acknowledge(Ack::Decided(posting.into()));
        }
        look(store, &postings);
        false
    };
    lane.into_iter().filter(is_unanswered).collect()
}

/// The postings of a request; none if the ledger cannot answer because of the store.
fn ask_for(store: &GuestStore, ask: &Ask) -> Option<Vec<Posting>> {
    let recorded = |outcome: LineOutcome| match outcome {
        LineOutcome::Recorded(posting) => *posting,
        LineOutcome::Refused(refusal) => panic!("a line is refused: {refusal:?}"),
    };
    let answer = match ask {
        Ask::One(transfer) => post(store, &Noon, transfer).map(|reply| vec![reply.posting]),
        Ask::Batch(batch) => post_batch(store, &Noon, batch)
            .map(|reply| reply.outcomes.into_iter().map(recorded).collect()),
    };
    match answer {
        Ok(postings) => Some(postings),
        // The request for its original had no answer either.
        Err(LedgerError::Unavailable(_) | LedgerError::OriginalNotFound) => None,
        Err(error) => panic!("{ask:?}: {error}"),
    }
}

/// Reads the latest acknowledged postings: a read fails, or it returns the truth.
fn look(store: &GuestStore, postings: &[Posting]) {
    let ids: Vec<_> = postings.iter().take(2).map(|posting| posting.id).collect();
    for (found, posting) in lookup_many(store, &ids).into_iter().flatten().zip(postings) {
        let found = found.expect("what was acknowledged can be read");
        assert_eq!(Decision::from(&found), Decision::from(posting));
    }
    if let Ok(rows) = store.query(ALL_MONEY, &[]) {
        let sum = rows.first().map(|row| row.integer(0));
        assert_eq!(sum, Some(Ok(0)), "a read sees whole commits");
    }
}
