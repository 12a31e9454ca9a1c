//! The export `strongroom:service/metrics`.

use super::Component;
use super::bindings::exports::strongroom::service::metrics as wit;
use crate::metrics::metrics;
use strongroom_sdk::store::HostStore;
use strongroom_sdk::wit_metrics;

impl wit::Guest for Component {
    fn collect() -> Result<Vec<wit::Metric>, String> {
        let metrics = metrics(&HostStore).map_err(|error| error.to_string())?;
        Ok(wit_metrics!(wit, metrics))
    }
}
