//! The export `strongroom:account/ledger`.

use super::bindings::exports::strongroom::account::ledger::Guest;
use super::{Component, GATE};
use strongroom_ledger_api::Ledger;
use strongroom_ledger_api::wit::types;

impl Guest for Component {
    fn post(transfer: types::Transfer) -> Result<types::Reply, types::Error> {
        Ok(GATE.post(&transfer.try_into()?)?.into())
    }

    fn post_batch(batch: types::Batch) -> Result<types::BatchReply, types::Error> {
        Ok(GATE.post_batch(&batch.try_into()?)?.into())
    }

    fn cancel(transfer: types::Transfer) -> Result<types::Reply, types::Error> {
        Ok(GATE.cancel(&transfer.try_into()?)?.into())
    }
}
