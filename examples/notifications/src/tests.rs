//! Goal: each owner gets one notification of a posting, whatever fails in between, and reads no
//! others. Method: the library on SQLite, with a journal whose postings and failures each test
//! sets.

use crate::feed;
use crate::follow::{self, FollowError, PAGE_POSTINGS, TICK_PAGES_MAX};
use crate::schema::MIGRATIONS;
use serde::Serialize;
use std::cell::{Cell, RefCell};
use strongroom_ledger_api::{Actor, Kind, LedgerError, Party, Posting, Status};
use strongroom_sdk::clock::{Clock, SystemClock};
use strongroom_sdk::identity::{Identity, Role};
use strongroom_sdk::money::{Currency, Money};
use strongroom_sdk::page::Page;
use strongroom_sdk::random::SystemRandom;
use strongroom_sdk::store::{SqliteStore, Store, Transaction, migrate};
use uuid::Uuid;

const ANN: Uuid = Uuid::from_u128(0xA);
const BOB: Uuid = Uuid::from_u128(0xB);
const NOW_MS: i64 = 1_800_000_000_000;

struct Noon;

impl Clock for Noon {
    fn now_ms(&self) -> i64 {
        NOW_MS
    }
}

#[derive(Default)]
struct FixedJournal {
    postings: RefCell<Vec<Posting>>,
    is_down: Cell<bool>,
}

impl FixedJournal {
    fn read(&self, after: u64, limit: u32) -> Result<Vec<Posting>, LedgerError> {
        if self.is_down.get() {
            return Err(LedgerError::Unavailable("down".to_owned()));
        }
        let postings = self.postings.borrow();
        let new = postings.iter().filter(|posting| posting.sequence > after);
        Ok(new.take(limit as usize).cloned().collect())
    }

    fn add(&self, source: Option<Uuid>, destination: Option<Uuid>) -> &Self {
        let mut postings = self.postings.borrow_mut();
        let sequence = postings.len() as u64 + 1;
        let party = |owner_id: Uuid| Party {
            account_id: Uuid::from_u128(owner_id.as_u128() << 8),
            owner_id,
        };
        postings.push(Posting {
            id: Uuid::from_u128(u128::from(sequence)),
            sequence,
            fingerprint: [0; 32],
            kind: Kind::Transfer,
            status: Status::Posted,
            decline: None,
            denied_by: None,
            actor: Actor::user(ANN),
            on_behalf_of: None,
            request_id: None,
            source: source.map(party),
            destination: destination.map(party),
            original: None,
            expires_at_ms: None,
            resolution: None,
            amount: Some(Money::from_minor(
                1_234,
                Currency::from_code("EUR").unwrap(),
            )),
            legs: Vec::new(),
            declined_leg: None,
            reference: Some("rent".to_owned()),
            metadata: None,
            requested_at_ms: NOW_MS,
            recorded_at_ms: NOW_MS,
        });
        drop(postings);
        self
    }

    fn set_last(&self, status: Status) {
        self.postings.borrow_mut().last_mut().unwrap().status = status;
    }
}

fn store() -> SqliteStore {
    let store = SqliteStore::in_memory().unwrap();
    migrate(&store, MIGRATIONS).unwrap();
    store
}

fn tick(store: &SqliteStore, journal: &FixedJournal) -> Result<usize, FollowError> {
    let read = |after, limit| journal.read(after, limit);
    follow::tick(store, read, &Noon, &SystemRandom)
}

fn identity(subject: Uuid) -> Identity {
    Identity::of_user(subject, Role::Customer)
}

fn json(value: impl Serialize) -> serde_json::Value {
    serde_json::to_value(value).unwrap()
}

fn page(query: &str) -> Page<i64> {
    Page::from_query("/", query).unwrap()
}

fn events(store: &SqliteStore, owner: Uuid) -> Vec<String> {
    let list = json(feed::list(store, &identity(owner), &page("limit=500")).unwrap());
    let data = list["data"].as_array().unwrap();
    let events = data
        .iter()
        .rev()
        .map(|entry| entry["event"].as_str().unwrap());
    events.map(str::to_owned).collect()
}

#[test]
fn each_owner_gets_one_notification_of_a_posting() {
    let (store, journal) = (store(), FixedJournal::default());
    journal
        .add(None, Some(ANN))
        .add(Some(ANN), Some(BOB))
        .add(Some(BOB), Some(BOB))
        .add(Some(BOB), None)
        .add(Some(ANN), Some(BOB))
        .set_last(Status::Declined);
    journal.add(Some(ANN), Some(BOB)).set_last(Status::Pending);
    for expected in [6, 0, 0] {
        assert_eq!(tick(&store, &journal).unwrap(), expected);
    }
    assert_eq!(events(&store, ANN), ["deposited", "sent", "declined"]);
    assert_eq!(events(&store, BOB), ["received", "moved", "withdrawn"]);
}

#[test]
fn a_long_journal_takes_several_ticks() {
    let (store, journal) = (store(), FixedJournal::default());
    let tick_postings = PAGE_POSTINGS as usize * TICK_PAGES_MAX;
    for _posting in 0..tick_postings + 1 {
        journal.add(None, Some(ANN));
    }
    for expected in [tick_postings, 1, 0] {
        assert_eq!(tick(&store, &journal).unwrap(), expected);
    }
}

#[test]
fn a_failure_loses_nothing_and_doubles_nothing() {
    let (store, journal) = (store(), FixedJournal::default());
    journal.add(Some(ANN), Some(BOB));
    journal.is_down.set(true);
    assert!(matches!(
        tick(&store, &journal),
        Err(FollowError::Journal(_))
    ));
    journal.is_down.set(false);

    // The store refuses the second notice: it keeps neither the first, nor the new cursor.
    let run = |sql: &str| {
        let transaction = store.begin().unwrap();
        transaction.execute(sql, &[]).unwrap();
        transaction.commit().unwrap();
    };
    run("CREATE TRIGGER refuse BEFORE INSERT ON notification \
         WHEN NEW.event = 'received' BEGIN SELECT raise(ABORT, 'no'); END");
    assert!(matches!(tick(&store, &journal), Err(FollowError::Store(_))));
    assert_eq!(events(&store, ANN), Vec::<String>::new());
    run("DROP TRIGGER refuse");

    assert_eq!(tick(&store, &journal).unwrap(), 1);
    assert_eq!(
        (events(&store, ANN).len(), events(&store, BOB).len()),
        (1, 1)
    );
}

#[test]
fn a_feed_is_read_page_by_page_newest_first() {
    let (store, journal) = (store(), FixedJournal::default());
    journal
        .add(None, Some(ANN))
        .add(None, Some(BOB))
        .add(Some(ANN), None)
        .add(Some(ANN), Some(BOB));
    tick(&store, &journal).unwrap();
    let first = json(feed::list(&store, &identity(ANN), &page("limit=2")).unwrap());
    assert_eq!(first["data"][0]["event"], "sent");
    assert_eq!(first["data"][0]["amount"], "12.34");
    assert_eq!(first["data"][0]["created_at"], "2027-01-15T08:00:00.000Z");
    let cursor = first["next_cursor"].as_str().unwrap();
    let query = format!("limit=2&cursor={cursor}");
    let last = json(feed::list(&store, &identity(ANN), &page(&query)).unwrap());
    assert_eq!(last["data"].as_array().unwrap().len(), 1);
    assert_eq!(
        (&last["data"][0]["event"], &last["has_more"]),
        (&json("deposited"), &json(false))
    );
}

#[test]
fn only_the_reader_marks_their_own_as_read_and_the_first_time_stays() {
    let (store, journal) = (store(), FixedJournal::default());
    journal.add(None, Some(ANN));
    tick(&store, &journal).unwrap();
    let list = json(feed::list(&store, &identity(ANN), &page("")).unwrap());
    let id: Uuid = list["data"][0]["id"].as_str().unwrap().parse().unwrap();
    assert_eq!(list["data"][0]["read_at"], json(()));

    for (reader, id) in [(BOB, id), (ANN, Uuid::nil())] {
        let refused = feed::mark_read(&store, &Noon, &identity(reader), id).unwrap_err();
        assert_eq!(refused.status().as_u16(), 404);
    }
    let first = json(feed::mark_read(&store, &Noon, &identity(ANN), id).unwrap());
    assert_eq!(first["read_at"], "2027-01-15T08:00:00.000Z");
    let again = feed::mark_read(&store, &SystemClock, &identity(ANN), id);
    assert_eq!(json(again.unwrap()), first);
}
