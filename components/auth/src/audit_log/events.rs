//! The log as auditors read it.

use crate::env::Env;
use crate::error::AuthError;
use crate::service::AuthService;
use serde::Deserialize;
use strongroom_sdk::audit_log::{self, EventView};
use strongroom_sdk::page::{List, Page};
use uuid::Uuid;

/// The parameters of `GET /events`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EventFilter {
    /// Only the events of this user.
    #[serde(default)]
    pub user_id: Option<Uuid>,
}

impl<E: Env> AuthService<E> {
    /// A page of events, newest first.
    ///
    /// # Errors
    /// [`AuthError::Store`].
    pub fn events(&self, page: &Page<i64, EventFilter>) -> Result<List<EventView>, AuthError> {
        let list = audit_log::page(&self.store, page, page.filter.user_id)?;
        Ok(list.map(|event| event.view("user_id")))
    }
}
