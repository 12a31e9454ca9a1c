//! A request that makes something, once for each idempotency key.

use super::kept::{self, Kept};
use super::{IdempotencyKey, StoredReply, derived_id, key_reused};
use crate::identity::Principal;
use crate::problem::Problem;
use crate::store::{Reader, Store, StoreError, Transaction};
use http::StatusCode;
use serde::Serialize;
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// The scope of the ids of requests. A key belongs to one request, whatever its route.
const ID_SCOPE: &str = "kept reply";

/// The member of a response that is shown once: it is kept as null.
const SECRET: &str = "secret";

/// A request whose client may have named it by an idempotency key. Then its reply is kept, and a
/// second request gets it again and does nothing.
///
/// The service has [`migration`](super::migration) among its migrations, and calls
/// [`sweep`](super::sweep) in its tick. A refused request ends without
/// [`created`](Self::created): nothing is kept, and the key is free.
///
/// ```
/// use serde::{Deserialize, Serialize};
/// use strongroom_sdk::idempotency::{self, Begun, IdempotencyKey, KeyedRequest, StoredReply};
/// use strongroom_sdk::identity::Principal;
/// use strongroom_sdk::problem::Problem;
/// use strongroom_sdk::store::{Store, Transaction};
/// use uuid::Uuid;
///
/// #[derive(Deserialize, Serialize)]
/// struct NoteBody {
///     text: String,
/// }
///
/// #[derive(Serialize)]
/// struct NoteView<'a> {
///     text: &'a str,
///     secret: &'a str,
/// }
///
/// /// The handler passes its parameter `key: Option<IdempotencyKey>`.
/// fn create(
///     store: &impl Store,
///     principal: Principal,
///     key: Option<&IdempotencyKey>,
///     body: &NoteBody,
///     now_ms: i64,
/// ) -> Result<StoredReply, Problem> {
///     let request = KeyedRequest::new(key, principal, "POST /", body)?;
///     let transaction = match request.begin(store)? {
///         Begun::First(transaction) => transaction,
///         Begun::Repeated(reply) => return Ok(reply),
///     };
///     // Here are the statements that make the note.
///     let view = NoteView { text: &body.text, secret: "shown once" };
///     let reply = request.created(&transaction, now_ms, &view)?;
///     transaction.commit()?;
///     Ok(reply)
/// }
/// # #[cfg(feature = "native")]
/// # {
/// # use strongroom_sdk::store::{SqliteStore, migrate};
/// let store = SqliteStore::in_memory().expect("a store");
/// migrate(&store, &[idempotency::migration(1)]).expect("a table");
/// let ann = Principal::User(Uuid::from_u128(7));
/// let key = IdempotencyKey::from_header([b"note-1".as_slice()]).expect("a key");
/// let body = NoteBody { text: "hello".to_owned() };
/// let [first, again] = [1, 2].map(|now_ms| {
///     create(&store, ann, Some(&key), &body, now_ms).expect("a note")
/// });
/// assert_eq!(first.body, r#"{"text":"hello","secret":"shown once"}"#);
/// assert_eq!(again.body, r#"{"secret":null,"text":"hello"}"#);
/// assert!(again.repeated && !first.repeated);
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct KeyedRequest(Option<Named>);

/// What a key names.
#[derive(Debug, Clone)]
struct Named {
    id: Uuid,
    fingerprint: [u8; 32],
}

/// A write transaction for a first request, or the reply to a repeated one.
#[derive(Debug)]
pub enum Begun<T> {
    /// Nothing is kept under the key, or the request has no key: do what it asks.
    First(T),
    /// What the first request got.
    Repeated(StoredReply),
}

impl KeyedRequest {
    /// A request without a key, such as one that the service makes itself.
    pub const UNKEYED: Self = Self(None);

    /// A request of `principal`. `route` is the method and the path below the service, such as
    /// `POST /keys`, and `body` what another request under the same key would differ in.
    ///
    /// A SHA-256 of `body` is stored. It must have no password, which the hash would give away:
    /// skip the member.
    ///
    /// # Errors
    /// 500 `internal_error` where the body has no JSON form.
    pub fn new(
        key: Option<&IdempotencyKey>,
        principal: Principal,
        route: &str,
        body: &impl Serialize,
    ) -> Result<Self, Problem> {
        let Some(key) = key else {
            return Ok(Self(None));
        };
        let request = serde_json::to_vec(&(route, body)).map_err(Problem::internal)?;
        Ok(Self(Some(Named {
            id: derived_id(principal, ID_SCOPE, key.as_str()),
            fingerprint: Sha256::digest(request).into(),
        })))
    }

    /// The reply that is kept already, on a snapshot. For a call that does much before its
    /// transaction, such as a hash or a call of another service; [`begin`](Self::begin) decides.
    ///
    /// # Errors
    /// 422 `idempotency_key_reused`; 503 where the store does not work.
    pub fn replay(&self, store: &impl Store) -> Result<Option<StoredReply>, Problem> {
        self.find(store)?.transpose()
    }

    /// Begins a write transaction. Of two requests at once, the second waits here for the writer,
    /// and then finds the reply to the first. It is returned when it is on disk.
    ///
    /// # Errors
    /// 422 `idempotency_key_reused`: the key belongs to another request; 503.
    pub fn begin<S: Store>(&self, store: &S) -> Result<Begun<S::Transaction>, Problem> {
        let transaction = store.begin()?;
        match self.find(&transaction)? {
            None => Ok(Begun::First(transaction)),
            Some(kept) => {
                // Another turn of the same group may have written the row: the commit waits for it.
                transaction.commit()?;
                kept.map(Begun::Repeated)
            }
        }
    }

    /// The reply 201 with `body`, kept in `transaction` under the request's key, if it has one. A
    /// member `secret` of the body is kept as null, and no repeated request sees it.
    ///
    /// # Errors
    /// 500 `internal_error` where the body has no JSON form; 503.
    pub fn created(
        &self,
        transaction: &impl Transaction,
        now_ms: i64,
        body: &impl Serialize,
    ) -> Result<StoredReply, Problem> {
        let reply = StoredReply::new(StatusCode::CREATED, body, false)?;
        if let Some(Named { id, fingerprint }) = &self.0 {
            let kept = without_secret(&reply.body)?;
            kept::insert(transaction, *id, fingerprint, kept, now_ms)?;
        }
        Ok(reply)
    }

    /// The reply that is kept, or the refusal of another request under its key.
    fn find(&self, from: &impl Reader) -> Result<Option<Result<StoredReply, Problem>>, StoreError> {
        let Some(named) = &self.0 else {
            return Ok(None);
        };
        let kept = kept::find(from, named.id)?;
        Ok(kept.map(|Kept { fingerprint, reply }| {
            if fingerprint == named.fingerprint {
                Ok(reply)
            } else {
                Err(key_reused())
            }
        }))
    }
}

/// The same bytes where the body has no secret.
fn without_secret(body: &str) -> Result<String, Problem> {
    let mut value: serde_json::Value = serde_json::from_str(body).map_err(Problem::internal)?;
    Ok(match value.get_mut(SECRET) {
        Some(secret) => {
            *secret = serde_json::Value::Null;
            value.to_string()
        }
        None => body.to_owned(),
    })
}

#[cfg(test)]
#[cfg(feature = "native")]
mod tests;
