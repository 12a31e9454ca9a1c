//! A client of the bank with an API key.

use anyhow::Result;
use http::HeaderValue;
use serde_json::json;

use super::ADMIN_EMAIL;
use super::caller::{Caller, bearer, text};
use crate::load::server::Server;

/// Makes a key that reads accounts, and returns its `authorization` header.
pub async fn create(server: &Server, admin_password: &str) -> Result<HeaderValue> {
    let mut administrator = Caller::log_in(server, ADMIN_EMAIL, admin_password).await?;
    let key = json!({"name": "bench", "scopes": ["accounts:read"]});
    let key = administrator.post("/api/auth/keys", &key).await?;
    bearer(text(&key["secret"])?)
}
