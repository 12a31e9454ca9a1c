//! The audit log of accounts: who changed which account, when, in which request, and the value
//! before and after.
//!
//! A status of `frozen` stops both sides, `frozen:debits` and `frozen:credits` one. An overdraft
//! limit is a decimal string, metadata a JSON text. The first event of an account has a JSON text.

use crate::service::{Env, Service};
use strongroom_sdk::audit_log::{self, EventView};
use strongroom_sdk::identity::{Auditor, Staff};
use strongroom_sdk::onward::{OnwardList, OnwardQuery};
use strongroom_sdk::page::{List, Page};
use strongroom_sdk::problem::Problem;
use uuid::Uuid;

const TARGET: &str = "account_id";

impl<E: Env> Service<E> {
    /// `GET /{id}/events`: an account's events, newest first.
    pub fn events_of(
        &self,
        staff: &Staff,
        id: Uuid,
        page: &Page<i64>,
    ) -> Result<List<EventView>, Problem> {
        let account = self.foreign(staff, id)?;
        let list = audit_log::page(&self.store, page, Some(account.id))?;
        Ok(list.map(|event| event.view(TARGET)))
    }

    /// `GET /events`: the events of all accounts, the bank's own too, oldest first.
    pub fn events(
        &self,
        _: &Auditor,
        query: OnwardQuery,
    ) -> Result<OnwardList<EventView>, Problem> {
        let page = query.page()?;
        Ok(audit_log::feed(&self.store, &page, |event| {
            event.view(TARGET)
        })?)
    }
}
