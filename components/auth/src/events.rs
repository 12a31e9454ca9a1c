//! Reading the audit log: who did what to which user, when, in which request, and the value before and after.

use crate::outside::Outside;
use crate::service::{AuthError, AuthService};
use serde::{Deserialize, Serialize};
use strongroom_sdk::audit_log::{self, Event};
use strongroom_sdk::clock::format_rfc3339;
use strongroom_sdk::page::{List, Page};
use uuid::Uuid;

/// The parameters of `GET /events`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EventFilter {
    /// To whom it was done.
    #[serde(default)]
    pub user_id: Option<Uuid>,
}

/// One thing that was done to a user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EventView {
    id: Uuid,
    /// `user.created`, `user.role`, `user.disabled`, or `user.name`.
    action: String,
    actor_id: Uuid,
    user_id: Uuid,
    old_value: Option<String>,
    new_value: Option<String>,
    request_id: Option<String>,
    created_at: String,
}

impl<O: Outside> AuthService<O> {
    /// A page of what staff did to users, newest first.
    ///
    /// # Errors
    /// [`AuthError::Store`].
    pub fn events(&self, page: &Page<Uuid, EventFilter>) -> Result<List<EventView>, AuthError> {
        let list = audit_log::page(&self.store, page, page.filter.user_id)?;
        Ok(list.map(EventView::from))
    }
}

impl From<Event> for EventView {
    fn from(event: Event) -> Self {
        Self {
            id: event.id,
            action: event.action,
            actor_id: event.actor,
            user_id: event.target,
            old_value: event.old_value,
            new_value: event.new_value,
            request_id: event.request_id,
            created_at: format_rfc3339(event.at_ms),
        }
    }
}
