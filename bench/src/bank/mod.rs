//! The bank under load: its customers and their accounts.

mod bulk;
mod caller;
pub mod fill;
pub mod lists;
pub mod seed;

use anyhow::{Context, Result};
use bytes::Bytes;
use http::HeaderValue;
use serde::{Deserialize, Serialize};
use serde_json::json;

use caller::{Caller, bearer, text};

use crate::load::server::Server;

/// The first administrator, who pays deposits in and makes keys.
const ADMIN_EMAIL: &str = "admin@strongroom.local";
/// Every customer's password.
const PASSWORD: &str = "seven otters juggle walnuts";

/// The customers that `seed` has registered.
#[derive(Debug, Serialize, Deserialize)]
pub struct Bank {
    customers: Vec<Customer>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Customer {
    id: String,
    email: String,
    /// The ids of the accounts.
    accounts: Vec<String>,
}

/// An account, and the session of its owner.
#[derive(Debug, Clone)]
pub struct OwnedAccount {
    pub id: String,
    pub authorization: HeaderValue,
}

impl Bank {
    /// The body of a login of each customer.
    pub fn logins(&self) -> Vec<Bytes> {
        let body = |customer: &Customer| json!({"email": customer.email, "password": PASSWORD});
        let bodies = self.customers.iter().map(body);
        bodies.map(|body| Bytes::from(body.to_string())).collect()
    }

    /// Logs every customer in, and returns all accounts.
    pub async fn log_in(&self, server: &Server) -> Result<Vec<OwnedAccount>> {
        let mut accounts = Vec::new();
        for customer in &self.customers {
            let caller = Caller::log_in(server, &customer.email, PASSWORD).await?;
            let authorization = caller.authorization.context("a login has a session")?;
            accounts.extend(customer.accounts.iter().map(|id| OwnedAccount {
                id: id.clone(),
                authorization: authorization.clone(),
            }));
        }
        Ok(accounts)
    }
}

/// Makes an API key that reads accounts, and returns its `authorization` header.
pub async fn api_key(server: &Server, admin_password: &str) -> Result<HeaderValue> {
    let mut administrator = Caller::log_in(server, ADMIN_EMAIL, admin_password).await?;
    let key = json!({"name": "bench", "scopes": ["accounts:read"]});
    let key = administrator.post("/api/auth/keys", &key).await?;
    bearer(text(&key["secret"])?)
}
