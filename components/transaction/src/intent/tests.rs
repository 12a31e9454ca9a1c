//! Goal: what came of a request is noted of that request, and never of another one under the same key.
//! Method: two wordings of one key, whose steps are put in the order that a storm of clients may bring.

use super::{Final, Intent, State, due, find, finish, insert, postpone, remove};
use crate::idempotency::IdempotencyKey;
use crate::ledger::DebitAuthority;
use crate::order::Order;
use crate::request::{AccountRef, BatchInstruction, Instruction, Kind, Line, Route};
use crate::schema::MIGRATIONS;
use strongroom_sdk::store::{SqliteStore, Store, Transaction, migrate};
use uuid::Uuid;

const ALICE: Uuid = Uuid::from_u128(0xA);

/// The same key each time, in the words of an amount.
fn intent(amount_minor: i64) -> Intent {
    let instruction = Instruction {
        kind: Kind::Transfer,
        source: Some(Uuid::from_u128(1)),
        destination: Some(AccountRef::Id(Uuid::from_u128(2))),
        amount_minor,
        currency: "EUR".to_owned(),
        reference: None,
        metadata: None,
        subject: None,
        expires_in: None,
    };
    Intent::new(
        ALICE,
        Route::Transfer,
        IdempotencyKey::from_header([b"key".as_slice()]).unwrap(),
        DebitAuthority::Owner(ALICE),
        instruction,
        (1_000, 60_000),
    )
}

/// A store in which one of two wordings is accepted; the other one was there before it, and was forgotten.
fn store_of(intent: &Intent) -> SqliteStore {
    let store = SqliteStore::in_memory().unwrap();
    migrate(&store, MIGRATIONS).unwrap();
    let transaction = store.begin().unwrap();
    assert!(insert(&transaction, intent).unwrap());
    transaction.commit().unwrap();
    store
}

#[test]
fn the_outcome_of_one_wording_is_not_noted_of_another() {
    let (late, accepted) = (intent(1), intent(2));
    let (late, order) = (late.accepted.order, accepted.accepted.order.clone());
    assert_eq!(late.id(), order.id());
    let store = store_of(&accepted);
    let answer = Final {
        status: 201,
        body: "{}".to_owned(),
    };
    let transaction = store.begin().unwrap();
    finish(&transaction, &late, &answer).unwrap();
    remove(&transaction, &late).unwrap();
    postpone(&transaction, &late, 9_000).unwrap();
    let stored = find(&transaction, order.id()).unwrap().unwrap();
    assert_eq!(stored.fingerprint, *order.fingerprint());
    assert_eq!(stored.state, State::Accepted(Box::new(accepted.accepted)));

    finish(&transaction, &order, &answer).unwrap();
    let stored = find(&transaction, order.id()).unwrap().unwrap();
    assert_eq!(stored.state, State::Final(answer));
    transaction.commit().unwrap();
}

#[test]
fn a_wording_that_nothing_is_recorded_of_is_forgotten() {
    let accepted = intent(2);
    let store = store_of(&accepted);
    let transaction = store.begin().unwrap();
    remove(&transaction, &accepted.accepted.order).unwrap();
    assert_eq!(
        find(&transaction, accepted.accepted.order.id()).unwrap(),
        None
    );
    transaction.commit().unwrap();
}

/// Where the ledger does not answer for a while, batches gather; one answer of the store has no room for many of them.
#[test]
fn large_requests_that_are_due_are_read_a_few_at_a_time() {
    let store = SqliteStore::in_memory().unwrap();
    migrate(&store, MIGRATIONS).unwrap();
    let Order::Transfer(transfer) = intent(1).accepted.order else {
        unreachable!("it is a transfer")
    };
    let line = Line::Transfer(transfer.instruction);
    let batch = BatchInstruction {
        atomic: true,
        lines: vec![line; 1_000],
    };
    let transaction = store.begin().unwrap();
    for number in 0..40_u8 {
        let key = IdempotencyKey::from_header([[b'A' + number].as_slice()]).unwrap();
        let intent = Intent::of_batch(ALICE, key, batch.clone(), (1_000, 60_000));
        assert!(insert(&transaction, &intent).unwrap());
    }
    transaction.commit().unwrap();
    let mut read = 0;
    while let Some(some) = Some(due(&store, i64::MAX, 256).unwrap()).filter(|some| !some.is_empty())
    {
        assert!(some.len() < 40, "{} at once", some.len());
        let transaction = store.begin().unwrap();
        for accepted in &some {
            remove(&transaction, &accepted.order).unwrap();
        }
        transaction.commit().unwrap();
        read += some.len();
    }
    assert_eq!(read, 40);
}
