//! Clients with an API key.

use std::ops::Deref;

use serde_json::{Value, json};

use crate::host::Host;
use crate::json::text;
use crate::{Client, Person};

/// An API key. It is also the client that sends it.
#[derive(Debug, Clone)]
pub struct ApiKey {
    client: Client,
    pub id: String,
    pub client_id: String,
}

impl Deref for ApiKey {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

impl ApiKey {
    /// As an administrator: makes a key of a new client with these scopes.
    pub async fn create(admin: &Person, scopes: &[&str]) -> Self {
        Self::of(admin, &json!({"name": "a test", "scopes": scopes})).await
    }

    /// As an administrator: makes the key of this body.
    pub async fn of(admin: &Person, body: &Value) -> Self {
        let key = admin.post("/api/auth/keys").json(body).await.expect(201);
        Self {
            client: admin.with_token(text(&key["secret"])),
            id: text(&key["id"]).to_owned(),
            client_id: text(&key["client_id"]).to_owned(),
        }
    }

    /// As an administrator: refuses it from now on.
    pub async fn revoke(&self, admin: &Person) {
        let path = format!("/api/auth/keys/{}", self.id);
        admin.delete(&path).await.expect_no_content();
    }

    /// The same key at a host that was restarted, on whatever port it listens now.
    pub fn at(&self, host: &Host) -> Self {
        Self {
            client: host.client().with_token(self.token()),
            ..self.clone()
        }
    }
}
