//! Goal: an operator sees who may act for the bank, and what others must still learn.
//! Method: the figures after changes of users and keys.

use super::kit::*;
use crate::metrics::metrics;
use strongroom_sdk::identity::Role;

/// The values of a figure, each with the value of its label if it has one.
fn values(bank: &Bank, name: &str) -> Vec<(String, i64)> {
    let found = metrics(&bank.store).unwrap();
    let found = found.into_iter().find(|metric| metric.name == name);
    let samples = found.unwrap().samples.into_iter();
    let label = |labels: Vec<(String, String)>| labels.into_iter().map(|(_, value)| value);
    samples
        .map(|sample| (label(sample.labels).collect(), sample.value))
        .collect()
}

#[test]
fn staff_are_counted_by_role_and_customers_only_where_they_are_disabled() {
    let (bank, ada) = Bank::with_ada();
    bank.create(TELLER, Role::Teller);
    bank.create("a@example.org", Role::Admin);
    bank.create("b@example.org", Role::Admin);
    let staff = [("admin", 2), ("teller", 1)].map(|(role, count)| (role.to_owned(), count));
    assert_eq!(values(&bank, "staff_users"), staff);
    let only = |count: i64| [(String::new(), count)];
    assert_eq!(values(&bank, "auth_changes_undelivered"), only(0));
    bank.issuer.broken.set(true);
    assert!(bank.change(&ada, DISABLE).is_err());
    assert_eq!(values(&bank, "users_disabled"), only(1));
    assert_eq!(values(&bank, "auth_changes_undelivered"), only(1));
}
