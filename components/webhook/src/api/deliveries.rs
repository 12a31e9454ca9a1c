//! The calls that list deliveries, and have one sent again.

use super::find::{find, find_active};
use super::view::DeliveryView;
use crate::delivery;
use crate::service::{Env, Service};
use crate::webhook::RESENT;
use strongroom_sdk::audit_log::{Actor, Record};
use strongroom_sdk::clock::Clock;
use strongroom_sdk::identity::{Admin, Auditor};
use strongroom_sdk::page::{List, Page};
use strongroom_sdk::problem::Problem;
use strongroom_sdk::store::{Store, Transaction};
use uuid::Uuid;

impl<E: Env> Service<E> {
    /// `GET /{id}/deliveries`: administrators and auditors; newest event first.
    pub fn deliveries(
        &self,
        _: &Auditor,
        id: Uuid,
        page: &Page<i64>,
    ) -> Result<List<DeliveryView>, Problem> {
        let webhook = find(&self.store, id)?;
        let found = delivery::list(&self.store, webhook.key, &page.window())?;
        let list = List::new(found, page, |delivery| delivery.sequence.cast_signed());
        Ok(list.map(DeliveryView::from))
    }

    /// `POST /{id}/deliveries/{sequence}/resend`: administrators. The next tick sends the delivery,
    /// and tries as long as it tries a new one.
    pub fn resend(&self, admin: &Admin, id: Uuid, sequence: u64) -> Result<DeliveryView, Problem> {
        let transaction = self.store.begin()?;
        let webhook = find_active(&transaction, id)?;
        let now_ms = self.clock.now_ms();
        let delivery = delivery::resend(&transaction, webhook.key, sequence, now_ms)?
            .ok_or_else(Problem::not_found)?;
        Record {
            new_value: Some(sequence.to_string()),
            ..Record::new(now_ms, Actor::new(admin), RESENT, id)
        }
        .append(&transaction)?;
        transaction.commit()?;
        Ok(delivery.into())
    }
}
