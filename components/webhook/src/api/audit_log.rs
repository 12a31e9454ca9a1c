//! `GET /audit-log`: what administrators, and the bank itself, did to webhooks. A webhook tells the
//! outside what happens in the bank, so an auditor must be able to see who created it.

use crate::service::{Env, Service};
use serde::Deserialize;
use strongroom_sdk::audit_log::{self, EventView};
use strongroom_sdk::identity::Auditor;
use strongroom_sdk::page::{List, Page};
use strongroom_sdk::problem::Problem;
use utoipa::IntoParams;
use uuid::Uuid;

/// The parameters of `GET /audit-log`.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct LogFilter {
    /// The webhook whose records are returned; none for all.
    pub webhook_id: Option<Uuid>,
}

impl<E: Env> Service<E> {
    /// `GET /audit-log`: administrators and auditors; newest first.
    pub fn audit_log(
        &self,
        _: &Auditor,
        page: &Page<i64, LogFilter>,
    ) -> Result<List<EventView>, Problem> {
        let list = audit_log::page(&self.store, page, page.filter.webhook_id)?;
        Ok(list.map(|event| event.view("webhook_id")))
    }
}
