//! Goal: an operator sees who may act for the bank, and what others must still learn.

use super::kit::*;
use crate::metrics::metrics;
use serde_json::json;
use strongroom_sdk::identity::Role;
use strongroom_sdk::testing::figures;

#[test]
fn staff_are_counted_by_role_and_customers_only_where_they_are_disabled() {
    let (bank, ada) = Bank::with_ada();
    bank.create(TELLER, Role::Teller);
    bank.create("a@example.org", Role::Admin);
    bank.create("b@example.org", Role::Admin);
    let expected = json!({
        "staff_users admin": 2, "staff_users teller": 1, "users_disabled": 0,
        "auth_changes_undelivered": 0,
    });
    assert_eq!(figures(metrics(&bank.store)), expected);
    bank.issuer.broken.set(true);
    assert!(bank.change(&ada, DISABLE).is_err());
    let found = figures(metrics(&bank.store));
    assert_json!(found, {"users_disabled": 1, "auth_changes_undelivered": 1});
}
