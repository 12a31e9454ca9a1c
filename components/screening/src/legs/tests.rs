//! Goal: a screening judges all that a posting of several legs moves, and nothing else.

use super::*;
use std::collections::HashSet;
use strongroom_ledger_api::{Actor, DebitAuthority};
use strongroom_sdk::money::Currency;
use strongroom_sdk::rows;
use uuid::Uuid;

fn leg(direction: Direction, account: u128, minor: i64, code: &str) -> Leg {
    Leg {
        account: Uuid::from_u128(account),
        direction,
        amount: Money::from_minor(minor, Currency::from_code(code).unwrap()),
        denied_by: None,
    }
}

fn posting(legs: Vec<Leg>) -> Transfer {
    let mut instruction = Instruction::of_legs(legs);
    instruction.reference = Some("rent".to_owned());
    Transfer {
        id: Uuid::from_u128(7),
        fingerprint: [7; 32],
        authority: DebitAuthority::Bank,
        actor: Actor::user(Uuid::from_u128(9)),
        on_behalf_of: None,
        request_id: None,
        instruction,
        denied_by: None,
        requested_at_ms: 5,
    }
}

/// The leg that pays, who is paid, and the amount.
fn moved((leg, payment): &(usize, Transfer)) -> String {
    let instruction = &payment.instruction;
    assert_eq!(instruction.kind, Kind::Transfer);
    assert_eq!(instruction.reference.as_deref(), Some("rent"));
    let Some(AccountRef::Id(payee)) = instruction.destination else {
        panic!("a payment without a payee: {instruction:?}");
    };
    let amount = instruction.amount.unwrap();
    let currency = amount.currency().code();
    format!("{leg} pays {}: {amount} {currency}", payee.as_u128())
}

#[test]
fn debits_pay_for_the_credits_of_their_currency_in_order() {
    let posting = posting(vec![
        leg(Direction::Credit, 4, 480, "JPY"),
        leg(Direction::Debit, 1, 300, "EUR"),
        leg(Direction::Credit, 2, 250, "EUR"),
        leg(Direction::Debit, 5, 50, "EUR"),
        leg(Direction::Credit, 3, 100, "EUR"),
        leg(Direction::Debit, 6, 480, "JPY"),
    ]);
    let payments = payments(&posting);
    let expected = rows! {
        "1 pays 2: 2.50 EUR", "1 pays 3: 0.50 EUR", "3 pays 3: 0.50 EUR", "5 pays 4: 480 JPY",
    };
    assert_eq!(payments.iter().map(moved).collect::<Vec<_>>(), expected);
    let ids: HashSet<_> = payments.iter().map(|(_, payment)| payment.id).collect();
    assert_eq!(ids.len(), payments.len());
}

#[test]
fn what_the_ledger_will_refuse_is_cut_short() {
    for minor in [0, -1, i64::MIN, i64::MAX] {
        let posting = posting(vec![
            leg(Direction::Debit, 1, 300, "EUR"),
            leg(Direction::Credit, 2, minor, "EUR"),
            leg(Direction::Debit, 3, 1, "JPY"),
        ]);
        assert!(payments(&posting).len() <= 2);
    }
}
