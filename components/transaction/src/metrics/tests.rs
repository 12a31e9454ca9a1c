use super::*;
use crate::index::follow;
use crate::tests::kit::*;

fn value(bank: &Bank, name: &str) -> Option<i64> {
    let found = metrics(&bank.service).unwrap();
    let found = found.into_iter().find(|metric| metric.name == name);
    found.map(|metric| metric.samples[0].value)
}

#[test]
fn the_lag_is_what_the_index_does_not_have_yet_and_unknown_without_the_ledger() {
    let bank = Bank::new();
    bank.send("one", "1").unwrap();
    let recorded = bank.recorded().cast_signed();
    assert_eq!(value(&bank, "index_lag"), Some(recorded));
    follow(&bank.service.store, &bank.service.ledger, 1).unwrap();
    for (link, lag) in [(LinkState::Works, Some(0)), (LinkState::down(), None)] {
        bank.link(link);
        assert_eq!(value(&bank, "index_lag"), lag);
        assert_eq!(value(&bank, "index_sequence"), Some(recorded));
    }
}

#[test]
fn an_order_is_overdue_when_no_tick_has_begun_its_date() {
    let bank = Bank::new();
    let order = bank.order("order", &json!({}));
    assert_eq!(value(&bank, "standing_orders_active"), Some(1));
    bank.wait(400 * DAY_MS);
    assert_eq!(value(&bank, "standing_orders_overdue"), Some(1));
    bank.cancel(order).unwrap();
    assert_eq!(value(&bank, "standing_orders_active"), Some(0));
    assert_eq!(value(&bank, "standing_orders_overdue"), Some(0));
}
