//! Goal: readers, page after page, see each of their events once, in order, and none of others.

use super::*;
use crate::tests::kit::*;
use proptest::prelude::*;
use strongroom_sdk::onward::LIMIT_MAX;

fn page(bank: &Bank, reader: &Identity, after: u64, limit: u64) -> OnwardList<Event> {
    events(&bank.service.ledger, reader, query(after, limit)).unwrap()
}

fn query(after: u64, limit: u64) -> OnwardQuery {
    let (after_sequence, limit) = (Some(after), Some(limit));
    OnwardQuery {
        after_sequence,
        limit,
    }
}

/// The sequences of all events that a reader is shown after a place.
fn all_after(bank: &Bank, reader: &Identity, mut after: u64, limit: u64) -> Vec<u64> {
    let mut seen = Vec::new();
    loop {
        let page = page(bank, reader, after, limit);
        assert!(page.data.len() as u64 <= limit && page.next_after_sequence >= after);
        seen.extend(page.data.iter().map(|event| event.sequence));
        after = page.next_after_sequence;
        if !page.has_more {
            return seen;
        }
    }
}

/// The sequences of the rows of the journal that pass.
fn recorded(bank: &Bank, passes: impl Fn(&&Posting) -> bool) -> Vec<u64> {
    let whole = bank.ledger().journal(0, 1_000).unwrap();
    let passing = whole.iter().filter(passes);
    passing.map(|posting| posting.sequence).collect()
}

#[test]
fn the_payee_does_not_see_the_payers_notes() {
    let bank = Bank::new();
    bank.send("posted", "1").unwrap();
    let bobs = json!(page(&bank, &bob(), 0, 10));
    assert_json!(bobs["data"][0], {"sequence": 2, "data": {"metadata": null}});
    assert_eq!(bobs["next_after_sequence"], 2);
}

#[test]
fn a_request_asks_for_a_bounded_number_of_short_parts() {
    let bank = Bank::new();
    let last = 7 * (2 * PARTS_MAX_OF_CUSTOMERS as u64 + 1);
    // Each part that begins at a multiple of seven has one row.
    for sequence in 2..=last {
        let is_alices = sequence % 7 == 0;
        let paid = if is_alices { &bank.alice } else { &bank.bob };
        bank.deposit_to(paid, &sequence.to_string(), "1").unwrap();
    }
    let first = page(&bank, &alice(), 7, 1_000);
    assert!(first.data.len() == PARTS_MAX_OF_CUSTOMERS && first.has_more);
    let next = 7 * (PARTS_MAX_OF_CUSTOMERS as u64 + 1);
    assert_eq!(first.next_after_sequence, next);
    let seen = all_after(&bank, &alice(), 7, 1_000);
    assert_eq!(seen.len(), 2 * PARTS_MAX_OF_CUSTOMERS);
    let end = page(&bank, &alice(), u64::MAX, 10);
    assert!(end.data.is_empty() && !end.has_more);
}

#[test]
fn each_reader_is_shown_what_they_may_get_one_by_one() {
    let bank = Bank::new();
    let others = bank.open_for(NOWHERE, "EUR");
    bank.deposit_to(&others, "others", "1").unwrap();
    let held = id_of(&bank.hold("held", "5").unwrap());
    bank.void("void", held).unwrap();
    bank.send("sent", "5").unwrap();
    bank.send("short", "1000").unwrap();
    bank.batch("batch", false, &["1", "1000"]).unwrap();
    let former = Identity::of_user(TELLER, Role::Customer);
    for (reader, count) in rows! {
        (alice(), 7), (bob(), 4), (former, 0), (carol(), 0), (teller(), 8), (auditor(), 8),
        (admin(), 8),
    } {
        let expected = recorded(&bank, |posting| bank.seen_by(&reader, posting.id).is_ok());
        assert_eq!(expected.len(), count, "{reader:?}");
        for limit in [1, 2, 100] {
            assert_eq!(all_after(&bank, &reader, 0, limit), expected, "{limit}");
        }
    }
}

#[test]
fn a_limit_beyond_the_largest_is_refused() {
    for limit in [0, LIMIT_MAX as u64 + 1] {
        let refused = events(&Bank::new().service.ledger, &auditor(), query(0, limit));
        assert_eq!(refusal(refused), "422 validation_failed /limit");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn readers_who_go_on_from_the_last_page_see_each_of_their_events_once(
        is_alices in proptest::collection::vec(any::<bool>(), 0..60), limit in 1_u64..70,
    ) {
        let bank = Bank::new();
        for (is_alices, key) in is_alices.into_iter().zip(0..) {
            let paid = if is_alices { &bank.alice } else { &bank.bob };
            bank.deposit_to(paid, &key.to_string(), "1").unwrap();
        }
        let alices = recorded(&bank, |posting| posting.concerns(ALICE));
        prop_assert_eq!(all_after(&bank, &alice(), 0, limit), alices);
        prop_assert_eq!(all_after(&bank, &auditor(), 0, limit), recorded(&bank, |_| true));
    }
}
