//! The API keys in memory, and the lines of their log.

use crate::keys::durable_view::View;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use uuid::Uuid;

/// An API key, without the key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::keys) struct ApiKey {
    pub(in crate::keys) id: Uuid,
    pub(in crate::keys) hash: KeyHash,
    /// Whose key it is.
    pub(in crate::keys) client: Uuid,
    /// The scopes, separated by spaces.
    pub(in crate::keys) scope: String,
    /// From when on it is refused, in milliseconds since 1970.
    pub(in crate::keys) expires_at: Option<u64>,
}

/// The SHA-256 of an API key; in the log in base64url.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(in crate::keys) struct KeyHash(pub(in crate::keys) [u8; 32]);

impl KeyHash {
    pub(in crate::keys) fn of(text: &str) -> Self {
        Self(Sha256::digest(text).into())
    }
}

impl TryFrom<String> for KeyHash {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, &'static str> {
        let bytes = URL_SAFE_NO_PAD.decode(text).unwrap_or_default();
        let bytes = bytes.try_into().map_err(|_| "`hash` is not a SHA-256")?;
        Ok(Self(bytes))
    }
}

impl From<KeyHash> for String {
    fn from(hash: KeyHash) -> Self {
        URL_SAFE_NO_PAD.encode(hash.0)
    }
}

/// A line of the log.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case", deny_unknown_fields)]
pub(in crate::keys) enum Change {
    Put {
        key: ApiKey,
    },
    /// Each until it is confirmed.
    SuspendAll,
    Confirm {
        id: Uuid,
    },
    Revoke {
        id: Uuid,
    },
    Block {
        customer: Uuid,
    },
    Unblock {
        customer: Uuid,
    },
}

/// A key that the gateway accepts.
#[derive(Debug)]
pub(in crate::keys) struct KnownKey {
    pub(in crate::keys) key: ApiKey,
    /// The client's id as text, which each request needs.
    pub(in crate::keys) client: String,
    /// Whether it is refused until it is confirmed, as the data was restored.
    pub(super) is_suspended: bool,
    /// In milliseconds since 1970; 0 before the first.
    pub(super) last_used_ms: Arc<AtomicU64>,
}

/// What the gateway must know of API keys.
#[derive(Debug, Clone, Default)]
pub(in crate::keys) struct ApiKeyView {
    by_id: HashMap<Uuid, Arc<KnownKey>>,
    by_hash: HashMap<KeyHash, Arc<KnownKey>>,
    /// Kept for ever: a `put` that comes late must not undo a revocation.
    revoked: HashSet<Uuid>,
    /// The customers for whom no key may act.
    blocked: HashSet<Uuid>,
}

impl ApiKeyView {
    pub(super) fn by_hash(&self, hash: &KeyHash) -> Option<&Arc<KnownKey>> {
        self.by_hash.get(hash)
    }

    pub(super) fn by_id(&self, id: Uuid) -> Option<&Arc<KnownKey>> {
        self.by_id.get(&id)
    }

    pub(super) fn keys(&self) -> impl ExactSizeIterator<Item = &Arc<KnownKey>> {
        self.by_id.values()
    }

    pub(super) fn is_revoked(&self, id: Uuid) -> bool {
        self.revoked.contains(&id)
    }

    pub(super) fn is_blocked(&self, customer: Uuid) -> bool {
        self.blocked.contains(&customer)
    }

    fn put(&mut self, key: ApiKey, is_suspended: bool) {
        let (id, hash) = (key.id, key.hash);
        let known = Arc::new(KnownKey {
            client: key.client.to_string(),
            is_suspended,
            last_used_ms: self.remove(id).unwrap_or_default(),
            key,
        });
        self.by_hash.insert(hash, Arc::clone(&known));
        self.by_id.insert(id, known);
    }

    /// Removes a key; returns its last use.
    fn remove(&mut self, id: Uuid) -> Option<Arc<AtomicU64>> {
        let known = self.by_id.remove(&id)?;
        self.by_hash.remove(&known.key.hash);
        Some(Arc::clone(&known.last_used_ms))
    }
}

impl View for ApiKeyView {
    type Change = Change;

    const FILE_NAME: &'static str = "api-keys.jsonl";
    const LINE: &'static str = "a change of an API key";
    const LOSS: &'static str = "then every API key ends, and no customer is blocked";

    fn apply(&mut self, change: Change) {
        match change {
            Change::Put { key } => self.put(key, false),
            Change::SuspendAll => {
                let keys: Vec<_> = self.keys().map(|known| known.key.clone()).collect();
                keys.into_iter().for_each(|key| self.put(key, true));
            }
            Change::Confirm { id } => {
                if let Some(known) = self.by_id(id) {
                    self.put(known.key.clone(), false);
                }
            }
            Change::Revoke { id } => {
                self.remove(id);
                self.revoked.insert(id);
            }
            Change::Block { customer } => {
                self.blocked.insert(customer);
            }
            Change::Unblock { customer } => {
                self.blocked.remove(&customer);
            }
        }
    }

    fn changes(&self) -> impl Iterator<Item = Change> {
        let puts = |is_suspended| {
            let keys = self
                .keys()
                .filter(move |known| known.is_suspended == is_suspended);
            keys.map(|known| Change::Put {
                key: known.key.clone(),
            })
        };
        let has_suspended = self.keys().any(|known| known.is_suspended);
        let suspended = puts(true).chain(has_suspended.then_some(Change::SuspendAll));
        let accepted = puts(false);
        let revoked = self.revoked.iter().map(|id| Change::Revoke { id: *id });
        let blocked = self.blocked.iter();
        let blocked = blocked.map(|customer| Change::Block {
            customer: *customer,
        });
        suspended.chain(accepted).chain(revoked).chain(blocked)
    }

    fn len(&self) -> usize {
        self.by_id.len() + self.revoked.len() + self.blocked.len()
    }
}
