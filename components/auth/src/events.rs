//! Reading the audit log: who did what to which user, when, in which request, and the value before and after.

use crate::outside::Outside;
use crate::service::{AuthError, AuthService};
use serde::{Deserialize, Serialize};
use strongroom_sdk::clock::format_rfc3339;
use strongroom_sdk::page::{List, Page};
use strongroom_sdk::store::{Row, Store, StoreError, Value};
use uuid::Uuid;

/// Newest first, as ids are of version 7, before the event `?1`.
const ALL: &str =
    "SELECT id, at, actor, action, target, old_value, new_value, request_id FROM audit_log
    WHERE id < ?1 ORDER BY id DESC LIMIT ?2";

const OF_USER: &str =
    "SELECT id, at, actor, action, target, old_value, new_value, request_id FROM audit_log
    WHERE target = ?3 AND id < ?1 ORDER BY id DESC LIMIT ?2";

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
        let mut params = vec![
            Value::from(page.after.unwrap_or(Uuid::max())),
            Value::from(page.fetch()),
        ];
        let sql = match page.filter.user_id {
            None => ALL,
            Some(user_id) => {
                params.push(user_id.into());
                OF_USER
            }
        };
        let rows = self.store.query(sql, &params)?;
        let events = rows
            .into_iter()
            .map(|row| EventView::from_row(&row))
            .collect::<Result<_, _>>()?;
        Ok(List::new(events, page, |event: &EventView| event.id))
    }
}

impl EventView {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.uuid(0)?,
            created_at: format_rfc3339(row.integer(1)?),
            actor_id: row.uuid(2)?,
            action: row.text(3)?,
            user_id: row.uuid(4)?,
            old_value: row.optional(5, Row::text)?,
            new_value: row.optional(6, Row::text)?,
            request_id: row.optional(7, Row::text)?,
        })
    }
}
