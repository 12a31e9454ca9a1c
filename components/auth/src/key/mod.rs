//! API keys: a client with one calls the bank without a user's password.
//!
//! The gateway accepts a key by what the host keeps: its SHA-256, client, scopes, and expiry. The
//! store keeps what people see, and never the key. A key is made in three steps:
//!
//! 1. its row is stored as `pending`, which no list has;
//! 2. the gateway accepts it;
//! 3. its row becomes `active`, together with the event of the audit log.
//!
//! Only then does the client get the secret. So after a crash between two steps nobody has a key
//! that works, and the tick ends what is still pending. The row of a revoked key stays, because the
//! audit log is about it.

mod confirm;
mod create;
mod list;
mod revoke;
mod secret;
mod view;

pub use create::NewKey;
pub use list::KeyFilter;
pub use view::{KeyView, NewKeyView};

use strongroom_sdk::page::Window;
use strongroom_sdk::store::{Reader, Row, StoreError, Transaction};
use uuid::Uuid;
use view::KeyFacts;

/// There are at most so many keys that are not revoked.
pub const KEYS_MAX: i64 = 1_000;

strongroom_sdk::stored_enum! {
    /// How far a key has come.
    pub enum KeyState {
        /// The gateway may not accept it yet, and nobody has its secret.
        Pending = "pending";
        /// The gateway accepts it until it expires.
        Active = "active";
        /// The gateway refuses it.
        Revoked = "revoked";
    }
}

/// An API key, without its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKey {
    /// UUID of version 7.
    pub id: Uuid,
    pub name: String,
    pub client: Uuid,
    pub scopes: Vec<String>,
    /// Its first characters, by which people recognize it.
    pub prefix: String,
    /// From when on it is refused, in milliseconds since 1970 UTC; none: it does not expire.
    pub expires_at_ms: Option<i64>,
    pub created_at_ms: i64,
}

const INSERT: &str = "\
INSERT INTO api_key (id, state, name, client, scopes, prefix, expires_at, created_at)
VALUES (?1, 'pending', ?2, ?3, ?4, ?5, ?6, ?7)";

/// The indexes have all that are not revoked, so each statement says this of what it reads.
const COUNT: &str = "SELECT count(*) FROM api_key WHERE state <> 'revoked'";

/// Newest first. A filter comes before [`PAGE_END`].
const PAGE: &str = "SELECT id, name, client, scopes, prefix, expires_at, created_at FROM api_key
    WHERE state <> 'revoked' AND state = 'active' AND id {beyond} ?";
const OF_CLIENT: &str = " AND client = ?";
const PAGE_END: &str = " ORDER BY id {order} LIMIT ?";

const ACTIVE: &str = "SELECT id, name, client, scopes, prefix, expires_at, created_at FROM api_key
    WHERE id = ?1 AND state = 'active'";

const STATE: &str = "SELECT state FROM api_key WHERE id = ?1";

const MOVE: &str = "UPDATE api_key SET state = ?3 WHERE id = ?1 AND state = ?2";

impl ApiKey {
    /// Writes a new key, which is pending.
    fn insert(&self, transaction: &impl Transaction) -> Result<(), StoreError> {
        transaction.execute(
            INSERT,
            &[
                self.id.into(),
                self.name.as_str().into(),
                self.client.into(),
                self.scopes.join(" ").into(),
                self.prefix.as_str().into(),
                self.expires_at_ms.into(),
                self.created_at_ms.into(),
            ],
        )?;
        Ok(())
    }

    /// How many keys are not revoked.
    fn count(transaction: &impl Transaction) -> Result<i64, StoreError> {
        transaction.query(COUNT, &[])?.number()
    }

    /// A page of active keys, newest first.
    pub(crate) fn page(
        window: &Window,
        client: Option<Uuid>,
        from: &impl Reader,
    ) -> Result<Vec<Self>, StoreError> {
        let mut sql = PAGE.to_owned();
        let mut params = vec![window.key()];
        if let Some(client) = client {
            sql += OF_CLIENT;
            params.push(client.into());
        }
        sql += PAGE_END;
        params.push(window.fetch.into());
        from.query(&window.sql(&sql), &params)?.all(Self::from_row)
    }

    fn active(id: Uuid, from: &impl Reader) -> Result<Option<Self>, StoreError> {
        from.query(ACTIVE, &[id.into()])?.one(Self::from_row)
    }

    /// A row with the columns of [`PAGE`].
    pub(crate) fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.uuid(0)?,
            name: row.text(1)?,
            client: row.uuid(2)?,
            scopes: row.text(3)?.split(' ').map(str::to_owned).collect(),
            prefix: row.text(4)?,
            expires_at_ms: row.optional(5, Row::integer)?,
            created_at_ms: row.integer(6)?,
        })
    }

    /// What the audit log has of the key.
    pub(crate) fn logged(self) -> Result<String, StoreError> {
        serde_json::to_string(&KeyFacts::from(self))
            .map_err(|error| StoreError::Row(error.to_string()))
    }
}

fn state(id: Uuid, transaction: &impl Transaction) -> Result<Option<KeyState>, StoreError> {
    transaction
        .query(STATE, &[id.into()])?
        .one(|row| KeyState::from_row(row, 0))
}

/// Moves a key from one state to another. Returns false where it is not in the first.
fn move_state(
    id: Uuid,
    [from, to]: [KeyState; 2],
    transaction: &impl Transaction,
) -> Result<bool, StoreError> {
    let params = [id.into(), from.as_str().into(), to.as_str().into()];
    Ok(transaction.execute(MOVE, &params)? == 1)
}
