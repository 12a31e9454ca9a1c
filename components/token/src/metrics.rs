//! The figures of sessions for operators. Those that go on are not counted: that would read them
//! all.

use strongroom_sdk::metrics::{Metric, count};
use strongroom_sdk::store::{Store, StoreError};

pub fn metrics(store: &impl Store) -> Result<Vec<Metric>, StoreError> {
    Ok(vec![Metric::gauge(
        "revocations_undelivered",
        "Ended sessions whose access tokens the gateway may still accept.",
        count(store, "revocation_outbox")?,
    )])
}
