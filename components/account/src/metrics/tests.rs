use super::*;
use crate::ledger::{expire_holds, post};
use crate::tests::kit::{HOLD_SECONDS, OWNER, SetClock, eur, instruction, open, store, transfer};
use strongroom_ledger_api::Kind;

fn value(store: &impl Store, name: &str) -> i64 {
    let found = metrics(store).unwrap();
    let found = found.into_iter().find(|metric| metric.name == name);
    found.unwrap().samples[0].value
}

#[test]
fn the_journal_and_the_open_holds_are_counted() {
    let (store, clock) = (store(), SetClock::at(0));
    let [from, to] = [(), ()].map(|()| open(&store, &clock, OWNER, "EUR"));
    assert_eq!(value(&store, "journal_sequence"), 0);
    let deposit = instruction(Kind::Deposit, None, Some(from.id), eur(100));
    let hold = instruction(Kind::Hold, Some(from.id), Some(to.id), eur(60));
    for (id, instruction) in [(1, deposit), (2, hold)] {
        post(&store, &clock, &transfer(id, instruction)).unwrap();
    }
    assert_eq!(value(&store, "journal_sequence"), 2);
    assert_eq!(value(&store, "holds_open"), 1);
    clock.0.set(i64::from(HOLD_SECONDS) * 1_000);
    expire_holds(&store, &clock).unwrap();
    assert_eq!(value(&store, "holds_open"), 0);
}
