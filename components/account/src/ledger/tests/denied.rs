//! Goal: the ledger records a denied payment as declined with its rule, in one commit, and never
//! moves its money.

use super::batch::{batch, declines, postings};
use super::*;
use strongroom_ledger_api::{BatchLine, LineOutcome, RULE_CHARACTERS_MAX};

#[test]
fn a_denied_payment_stays_declined_with_its_rule() {
    let (store, from, to) = bank();
    for payment in [
        transfer(2, Kind::Deposit, None, Some(to.id), 1),
        transfer(3, Kind::Withdrawal, Some(from.id), None, 1),
        pay(4, &from, &to, 1),
        holds::hold(5, &from, &to, 1),
        // The denial comes before any other decline.
        pay(6, &from, &to, 9_000),
    ] {
        let posting = declined(&store, &denied(payment.clone()), Decline::ScreeningDenied);
        assert_eq!(posting.status, Status::Declined);
        assert_eq!(posting.denied_by.as_deref(), Some(RULE));
        assert_eq!(posting.expires_at_ms, None);
        // A later verdict changes nothing.
        assert_eq!(posted(&store, &payment), repeated(&posting));
        assert_eq!(lookup(&store, payment.id), Some(posting));
    }
    assert_eq!(balance_of(&store, &from), 1_000);
    assert_invariants(&store);
}

#[test]
fn a_payment_that_has_moved_is_not_denied_later() {
    let (store, from, to) = bank();
    let payment = pay(2, &from, &to, 300);
    let posting = first(&store, &payment);
    assert_eq!(posted(&store, &denied(payment)), repeated(&posting));
}

#[test]
fn a_denial_is_recorded_even_where_there_is_no_payee_but_not_of_a_payer_who_is_another() {
    let (store, from, to) = bank();
    let missing = Some(Uuid::from_u128(404));
    let payment = transfer(2, Kind::Transfer, Some(from.id), missing, 1);
    let posting = declined(&store, &denied(payment), Decline::ScreeningDenied);
    assert_eq!(accounts_of(&posting), [Some(from.id), None]);
    let not_found = LedgerError::AccountNotFound(Side::Source);
    let unknown = transfer(3, Kind::Transfer, missing, Some(to.id), 1);
    refused(&store, &denied(unknown), not_found.clone());
    let of_another = Transfer {
        authority: DebitAuthority::Owner(Uuid::from_u128(404)),
        ..pay(4, &from, &to, 1)
    };
    refused(&store, &denied(of_another), not_found);
    assert_invariants(&store);
}

#[test]
fn only_payments_are_denied_and_only_by_a_rule() {
    let (store, from, to) = bank();
    first(&store, &holds::hold(2, &from, &to, 1));
    let invalid = LedgerError::invalid("denied-by");
    for other in [
        holds::of_original(3, Kind::Capture, 2, 1),
        holds::of_original(3, Kind::Void, 2, 1),
        holds::of_original(3, Kind::Reversal, 1, 1_000),
    ] {
        refused(&store, &denied(other), invalid.clone());
    }
    let longest = "r".repeat(RULE_CHARACTERS_MAX);
    let by = |rule: &str| Transfer {
        denied_by: Some(rule.to_owned()),
        ..pay(4, &from, &to, 1)
    };
    for rule in ["", "a rule", "Rule", "r\u{e8}gle", &format!("{longest}r")] {
        refused(&store, &by(rule), invalid.clone());
    }
    declined(&store, &by(&longest), Decline::ScreeningDenied);
    assert_eq!(journal(&store, 0, 10).unwrap().len(), 3);
}

fn line(from: &Account, to: Uuid, amount_minor: i64, denied_by: Option<&str>) -> BatchLine {
    let to = Some(to);
    BatchLine::Transfer {
        instruction: kit::instruction(Kind::Transfer, Some(from.id), to, eur(amount_minor)),
        denied_by: denied_by.map(str::to_owned),
    }
}

fn rules(reply: &BatchReply) -> Vec<Option<&str>> {
    let postings = postings(reply);
    postings
        .map(|posting| posting.denied_by.as_deref())
        .collect()
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
    let reply = posted_batch(&store, &batch).unwrap();
    let denied = Some(Decline::ScreeningDenied);
    assert_eq!(declines(&reply), [None, denied, denied, None]);
    assert_eq!(rules(&reply), [None, Some(RULE), Some(RULE), None]);
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
    let reply = posted_batch(&store, &batch).unwrap();
    let of = [Decline::BatchDeclined, Decline::ScreeningDenied];
    assert_eq!(declines(&reply), of.map(Some));
    assert_eq!(rules(&reply), [None, Some(RULE)]);
    assert_eq!(balance_of(&store, &from), 1_000);
    assert_invariants(&store);
}

#[test]
fn a_screening_that_changes_its_mind_does_not_change_a_batch() {
    let (store, from, to) = bank();
    let judged = |rule| batch(10, false, [line(&from, to.id, 1, rule)]);
    let reply = posted_batch(&store, &judged(Some(RULE))).unwrap();
    let again = posted_batch(&store, &judged(None)).unwrap();
    assert_eq!((reply.repeated, again.repeated), (false, true));
    assert_eq!(again.outcomes, reply.outcomes);
    assert!(matches!(&again.outcomes[..], [LineOutcome::Recorded(_)]));
}

#[test]
fn a_line_that_no_rule_denies_is_invalid() {
    let (store, from, to) = bank();
    let batch = batch(10, false, [line(&from, to.id, 1, Some("No Rule"))]);
    let invalid = Err(LedgerError::invalid("denied-by"));
    assert_eq!(posted_batch(&store, &batch), invalid);
    assert_eq!(journal(&store, 0, 10).unwrap().len(), 1);
}
