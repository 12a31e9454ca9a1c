//! The log as auditors read it.

use super::is_about_key;
use crate::env::Env;
use crate::error::AuthError;
use crate::service::AuthService;
use serde::Deserialize;
use strongroom_sdk::audit_log::{self, Event, EventView};
use strongroom_sdk::onward::{OnwardList, OnwardQuery};
use strongroom_sdk::page::{List, Page};
use strongroom_sdk::problem::Problem;
use utoipa::IntoParams;
use uuid::Uuid;

/// The parameters of `GET /events`.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct EventFilter {
    /// Only the events of this user.
    pub user_id: Option<Uuid>,
    /// Only the events of this API key.
    pub key_id: Option<Uuid>,
}

impl<E: Env> AuthService<E> {
    /// A page of events, newest first.
    ///
    /// # Errors
    /// [`AuthError::Invalid`] where the filter has both a user and a key.
    pub fn events(&self, page: &Page<i64, EventFilter>) -> Result<List<EventView>, AuthError> {
        let target = match (page.filter.user_id, page.filter.key_id) {
            (Some(_), Some(_)) => {
                let detail = "must not stand beside user_id: an event has one of them";
                return Err(AuthError::invalid("/key_id", detail));
            }
            (user, key) => user.or(key),
        };
        let list = audit_log::page(&self.store, page, target)?;
        Ok(list.map(view))
    }

    /// All events, oldest first, for programs that follow them.
    ///
    /// # Errors
    /// 422 `validation_failed`; 410 `history_restored`, where the caller has events that a
    /// restoration has undone.
    pub fn event_feed(
        &self,
        query: OnwardQuery,
        restored_at_ms: Option<i64>,
    ) -> Result<OnwardList<EventView>, Problem> {
        let list = audit_log::feed(&self.store, &query.page()?, view)?;
        list.unless_restored(restored_at_ms, || Ok(audit_log::head(&self.store)?))
    }
}

fn view(event: Event) -> EventView {
    let is_about_key = is_about_key(&event.record.action);
    event.view(if is_about_key { "key_id" } else { "user_id" })
}
