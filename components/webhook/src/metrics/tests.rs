use super::*;
use crate::tests::kit::*;
use strongroom_sdk::testing::figures;

#[test]
fn the_lag_is_what_the_slowest_webhook_has_not_passed_and_unknown_without_the_ledger() {
    let bank = Bank::new();
    let found = || figures(metrics(&bank.0));
    bank.happen(3);
    assert_json!(found(), {"webhook_lag": 0});
    let id = bank.make("key", json!({"url": URL}));
    bank.happen(2);
    assert_json!(found(), {"webhooks": 1, "webhook_lag": 2});
    bank.respond(Ok(500));
    bank.tick();
    assert_json!(found(), {"webhook_lag": 0, "webhook_deliveries_pending": 2});
    bank.delete(id).unwrap();
    assert_json!(found(), {"webhook_deliveries_pending": 0});
    bank.0.journal.is_down.set(true);
    assert_json!(found(), {"webhook_lag": null, "webhooks": 0});
}
