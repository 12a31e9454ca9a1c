//! Goal: readers who go on from where the last page ended see each of their events once, in order,
//! and none of others.
//! Method: journals written by hand, read to their end by readers of every role with pages of every
//! size.

use super::*;
use crate::tests::kit::{Bank, TELLER, alice, auditor, bob, id_of, identity, teller};
use proptest::prelude::*;
use strongroom_ledger_api::{
    Actor, BatchRecord, Decline, JOURNAL_LIMIT_MAX, Journal, Kind, LedgerError, Party, Posting,
    Status,
};
use strongroom_sdk::identity::{Identity, Role};
use strongroom_sdk::money::{Currency, Money};
use strongroom_sdk::onward::{LIMIT_MAX, OnwardQuery};
use uuid::Uuid;

/// A journal in memory.
#[derive(Default)]
struct Written(Vec<Posting>);

impl Journal for Written {
    fn journal(&self, after: u64, limit: u32) -> Result<Vec<Posting>, LedgerError> {
        assert!((1..=JOURNAL_LIMIT_MAX).contains(&limit));
        Ok(self.part(after, limit, |_| true))
    }

    fn head(&self) -> Result<u64, LedgerError> {
        Err(LedgerError::invalid("readers know where they are"))
    }

    fn lookup_many(&self, _: &[Uuid]) -> Result<Vec<Option<Posting>>, LedgerError> {
        Err(LedgerError::invalid("events are rows of the journal"))
    }

    fn find_batch(&self, _: Uuid) -> Result<Option<BatchRecord>, LedgerError> {
        Err(LedgerError::invalid("events are rows of the journal"))
    }

    fn journal_of(&self, user: Uuid, after: u64, limit: u32) -> Result<Vec<Posting>, LedgerError> {
        assert!((1..=JOURNAL_LIMIT_MAX).contains(&limit));
        Ok(self.part(after, limit, |posting| posting.concerns(user)))
    }

    fn history(&self, _: Uuid, _: u64, _: u32) -> Result<Vec<Posting>, LedgerError> {
        Err(LedgerError::invalid("events are rows of the journal"))
    }
}

impl Written {
    /// Some parts are shorter than they might be, as those of long texts are.
    fn part(&self, after: u64, limit: u32, is_read: impl Fn(&Posting) -> bool) -> Vec<Posting> {
        let found = self.0.iter().filter(|posting| posting.sequence > after);
        let rows = (limit as usize).min(1 + after as usize % 7 * 100);
        found.filter(|it| is_read(it)).take(rows).cloned().collect()
    }
}

/// A transfer between two owners, each with one account.
fn posting(sequence: u64, from: Uuid, to: Uuid, decline: Option<Decline>) -> Posting {
    let party = |owner_id: Uuid| Party {
        account_id: Uuid::from_u128(owner_id.as_u128() + 1_000),
        owner_id,
    };
    Posting {
        id: Uuid::from_u128(u128::from(sequence) + 1_000_000),
        sequence,
        fingerprint: [7; 32],
        kind: Kind::Transfer,
        status: decline.map_or(Status::Posted, |_| Status::Declined),
        decline,
        denied_by: None,
        actor: Actor::user(from),
        on_behalf_of: None,
        request_id: None,
        source: Some(party(from)),
        destination: Some(party(to)),
        original: None,
        expires_at_ms: None,
        resolution: None,
        amount: Money::from_minor(1_234, Currency::from_code("EUR").unwrap()),
        reference: None,
        metadata: Some(r#"{"note":"mine"}"#.to_owned()),
        requested_at_ms: 1_800_000_000_000,
        recorded_at_ms: 1_800_000_000_000,
    }
}

/// Of transfers between customers with these numbers.
fn journal(transfers: impl IntoIterator<Item = (u128, u128, Option<Decline>)>) -> Written {
    let rows = transfers.into_iter().zip(1..);
    let rows = rows.map(|((from, to, decline), sequence)| {
        let [from, to] = [from, to].map(Uuid::from_u128);
        posting(sequence, from, to, decline)
    });
    Written(rows.collect())
}

fn query(after: u64, limit: usize) -> OnwardQuery {
    OnwardQuery {
        after_sequence: Some(after),
        limit: Some(limit as u64),
    }
}

fn all(journal: &impl Journal, reader: &Identity, limit: usize) -> Vec<u64> {
    let mut after = 0;
    let mut seen = Vec::new();
    loop {
        let page = events(journal, reader, query(after, limit)).unwrap();
        assert!(page.data.len() <= limit && page.next_after_sequence >= after);
        seen.extend(page.data.iter().map(|event| event.sequence));
        after = page.next_after_sequence;
        if !page.has_more {
            return seen;
        }
    }
}

#[test]
fn the_payee_sees_neither_the_payers_notes_nor_what_was_declined() {
    let declined = Some(Decline::InsufficientFunds);
    let journal = journal([(0xA, 0xB, None), (0xA, 0xB, declined), (3, 4, None)]);
    let page = events(&journal, &bob(), query(0, 10)).unwrap();
    let page = serde_json::to_value(page).unwrap();
    assert_eq!(page["data"].as_array().unwrap().len(), 1);
    assert!(page["data"][0]["data"]["metadata"].is_null());
    assert_eq!(page["next_after_sequence"], 1);
    let stranger = identity(Uuid::from_u128(9), Role::Customer);
    for (reader, sequences) in [
        (alice(), &[1, 2][..]),
        (teller(), &[1, 2, 3]),
        (auditor(), &[1, 2, 3]),
        (identity(Uuid::nil(), Role::Admin), &[1, 2, 3]),
        (stranger, &[]),
    ] {
        assert_eq!(all(&journal, &reader, 1), sequences, "{reader:?}");
    }
}

#[test]
fn a_request_asks_for_a_bounded_number_of_short_parts() {
    // Every part of it that begins at a multiple of seven has one row.
    let rows = (0..7 * PARTS_MAX_OF_CUSTOMERS * 2).map(|row| if row % 7 == 6 { 0xA } else { 9 });
    let journal = journal(rows.map(|owner| (owner, 2, None)));
    let page = events(&journal, &alice(), query(0, 1_000)).unwrap();
    assert!(page.data.len() == PARTS_MAX_OF_CUSTOMERS && page.has_more);
    assert_eq!(page.next_after_sequence, 7 * PARTS_MAX_OF_CUSTOMERS as u64);
    assert_eq!(
        all(&journal, &alice(), 1_000).len(),
        2 * PARTS_MAX_OF_CUSTOMERS
    );
    let end = events(&journal, &alice(), query(u64::MAX, 10)).unwrap();
    assert!(end.data.is_empty() && !end.has_more);
}

/// On the ledger itself, where a customer's rows are found by an index.
#[test]
fn a_customer_is_shown_what_they_may_get_one_by_one() {
    let bank = Bank::new();
    let held = id_of(&bank.hold("held", "5").unwrap());
    bank.void("void", held).unwrap();
    bank.send("sent", "5").unwrap();
    bank.send("short", "1000").unwrap();
    bank.batch("batch", false, &["1", "1000"]).unwrap();
    let whole = bank.service.ledger.journal(0, 100).unwrap();
    let former = identity(TELLER, Role::Customer);
    let stranger = identity(Uuid::from_u128(9), Role::Customer);
    for (reader, count) in [(alice(), 7), (bob(), 4), (former, 0), (stranger, 0)] {
        let may_get = |posting: &&Posting| bank.seen_by(&reader, posting.id).is_ok();
        let expected: Vec<u64> = whole.iter().filter(may_get).map(|it| it.sequence).collect();
        assert_eq!(expected.len(), count, "{reader:?}");
        for limit in [1, 2, 100] {
            assert_eq!(
                all(&bank.service.ledger, &reader, limit),
                expected,
                "{limit}"
            );
        }
    }
}

#[test]
fn a_limit_beyond_the_largest_is_refused() {
    for limit in [0, LIMIT_MAX + 1] {
        let refused = events(&Written::default(), &auditor(), query(0, limit));
        assert_eq!(refused.unwrap_err().code(), "validation_failed");
    }
}

proptest! {
    #[test]
    fn readers_who_go_on_from_the_last_page_see_each_of_their_events_once(
        owners in proptest::collection::vec((9_u128..12, 9_u128..12), 0..60), limit in 1_usize..70,
    ) {
        let journal = journal(owners.iter().map(|(from, to)| (*from, *to, None)));
        let is_alices = |owners: &(u128, u128)| owners.0 == 0xA || owners.1 == 0xA;
        let alices: Vec<u64> = (1..).zip(&owners).filter(|(_, owners)| is_alices(owners)).map(|(sequence, _)| sequence).collect();
        prop_assert_eq!(all(&journal, &alice(), limit), alices);
        let every: Vec<u64> = (1..=owners.len() as u64).collect();
        prop_assert_eq!(all(&journal, &auditor(), limit), every);
    }
}
