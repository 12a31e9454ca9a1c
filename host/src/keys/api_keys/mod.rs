//! API keys: which the gateway accepts, and for which customers none of them may act.
//!
//! A client sends its key as a bearer token, `sk_..`. The host knows the SHA-256 of each, never the
//! key. So a copy of the [log](super::durable_view) opens nothing, and how long a look-up takes
//! says nothing of another key.

mod last_use;
mod view;

pub(super) use last_use::FILE_NAME as USES_FILE_NAME;
pub(super) use view::{ApiKey, ApiKeyView, KeyHash, KnownKey};

use super::durable_view::DurableView;
use super::{KeysError, TokenError};
use last_use::LastUses;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use uuid::Uuid;
use view::Change;

/// How an API key begins. No access token does: a JWT begins with `ey`.
pub(super) const PREFIX: &str = "sk_";
/// How many keys there may be that are not revoked.
const KEYS_MAX: usize = 10_000;

/// The API keys of the host.
pub(super) struct ApiKeys {
    view: DurableView<ApiKeyView>,
    last_uses: LastUses,
}

/// Why a change of the API keys is not in force.
#[derive(Debug, thiserror::Error)]
pub(super) enum ChangeError {
    /// It does not fit the keys that there are.
    #[error("{0}")]
    Invalid(String),
    /// The log cannot be written.
    #[error(transparent)]
    Log(#[from] io::Error),
}

impl ApiKeys {
    pub(super) fn open(folder: &Path) -> Result<Self, KeysError> {
        let view = DurableView::<ApiKeyView>::open(folder)?;
        let last_uses = LastUses::open(folder, &view.load())?;
        Ok(Self { view, last_uses })
    }

    /// Returns the key of this text, if it is accepted at `now_ms` (milliseconds since 1970), and
    /// notes its use.
    pub(super) fn verify(&self, text: &str, now_ms: u64) -> Result<Arc<KnownKey>, TokenError> {
        let view = self.view.load();
        let known = view
            .by_hash(&KeyHash::of(text))
            .ok_or(TokenError::UnknownApiKey)?;
        if known.key.expires_at.is_some_and(|expiry| expiry <= now_ms) {
            return Err(TokenError::ExpiredApiKey);
        }
        if known.is_suspended {
            return Err(TokenError::SuspendedApiKey);
        }
        known.last_used_ms.store(now_ms, Relaxed);
        Ok(Arc::clone(known))
    }

    /// How many are not revoked.
    pub(super) fn count(&self) -> usize {
        self.view.load().keys().len()
    }

    /// Whether no key may act for this customer.
    pub(super) fn is_blocked(&self, customer: Uuid) -> bool {
        self.view.load().is_blocked(customer)
    }

    /// Accepts a key. On return that is durable, as after each of the following.
    pub(super) fn put(&self, key: ApiKey) -> Result<(), ChangeError> {
        self.view.change(|view| {
            let refused = |problem: String| Err(ChangeError::Invalid(problem));
            if view.is_revoked(key.id) {
                return refused(format!("`id` {} was revoked; take another", key.id));
            }
            if let Some(other) = view.by_hash(&key.hash)
                && other.key.id != key.id
            {
                return refused(format!("`hash` is that of the key {}", other.key.id));
            }
            match view.by_id(key.id) {
                Some(known) if known.key == key => Ok(None),
                None if view.keys().len() >= KEYS_MAX => refused(format!(
                    "there are {KEYS_MAX} keys; revoke those that are not needed"
                )),
                _ => Ok(Some(Change::Put { key })),
            }
        })
    }

    /// Refuses a key for ever.
    pub(super) fn revoke(&self, id: Uuid) -> Result<(), ChangeError> {
        let change = Change::Revoke { id };
        self.view
            .change(|view| Ok((!view.is_revoked(id)).then_some(change)))
    }

    /// The keys that are refused until they are confirmed.
    pub(super) fn suspended(&self) -> Vec<Uuid> {
        let view = self.view.load();
        let suspended = view.keys().filter(|known| known.is_suspended);
        suspended.map(|known| known.key.id).collect()
    }

    /// Accepts a suspended key again.
    pub(super) fn confirm(&self, id: Uuid) -> Result<(), ChangeError> {
        self.view.change(|view| {
            let known = view.by_id(id);
            let is_suspended = known.is_some_and(|known| known.is_suspended);
            Ok(is_suspended.then_some(Change::Confirm { id }))
        })
    }

    /// Refuses every key until it is confirmed.
    pub(super) fn suspend_all(&self) -> io::Result<()> {
        self.view.change(|_| Ok(Some(Change::SuspendAll)))
    }

    /// Lets keys act for a customer no more, or again.
    pub(super) fn block(&self, customer: Uuid, is_blocked: bool) -> Result<(), ChangeError> {
        let change = match is_blocked {
            true => Change::Block { customer },
            false => Change::Unblock { customer },
        };
        self.view
            .change(|view| Ok((view.is_blocked(customer) != is_blocked).then_some(change)))
    }

    /// When each key was last accepted, in milliseconds since 1970, for those that ever were.
    pub(super) fn last_uses(&self) -> Vec<(Uuid, u64)> {
        last_use::of(&self.view.load()).into_iter().collect()
    }

    /// Writes the last uses to their file, if they have changed since.
    pub(super) fn save_last_uses(&self) -> io::Result<()> {
        self.last_uses.save(last_use::of(&self.view.load()))
    }
}
