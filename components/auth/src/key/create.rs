//! An administrator makes an API key.

use super::secret::Secret;
use super::view::NewKeyView;
use super::{ApiKey, KEYS_MAX, KeyState, move_state};
use crate::audit_log::KEY_CREATED;
use crate::env::{Env, Gateway, GatewayError};
use crate::error::AuthError;
use crate::service::AuthService;
use crate::user::{User, check_name};
use serde::{Deserialize, Serialize};
use strongroom_sdk::audit_log::{Actor, Record};
use strongroom_sdk::clock::parse_rfc3339;
use strongroom_sdk::idempotency::{Begun, KeyedRequest, StoredReply};
use strongroom_sdk::openapi::Timestamp;
use strongroom_sdk::problem::Problem;
use strongroom_sdk::store::{Store, Transaction};
use utoipa::ToSchema;
use uuid::Uuid;

/// A key has at most so many scopes.
const SCOPES_MAX: usize = 50;

/// The body of `POST /keys`.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewApiKey, examples(json!({
    "name": "Card processor", "scopes": ["accounts:read", "transactions:write"]
})))]
pub struct NewKey {
    /// What people call the key, at most 100 characters.
    #[schema(min_length = 1, max_length = 100)]
    pub name: String,
    /// The client that gets another key; a new client where it is missing.
    pub client_id: Option<Uuid>,
    /// What the key may do: 1 to 50 scopes that services of the registry have.
    #[schema(min_items = 1, max_items = 50)]
    pub scopes: Vec<String>,
    /// From when on the key is refused (RFC 3339).
    #[schema(value_type = Option<Timestamp>)]
    pub expires_at: Option<String>,
}

impl<E: Env> AuthService<E> {
    /// Makes a key. Only the first reply has its secret.
    ///
    /// # Errors
    /// 422 with the field, `keys_too_many`; 503 where the gateway does not accept the key now: then
    /// there is none.
    pub fn create_key(
        &self,
        actor: &Actor,
        request: &KeyedRequest,
        new: &NewKey,
    ) -> Result<StoredReply, Problem> {
        if let Some(reply) = request.replay(&self.store)? {
            return Ok(reply);
        }
        let secret = Secret::new(&self.random);
        let key = self.checked_key(new, &secret)?;
        self.insert_pending(&key)?;
        self.gateway
            .accept_key(&key, secret.hash())
            .map_err(AuthError::from)?;
        self.activate(actor, request, key, secret)
    }

    /// A key that passes every rule.
    fn checked_key(&self, new: &NewKey, secret: &Secret) -> Result<ApiKey, AuthError> {
        check_name(Some(&new.name))?;
        check_scopes(&new.scopes, &self.gateway.known_scopes())?;
        let created_at_ms = self.now_ms();
        let expires_at_ms = match &new.expires_at {
            None => None,
            Some(text) => Some(
                parse_rfc3339(text)
                    .filter(|expires_at_ms| *expires_at_ms > created_at_ms)
                    .ok_or_else(|| {
                        AuthError::invalid(
                            "/expires_at",
                            "must be a time in the future, such as \"2030-01-31T00:00:00Z\"",
                        )
                    })?,
            ),
        };
        Ok(ApiKey {
            id: self.new_id(),
            name: new.name.clone(),
            client: self.checked_client(new.client_id)?,
            scopes: new.scopes.clone(),
            prefix: secret.prefix(),
            expires_at_ms,
            created_at_ms,
        })
    }

    /// The client of a new key. Its id stands beside those of users, as the actor of requests, so
    /// it must be no other's.
    fn checked_client(&self, client: Option<Uuid>) -> Result<Uuid, AuthError> {
        let Some(client) = client else {
            return Ok(self.new_id());
        };
        let is_user = User::by_id(client, &self.store)?.is_some();
        if is_user || client.is_nil() {
            return Err(AuthError::invalid(
                "/client_id",
                "must not be the id of a user or of the bank itself; leave it out for a new client",
            ));
        }
        Ok(client)
    }

    fn insert_pending(&self, key: &ApiKey) -> Result<(), AuthError> {
        let transaction = self.store.begin()?;
        if ApiKey::count(&transaction)? >= KEYS_MAX {
            // The last key may be of an earlier turn of the group. The commit waits until it is on
            // disk.
            transaction.commit()?;
            return Err(AuthError::KeysTooMany);
        }
        key.insert(&transaction)?;
        Ok(transaction.commit()?)
    }

    fn activate(
        &self,
        actor: &Actor,
        request: &KeyedRequest,
        key: ApiKey,
        secret: Secret,
    ) -> Result<StoredReply, Problem> {
        let transaction = match request.begin(&self.store)? {
            Begun::First(transaction) => transaction,
            // The same request has made a key at the same time. This one stays pending.
            Begun::Repeated(reply) => return Ok(reply),
        };
        if !move_state(key.id, [KeyState::Pending, KeyState::Active], &transaction)? {
            let reason = "making the key took so long that the tick has ended it".to_owned();
            return Err(AuthError::from(GatewayError::Unavailable(reason)).into());
        }
        Record {
            new_value: Some(key.clone().logged()?),
            ..self.record(actor, KEY_CREATED, key.id)
        }
        .append(&transaction)?;
        let now_ms = key.created_at_ms;
        let view = NewKeyView::new(key, secret.into_text());
        let reply = request.created(&transaction, now_ms, &view)?;
        transaction.commit()?;
        Ok(reply)
    }
}

fn check_scopes(scopes: &[String], known: &[String]) -> Result<(), AuthError> {
    if !(1..=SCOPES_MAX).contains(&scopes.len()) {
        let detail = format!("must have 1 to {SCOPES_MAX} scopes");
        return Err(AuthError::invalid("/scopes", detail));
    }
    for (index, scope) in scopes.iter().enumerate() {
        let invalid = |detail| AuthError::invalid(format!("/scopes/{index}"), detail);
        if !known.contains(scope) {
            let known = known.join(", ");
            return Err(invalid(format!("must be a scope of this bank: {known}")));
        }
        if scopes[..index].contains(scope) {
            return Err(invalid("must not repeat an earlier scope".to_owned()));
        }
    }
    Ok(())
}
