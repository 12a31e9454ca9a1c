//! Goal: a state leads to one decline, and a payer without the money learns nothing of the payee.

use super::*;
use crate::account::Freeze;

/// An account with the decline that follows from it alone.
type Faulty = (Account, Option<Decline>);

/// Accounts of Alice's and of Bob's, for payments of 300 EUR from hers to his.
fn faults() -> (SqliteStore, Vec<Faulty>, Vec<Faulty>) {
    let store = store();
    let open = |owner, code| open(&store, owner, code);
    let frozen = |owner, code, stops| {
        let frozen = open(owner, code);
        account::freeze(&store, &CLOCK, frozen.id, stops, &teller()).unwrap();
        frozen
    };
    let closed = |owner, code| {
        let closed = open(owner, code);
        account::close(&store, &CLOCK, closed.id, &teller()).unwrap();
        closed
    };
    // It may pay, and may not be paid.
    let rich = open(ALICE, "EUR");
    deposit(&store, 1, &rich, 1_200);
    account::freeze(&store, &CLOCK, rich.id, Freeze::Credits, &teller()).unwrap();
    let payers = Vec::from(rows! {
        (closed(ALICE, "EUR"), Some(Decline::AccountClosed)),
        (frozen(ALICE, "EUR", Freeze::Both), Some(Decline::AccountFrozen)),
        (frozen(ALICE, "EUR", Freeze::Debits), Some(Decline::AccountFrozen)),
        (open(ALICE, "JPY"), Some(Decline::CurrencyMismatch)),
        (open(ALICE, "EUR"), Some(Decline::InsufficientFunds)),
        (rich, None),
    });
    // Each account has its own fault and those after it.
    let payees = Vec::from(rows! {
        (closed(BOB, "JPY"), Some(Decline::AccountClosed)),
        (frozen(BOB, "JPY", Freeze::Both), Some(Decline::AccountFrozen)),
        (frozen(BOB, "JPY", Freeze::Credits), Some(Decline::AccountFrozen)),
        (open(BOB, "JPY"), Some(Decline::CurrencyMismatch)),
        (frozen(BOB, "EUR", Freeze::Debits), None),
        (open(BOB, "EUR"), None),
    });
    (store, payers, payees)
}

/// Ids and numbers that no customer's account has.
fn missing(store: &SqliteStore) -> [AccountRef; 4] {
    let (id, number) = settlement_account(store);
    [
        AccountRef::Id(Uuid::from_u128(404)),
        AccountRef::Number("DE404".to_owned()),
        AccountRef::Id(id),
        AccountRef::Number(number),
    ]
}

fn to(account: &Account) -> [AccountRef; 2] {
    let number = AccountRef::Number(account.number.clone());
    [AccountRef::Id(account.id), number]
}

fn payment(id: u128, kind: Kind, from: &Account, to: AccountRef) -> Transfer {
    let payment = transfer(id, kind, Some(from.id), None, 300);
    with(payment, |it| it.instruction.destination = Some(to))
}

#[test]
fn a_payers_own_decline_comes_before_any_of_the_payee_and_the_same_without_one() {
    let (store, payers, payees) = faults();
    let mut ids = 10..;
    for (from, decline) in payers.iter().filter(|(_, decline)| decline.is_some()) {
        let real = payees.iter().flat_map(|(payee, _)| {
            let party = party(payee);
            to(payee).map(|to| (to, Some(party)))
        });
        let no_one = missing(&store).map(|to| (to, None));
        for (to, payee) in real.chain(no_one) {
            for kind in [Kind::Transfer, Kind::Hold] {
                let payment = payment(ids.next().unwrap(), kind, from, to.clone());
                let declined = first(&store, &payment);
                assert_eq!(declined.decline, *decline, "{payment:?}");
                assert_eq!(declined.destination, payee, "{payment:?}");
                assert_eq!(posted(&store, &payment), repeated(&declined));
                assert_eq!(lookup(&store, payment.id), Some(declined));
            }
        }
    }
    assert_invariants(&store);
}

#[test]
fn a_payer_with_the_money_learns_the_first_fault_of_the_payee() {
    let (store, payers, payees) = faults();
    let (rich, _) = payers.last().unwrap();
    let (mut ids, before) = (10.., head(&store));
    for to in missing(&store) {
        let side = match to {
            AccountRef::Id(_) => Side::DestinationId,
            AccountRef::Number(_) => Side::DestinationNumber,
        };
        for kind in [Kind::Transfer, Kind::Hold] {
            let payment = payment(ids.next().unwrap(), kind, rich, to.clone());
            let refused = Err(LedgerError::AccountNotFound(side));
            assert_eq!(posted(&store, &payment), refused);
        }
    }
    assert_eq!(head(&store), before);
    for (payee, decline) in &payees {
        for to in to(payee) {
            let payment = payment(ids.next().unwrap(), Kind::Transfer, rich, to);
            let decided = first(&store, &payment);
            assert_eq!(decided.decline, *decline, "{payment:?}");
            assert_eq!(decided.destination, Some(party(payee)), "{payment:?}");
        }
    }
    assert_invariants(&store);
}
