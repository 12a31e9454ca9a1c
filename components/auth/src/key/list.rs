//! Administrators and auditors look API keys up.

use super::{ApiKey, KeyView};
use crate::env::{Env, Gateway};
use crate::error::AuthError;
use crate::service::AuthService;
use serde::Deserialize;
use std::collections::HashMap;
use strongroom_sdk::page::{List, Page};
use utoipa::IntoParams;
use uuid::Uuid;

/// The parameters of `GET /keys`.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct KeyFilter {
    /// Only the keys of this client.
    pub client_id: Option<Uuid>,
}

impl<E: Env> AuthService<E> {
    /// A page of the keys that are not revoked, newest first.
    pub fn keys(&self, page: &Page<Uuid, KeyFilter>) -> Result<List<KeyView>, AuthError> {
        let keys = ApiKey::page(&page.window(), page.filter.client_id, &self.store)?;
        let last_used: HashMap<Uuid, i64> = self.gateway.last_used().into_iter().collect();
        let suspended = self.gateway.suspended();
        let list = List::new(keys, page, |key| key.id);
        Ok(list.map(|key| {
            let last_used_ms = last_used.get(&key.id).copied();
            let is_suspended = suspended.contains(&key.id);
            KeyView::new(key, last_used_ms, is_suspended)
        }))
    }

    /// The key with this id.
    ///
    /// # Errors
    /// [`AuthError::NotFound`], also for a revoked key.
    pub fn key(&self, id: Uuid) -> Result<KeyView, AuthError> {
        let key = ApiKey::active(id, &self.store)?.ok_or(AuthError::NotFound)?;
        let last_used = self.gateway.last_used();
        let found = last_used.into_iter().find(|(used, _)| *used == id);
        let is_suspended = self.gateway.suspended().contains(&id);
        Ok(KeyView::new(
            key,
            found.map(|(_, at_ms)| at_ms),
            is_suspended,
        ))
    }
}
