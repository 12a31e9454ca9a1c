//! Goal: a denied payment is recorded with its rule, in one commit, and never moves its money.

use super::batch::{batch, line, nowhere, outcomes, postings};
use super::*;
use crate::tests::kit::denied_by;

#[test]
fn a_denied_payment_stays_declined_with_its_rule_and_one_that_moved_is_not_denied_later() {
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
    let moved = pay(7, &from, &to, 300);
    let posting = accepted(&store, &moved);
    assert_eq!(posted(&store, &denied(moved)), repeated(&posting));
    assert_eq!(balance_of(&store, &from), 700);
    assert_invariants(&store);
}

#[test]
fn a_denial_is_recorded_even_where_there_is_no_payee_but_not_of_a_payer_who_is_another() {
    let (store, from, to) = bank();
    let missing = Some(Uuid::from_u128(404));
    let payment = transfer(2, Kind::Transfer, Some(from.id), missing, 1);
    let posting = declined(&store, &denied(payment), Decline::ScreeningDenied);
    assert_eq!(accounts_of(&posting), [Some(from.id), None]);
    let unknown = transfer(3, Kind::Transfer, missing, Some(to.id), 1);
    let mut of_another = pay(4, &from, &to, 1);
    of_another.authority = DebitAuthority::Owner(Uuid::from_u128(404));
    for payment in [unknown, of_another] {
        refused(&store, &denied(payment), PAYER_NOT_FOUND);
    }
    assert_invariants(&store);
}

#[test]
fn a_denied_line_is_declined_and_so_are_the_others_of_an_atomic_batch() {
    let (store, from, to) = bank();
    let lines = [
        line(&from, &to, 1),
        denied_by(RULE, line(&from, &to, 1_000)),
        denied_by(RULE, nowhere(&from)),
        line(&from, &to, 999),
    ];
    let denied = "screening_denied";
    for (id, atomic, others, left) in rows! {
        (10, true, "batch_declined", 1_000), (11, false, "posted", 0),
    } {
        let reply = posted_batch(&store, &batch(id, atomic, lines.clone())).unwrap();
        assert_eq!(outcomes(&reply), [others, denied, denied, others]);
        let rules = postings(&reply).map(|posting| posting.denied_by.as_deref());
        assert!(rules.eq([None, Some(RULE), Some(RULE), None]), "{reply:?}");
        // A later verdict changes nothing.
        let again = batch(id, atomic, [line(&from, &to, 1)]);
        let again = posted_batch(&store, &again).unwrap();
        assert_eq!((again.outcomes, again.repeated), (reply.outcomes, true));
        assert_eq!(balance_of(&store, &from), left);
    }
    assert_invariants(&store);
}
