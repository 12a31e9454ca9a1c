//! `strongroom:service/metrics`.

use super::bindings::exports::strongroom::service::metrics as wit;
use super::{Component, SERVICE};
use crate::metrics::metrics;
use strongroom_sdk::wit_metrics;

impl wit::Guest for Component {
    fn collect() -> Result<Vec<wit::Metric>, String> {
        let metrics = metrics(&SERVICE).map_err(|error| error.to_string())?;
        Ok(wit_metrics!(wit, metrics))
    }
}
