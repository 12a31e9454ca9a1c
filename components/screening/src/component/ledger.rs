//! The export `strongroom:account/ledger`.

use super::bindings::exports::strongroom::account::ledger::Guest;
use super::{Component, GATE};
use strongroom_ledger_api::wit::{WitForm, types};
use strongroom_ledger_api::{Batch, Ledger, Transfer};

impl Guest for Component {
    fn post(transfer: types::Transfer) -> Result<types::Reply, types::Error> {
        Ok(GATE.post(&Transfer::from_wit(transfer)?)?.into_wit())
    }

    fn post_batch(batch: types::Batch) -> Result<types::BatchReply, types::Error> {
        Ok(GATE.post_batch(&Batch::from_wit(batch)?)?.into_wit())
    }

    fn cancel(transfer: types::Transfer) -> Result<types::Reply, types::Error> {
        Ok(GATE.cancel(&Transfer::from_wit(transfer)?)?.into_wit())
    }

    fn judge(transfer: types::Transfer) -> Result<Option<types::Decline>, types::Error> {
        Ok(GATE.judge(&Transfer::from_wit(transfer)?)?.into_wit())
    }
}
