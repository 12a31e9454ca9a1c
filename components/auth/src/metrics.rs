//! The figures of users for operators. Customers are not counted: that would read them
//! all.

use strongroom_sdk::metrics::{Metric, count};
use strongroom_sdk::store::{Store, StoreError};

const STAFF: &str = "SELECT role, count(*) FROM user WHERE role <> 'customer' GROUP BY role";

pub fn metrics(store: &impl Store) -> Result<Vec<Metric>, StoreError> {
    let undelivered = count(store, "ended_sessions_outbox")? + count(store, "gateway_outbox")?;
    Ok(vec![
        Metric::gauges(
            "staff_users",
            "Users who are not customers, by role.",
            "role",
            store.query(STAFF, &[])?.by_word()?,
        ),
        Metric::gauge(
            "users_disabled",
            "Users who may not log in; at most 100,000 are counted.",
            count(store, "user WHERE disabled = 1")?,
        ),
        Metric::gauge(
            "auth_changes_undelivered",
            "Changes of users and keys that the token service or the gateway may not know yet.",
            undelivered,
        ),
    ])
}
