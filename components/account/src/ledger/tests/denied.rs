//! Goal: what a screening denies is recorded as declined with its rule, in one commit, and never
//! moves money.

use super::batch::{batch, declines, postings};
use super::*;
use strongroom_ledger_api::{BatchLine, LineOutcome, RULE_CHARACTERS_MAX};

const RULE: &str = "sanctions_list_7";

fn denied(transfer: Transfer) -> Transfer {
    Transfer {
        denied_by: Some(RULE.to_owned()),
        ..transfer
    }
}

#[test]
fn a_denied_payment_is_declined_for_ever_with_its_rule() {
    let (store, from, to) = bank();
    for payment in [
        transfer(2, Kind::Deposit, None, Some(to.id), 1),
        transfer(3, Kind::Withdrawal, Some(from.id), None, 1),
        pay(4, &from, &to, 1),
        holds::hold(5, &from, &to, 1),
        // Whatever else would decline it.
        pay(6, &from, &to, 9_000),
    ] {
        let posting = first(&store, &CLOCK, &denied(payment.clone()));
        assert_eq!(
            (posting.status, posting.decline),
            (Status::Declined, Some(Decline::ScreeningDenied))
        );
        assert_eq!(posting.denied_by.as_deref(), Some(RULE));
        assert_eq!(posting.expires_at_ms, None);
        // A screening that has changed its mind comes too late.
        assert_eq!(post(&store, &CLOCK, &payment), repeated(&posting));
        assert_eq!(lookup(&store, payment.id), Some(posting));
    }
    assert_eq!(balance_of(&store, &from), 1_000);
    assert_invariants(&store);
}

#[test]
fn a_payment_that_has_moved_is_not_denied_later() {
    let (store, from, to) = bank();
    let payment = pay(2, &from, &to, 300);
    let posting = first(&store, &CLOCK, &payment);
    assert_eq!(post(&store, &CLOCK, &denied(payment)), repeated(&posting));
}

#[test]
fn a_denial_is_recorded_even_where_an_account_does_not_exist() {
    let (store, from, _) = bank();
    let missing = Some(Uuid::from_u128(404));
    let payment = transfer(2, Kind::Transfer, Some(from.id), missing, 1);
    let posting = first(&store, &CLOCK, &denied(payment));
    assert_eq!(posting.decline, Some(Decline::ScreeningDenied));
    assert_eq!(
        (posting.source, posting.destination),
        (Some(party(&from)), None)
    );
    let other = transfer(3, Kind::Transfer, missing, missing, 1);
    let posting = first(&store, &CLOCK, &denied(other));
    assert_eq!((posting.source, posting.destination), (None, None));
    assert_invariants(&store);
}

#[test]
fn only_payments_are_denied_and_only_by_a_rule() {
    let (store, from, to) = bank();
    first(&store, &CLOCK, &holds::hold(2, &from, &to, 1));
    let invalid = Err(LedgerError::invalid("denied-by"));
    for other in [
        holds::of_original(3, Kind::Capture, 2, 1),
        holds::of_original(3, Kind::Void, 2, 1),
        holds::of_original(3, Kind::Reversal, 1, 1_000),
    ] {
        assert_eq!(post(&store, &CLOCK, &denied(other)), invalid);
    }
    let longest = "r".repeat(RULE_CHARACTERS_MAX);
    for (rule, is_one) in [
        (longest.as_str(), true),
        ("", false),
        ("a rule", false),
        ("Rule", false),
        ("r\u{e8}gle", false),
        (&format!("{longest}r"), false),
    ] {
        let payment = Transfer {
            denied_by: Some(rule.to_owned()),
            ..pay(4, &from, &to, 1)
        };
        let reply = post(&store, &CLOCK, &payment);
        match is_one {
            true => assert!(reply.is_ok(), "{rule}"),
            false => assert_eq!(
                post(
                    &store,
                    &CLOCK,
                    &Transfer {
                        id: Uuid::from_u128(5),
                        ..payment
                    }
                ),
                invalid
            ),
        }
    }
    assert_eq!(journal(&store, 0, 10).unwrap().len(), 3);
}

fn line(from: &Account, to: Uuid, amount_minor: i64, denied_by: Option<&str>) -> BatchLine {
    let to = Some(to);
    BatchLine::Transfer {
        instruction: kit::instruction(Kind::Transfer, Some(from.id), to, eur(amount_minor)),
        denied_by: denied_by.map(str::to_owned),
    }
}

#[test]
fn a_denied_line_is_declined_and_leaves_the_others() {
    let (store, from, to) = bank();
    let lines = [
        line(&from, to.id, 1, None),
        line(&from, to.id, 1_000, Some(RULE)),
        line(&from, Uuid::from_u128(404), 1, Some(RULE)),
        line(&from, to.id, 999, None),
    ];
    let batch = batch(10, false, lines);
    let reply = post_batch(&store, &CLOCK, &batch).unwrap();
    let denied = Some(Decline::ScreeningDenied);
    assert_eq!(declines(&reply), [None, denied, denied, None]);
    let rules = postings(&reply).map(|posting| posting.denied_by.as_deref());
    assert_eq!(
        rules.collect::<Vec<_>>(),
        [None, Some(RULE), Some(RULE), None]
    );
    assert_eq!(balance_of(&store, &from), 0);
    assert_invariants(&store);
}

#[test]
fn a_denied_line_declines_the_whole_of_an_atomic_batch() {
    let (store, from, to) = bank();
    let lines = [
        line(&from, to.id, 1, None),
        line(&from, to.id, 1, Some(RULE)),
    ];
    let batch = batch(10, true, lines);
    let reply = post_batch(&store, &CLOCK, &batch).unwrap();
    assert_eq!(
        declines(&reply),
        [Some(Decline::BatchDeclined), Some(Decline::ScreeningDenied)]
    );
    let rules = postings(&reply).map(|posting| posting.denied_by.as_deref());
    assert_eq!(rules.collect::<Vec<_>>(), [None, Some(RULE)]);
    assert_eq!(balance_of(&store, &from), 1_000);
    assert_invariants(&store);
}

#[test]
fn a_screening_that_changes_its_mind_does_not_change_a_batch() {
    let (store, from, to) = bank();
    let judged = |rule| batch(10, false, [line(&from, to.id, 1, rule)]);
    let reply = post_batch(&store, &CLOCK, &judged(Some(RULE))).unwrap();
    let again = post_batch(&store, &CLOCK, &judged(None)).unwrap();
    assert_eq!((reply.repeated, again.repeated), (false, true));
    assert_eq!(again.outcomes, reply.outcomes);
    assert!(matches!(&again.outcomes[..], [LineOutcome::Recorded(_)]));
}

#[test]
fn a_line_that_no_rule_denies_is_invalid() {
    let (store, from, to) = bank();
    let batch = batch(10, false, [line(&from, to.id, 1, Some("No Rule"))]);
    assert_eq!(
        post_batch(&store, &CLOCK, &batch),
        Err(LedgerError::invalid("denied-by"))
    );
    assert_eq!(journal(&store, 0, 10).unwrap().len(), 1);
}
