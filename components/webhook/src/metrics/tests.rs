use super::*;
use crate::tests::kit::*;

fn value(bank: &Bank, name: &str) -> Option<i64> {
    let found = metrics(&bank.0).unwrap();
    let found = found.into_iter().find(|metric| metric.name == name);
    found.map(|metric| metric.samples[0].value)
}

#[test]
fn the_lag_is_what_the_slowest_webhook_has_not_passed_and_unknown_without_the_ledger() {
    let bank = Bank::new();
    bank.happen(3);
    assert_eq!(value(&bank, "webhook_lag"), Some(0), "no webhook waits");
    let id = bank.make("key", json!({"url": URL}));
    bank.happen(2);
    assert_eq!(value(&bank, "webhooks"), Some(1));
    assert_eq!(value(&bank, "webhook_lag"), Some(2));
    bank.respond(Ok(500));
    bank.tick();
    assert_eq!(value(&bank, "webhook_lag"), Some(0));
    assert_eq!(value(&bank, "webhook_deliveries_pending"), Some(2));
    bank.delete(id).unwrap();
    assert_eq!(value(&bank, "webhook_deliveries_pending"), Some(0));
    bank.0.journal.is_down.set(true);
    assert_eq!(value(&bank, "webhook_lag"), None);
    assert_eq!(value(&bank, "webhooks"), Some(0));
}
