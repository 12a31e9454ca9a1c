use super::*;
use crate::ledger::{expire_holds, post};
use crate::tests::kit::{HOLD_SECONDS, OWNER, cash, eur, instruction, open, store, transfer};
use strongroom_ledger_api::Kind;
use strongroom_sdk::clock::ManualClock;

fn metric(store: &impl Store, name: &str) -> Metric {
    let mut found = metrics(store).unwrap().into_iter();
    found.find(|metric| metric.name == name).unwrap()
}

fn value(store: &impl Store, name: &str) -> i64 {
    metric(store, name).samples[0].value
}

#[test]
fn decisions_and_open_holds_are_counted() {
    let (store, clock) = (store(), ManualClock::at(0));
    let [from, to] = [(), ()].map(|()| open(&store, &clock, OWNER, "EUR"));
    assert_eq!(value(&store, "journal_sequence"), 0);
    cash(&store, &clock, 1, &from, 100);
    let hold = instruction(Kind::Hold, Some(from.id), Some(to.id), eur(60));
    post(&store, &clock, &transfer(2, hold)).unwrap();
    assert_eq!(value(&store, "journal_sequence"), 2);
    assert_eq!(value(&store, "holds_open"), 1);
    let too_much = instruction(Kind::Transfer, Some(from.id), Some(to.id), eur(41));
    for id in [3, 4] {
        post(&store, &clock, &transfer(id, too_much.clone())).unwrap();
    }
    let decisions = metric(&store, "decisions_total").samples.into_iter();
    let decisions = decisions.map(|it| format!("{} {}", it.labels[0].1, it.value));
    let expected = ["accepted 2", "insufficient_funds 2"];
    assert_eq!(decisions.collect::<Vec<_>>(), expected);
    clock.set_ms(i64::from(HOLD_SECONDS) * 1_000);
    expire_holds(&store, &clock).unwrap();
    assert_eq!(value(&store, "holds_open"), 0);
}
