//! Goal: a reader who goes on from where the last answer ended sees each event of his once, in order, and none of others.
//! Method: journals written by hand, read to their end by readers of every role with pages of every size.

use super::*;
use crate::ledger::{Decline, LedgerError, Outcome, Party, Posting};
use crate::request::Kind;
use proptest::prelude::*;
use strongroom_sdk::identity::{Identity, Role};
use uuid::Uuid;

/// A journal in memory.
#[derive(Default, Clone)]
pub(crate) struct Written(pub(crate) Vec<Posting>);

impl Journal for Written {
    fn journal(&self, after: u64, limit: u32) -> Result<Vec<Posting>, LedgerError> {
        assert!((1..=PAGE_MAX).contains(&limit));
        let found = self.0.iter().filter(|posting| posting.sequence > after);
        // Some pages are shorter than they might be, as those of long texts are.
        let rows = (limit as usize).min(1 + after as usize % 7 * 100);
        Ok(found.take(rows).cloned().collect())
    }
}

/// A transfer between two owners, each with one account.
pub(crate) fn posting(sequence: u64, from: u128, to: u128, outcome: Outcome) -> Posting {
    let party = |owner: u128| Party {
        account_id: Uuid::from_u128(owner + 1_000),
        owner_id: Uuid::from_u128(owner),
    };
    Posting {
        id: Uuid::from_u128(u128::from(sequence) + 1_000_000),
        sequence,
        fingerprint: None,
        kind: Kind::Transfer,
        outcome,
        initiator: Uuid::from_u128(from),
        source: Some(party(from)),
        destination: Some(party(to)),
        subject: None,
        expires_at_ms: None,
        resolution: None,
        amount_minor: 1_234,
        currency: "EUR".to_owned(),
        reference: None,
        metadata: Some(r#"{"note":"mine"}"#.to_owned()),
        requested_at_ms: 1_800_000_000_000,
        recorded_at_ms: 1_800_000_000_000,
    }
}

fn reader(subject: u128, role: Role) -> Identity {
    Identity {
        subject: Uuid::from_u128(subject),
        role,
        session: Uuid::nil(),
        scope: String::new(),
    }
}

fn query(after_sequence: u64, limit: usize) -> EventQuery {
    EventQuery {
        after_sequence,
        limit: Some(limit),
    }
}

fn all(journal: &Written, reader: &Identity, limit: usize) -> Vec<u64> {
    let mut after = 0;
    let mut seen = Vec::new();
    loop {
        let page = read(journal, reader, query(after, limit)).unwrap();
        assert!(page.data.len() <= limit && page.next_after_sequence >= after);
        seen.extend(page.data.iter().map(|event| event.sequence));
        after = page.next_after_sequence;
        if !page.has_more {
            return seen;
        }
    }
}

#[test]
fn an_event_has_the_words_of_the_contract() {
    let journal = Written(vec![posting(1, 1, 2, Outcome::Posted)]);
    let page = read(&journal, &reader(1, Role::Customer), query(0, 10)).unwrap();
    let page = serde_json::to_value(page).unwrap();
    assert_eq!(page["next_after_sequence"], 1);
    assert_eq!(page["has_more"], false);
    let event = &page["data"][0];
    assert_eq!(event["sequence"], 1);
    assert_eq!(event["type"], "transfer.posted");
    assert_eq!(event["created_at"], "2027-01-15T08:00:00.000Z");
    assert_eq!(event["data"]["amount"], "12.34");
    assert_eq!(event["data"]["metadata"]["note"], "mine");
}

#[test]
fn who_is_paid_sees_neither_the_payer_s_notes_nor_what_was_declined() {
    let declined = Outcome::Declined(Decline::InsufficientFunds);
    let journal = Written(vec![
        posting(1, 1, 2, Outcome::Posted),
        posting(2, 1, 2, declined),
        posting(3, 3, 4, Outcome::Posted),
    ]);
    let page = read(&journal, &reader(2, Role::Customer), query(0, 10)).unwrap();
    let page = serde_json::to_value(page).unwrap();
    assert_eq!(page["data"].as_array().unwrap().len(), 1);
    assert!(page["data"][0]["data"]["metadata"].is_null());
    assert_eq!(page["next_after_sequence"], 3);
    assert_eq!(all(&journal, &reader(1, Role::Customer), 10), [1, 2]);
    for role in [Role::Teller, Role::Auditor, Role::Admin] {
        assert_eq!(all(&journal, &reader(9, role), 1), [1, 2, 3]);
    }
    assert!(all(&journal, &reader(9, Role::Customer), 10).is_empty());
}

#[test]
fn a_request_looks_at_a_bounded_part_of_a_long_journal() {
    let rows = (1..=SCAN_MAX as u64 * 2).map(|sequence| posting(sequence, 1, 2, Outcome::Posted));
    let journal = Written(rows.collect());
    let page = read(&journal, &reader(9, Role::Customer), query(0, 10)).unwrap();
    assert!(page.data.is_empty() && page.has_more);
    assert_eq!(page.next_after_sequence, SCAN_MAX as u64);
    let end = read(&journal, &reader(1, Role::Customer), query(u64::MAX, 10)).unwrap();
    assert!(end.data.is_empty() && !end.has_more);
}

#[test]
fn every_kind_has_a_name_that_can_be_chosen() {
    let declined = Outcome::Declined(Decline::AccountFrozen);
    let mut names = Vec::new();
    for kind in [
        Kind::Deposit,
        Kind::Withdrawal,
        Kind::Transfer,
        Kind::Hold,
        Kind::Capture,
        Kind::Void,
        Kind::Expiry,
        Kind::Reversal,
    ] {
        for outcome in [Outcome::Posted, declined] {
            let row = Posting {
                kind,
                ..posting(1, 1, 2, outcome)
            };
            names.push(event_type(&row));
        }
    }
    names.dedup();
    names.sort_unstable();
    let mut every = EVERY_TYPE.to_vec();
    every.sort_unstable();
    assert_eq!(names, every);
}

#[test]
fn a_limit_beyond_the_largest_is_refused() {
    for limit in [0, LIMIT_MAX + 1] {
        let refused = read(
            &Written::default(),
            &reader(1, Role::Admin),
            query(0, limit),
        );
        assert_eq!(refused.unwrap_err().code(), "validation_failed");
    }
}

proptest! {
    #[test]
    fn whoever_goes_on_from_the_last_answer_sees_each_of_his_events_once(
        owners in proptest::collection::vec((1_u128..4, 1_u128..4), 0..60), limit in 1_usize..70,
    ) {
        let rows = owners.iter().zip(1..).map(|((from, to), sequence)| posting(sequence, *from, *to, Outcome::Posted));
        let journal = Written(rows.collect());
        let mine: Vec<u64> = owners.iter().zip(1..)
            .filter(|((from, to), _)| *from == 1 || *to == 1).map(|(_, sequence)| sequence).collect();
        prop_assert_eq!(all(&journal, &reader(1, Role::Customer), limit), mine);
        let every: Vec<u64> = (1..=owners.len() as u64).collect();
        prop_assert_eq!(all(&journal, &reader(9, Role::Auditor), limit), every);
    }
}
