//! Reading the audit log: who did what to which user, when, in which request, and the value before and after.

use crate::env::Env;
use crate::service::{AuthError, AuthService};
use serde::Deserialize;
use strongroom_sdk::audit_log::{self, EventView};
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

impl<E: Env> AuthService<E> {
    /// A page of what staff did to users, newest first.
    ///
    /// # Errors
    /// [`AuthError::Store`].
    pub fn events(&self, page: &Page<u64, EventFilter>) -> Result<List<EventView>, AuthError> {
        let list = audit_log::page(&self.store, page, page.filter.user_id)?;
        Ok(list.map(|event| event.view("user_id")))
    }
}
