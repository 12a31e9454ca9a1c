//! Signing keys, the tokens they sign, the revocations of those tokens, and API keys.
//!
//! The private keys stay in the host: a component can get the signature of a valid access token
//! ([`guest`]), and of nothing else. The gateway verifies tokens here, in process, against the same
//! keys and the revocations in memory, and [API keys](api_keys) against their hashes.

mod api_keys;
pub mod bindings;
mod durable_view;
mod figures;
mod guest;
mod identity;
mod keyring;
mod revocations;
mod signing;
mod token;
mod verification;

pub use guest::{HasKeys, KeysView};
pub use identity::Identity;
pub use token::TokenPolicy;
pub use verification::TokenError;

use crate::durable_file::create_folder;
use crate::private_file::{self, Guard};
use crate::wall_clock::TimeSource;
use api_keys::{ApiKeyView, ApiKeys};
use durable_view::View as _;
use figures::Verified;
use keyring::Keyring;
use parking_lot::Mutex;
use revocations::{RevocationView, Revocations};
use std::collections::BTreeSet;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use token::Claims;
use tokio::time::MissedTickBehavior;
use uuid::Uuid;
use verification::Verifier;

/// How often the last uses of API keys are saved, if they have changed.
const SAVE_INTERVAL: Duration = Duration::from_secs(60);

/// The files of the folder.
pub const FILES: [&str; 4] = [
    keyring::FILE_NAME,
    RevocationView::FILE_NAME,
    ApiKeyView::FILE_NAME,
    api_keys::USES_FILE_NAME,
];

/// Those that a backup has.
pub const BACKED_UP: [&str; 2] = [ApiKeyView::FILE_NAME, api_keys::USES_FILE_NAME];

/// The keys and revocations of a host.
pub struct Keys {
    policy: TokenPolicy,
    ring: Keyring,
    verifier: Verifier,
    revocations: Revocations,
    api_keys: ApiKeys,
    time: TimeSource,
    tokens_verified: Verified,
    keys_verified: Verified,
    /// The scopes of the registry.
    scopes: Mutex<BTreeSet<String>>,
}

/// Why the keys of a data folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// A file cannot be read or written.
    #[error("{file}: {source}")]
    File {
        /// The file that cannot be used.
        file: String,
        /// The system's error.
        source: io::Error,
    },
    /// A file does not hold what it must.
    #[error("{file}: {problem}; restore it from a backup, or remove it ({loss})")]
    Content {
        /// The file that cannot be used.
        file: String,
        /// What is wrong with its content.
        problem: String,
        /// What happens if it is removed.
        loss: &'static str,
    },
}

impl KeysError {
    fn file(file: &Path, source: io::Error) -> Self {
        Self::File {
            file: file.display().to_string(),
            source,
        }
    }
}

impl Keys {
    /// Opens the keys and revocations in a folder; makes the first key if there is none. Tokens and
    /// API keys expire by `time`.
    ///
    /// # Errors
    /// A file cannot be used, or other users may touch the folder. Revocations that cannot be read
    /// are an error too: without them a revoked token or API key would work again.
    pub fn open(folder: &Path, policy: TokenPolicy, time: TimeSource) -> Result<Self, KeysError> {
        let checked = create_folder(folder)
            .and_then(|()| private_file::check(folder, &folder.metadata()?, Guard::Writing));
        checked.map_err(|error| KeysError::file(folder, error))?;
        let ring = Keyring::open(folder)?;
        let verifier = Verifier::new(&ring, &policy);
        let revocations = Revocations::open(folder)?;
        let api_keys = ApiKeys::open(folder)?;
        Ok(Self {
            policy,
            ring,
            verifier,
            revocations,
            api_keys,
            time,
            tokens_verified: Verified::default(),
            keys_verified: Verified::default(),
            scopes: Mutex::default(),
        })
    }

    /// Returns whom a bearer token names, an access token or an API key, if it is valid now.
    ///
    /// # Errors
    /// Why it is not.
    pub fn verify(&self, token: &str) -> Result<Identity, TokenError> {
        if token.starts_with(api_keys::PREFIX) {
            let key = self.api_keys.verify(token, self.time.now_ms());
            let outcome = key.map(Identity::of_key);
            self.keys_verified.count(&outcome);
            outcome
        } else {
            let outcome = self.accepted_claims(token).map(Identity::of_token);
            self.tokens_verified.count(&outcome);
            outcome
        }
    }

    /// Whether no API key may act for this customer.
    pub fn is_blocked(&self, customer: Uuid) -> bool {
        self.api_keys.is_blocked(customer)
    }

    fn accepted_claims(&self, token: &str) -> Result<Arc<Claims>, TokenError> {
        let claims = self.verifier.verify(token, self.time.now_seconds())?;
        if self
            .revocations
            .view()
            .revokes(&claims.sub, claims.sv, &claims.sid)
        {
            return Err(TokenError::Revoked);
        }
        Ok(claims)
    }

    /// The public keys as a JWK Set (RFC 7517) in JSON.
    pub fn public_set(&self) -> &str {
        self.ring.public_set()
    }

    /// Notes which scopes the calls of the registry's services need.
    pub fn set_scopes(&self, scopes: BTreeSet<String>) {
        *self.scopes.lock() = scopes;
    }

    fn known_scopes(&self) -> Vec<String> {
        self.scopes.lock().iter().cloned().collect()
    }

    /// Saves when each API key was last used, if that has changed.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn save_last_uses(&self) -> io::Result<()> {
        self.api_keys.save_last_uses()
    }
}

/// Lets no API key of a folder work until it is confirmed, for data that was restored: some of them
/// may have been revoked since.
///
/// # Errors
/// Their log cannot be read or written.
pub fn suspend_api_keys(folder: &Path) -> Result<(), KeysError> {
    create_folder(folder).map_err(|error| KeysError::file(folder, error))?;
    ApiKeys::open(folder)?
        .suspend_all()
        .map_err(|error| KeysError::file(folder, error))
}

/// Saves each minute when each API key was last used, for as long as it is polled.
pub async fn save_last_uses(keys: Arc<Keys>) {
    let mut minute = tokio::time::interval(SAVE_INTERVAL);
    minute.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        minute.tick().await;
        let saving = Arc::clone(&keys);
        let outcome = tokio::task::spawn_blocking(move || saving.save_last_uses()).await;
        if let Ok(Err(error)) = outcome {
            tracing::warn!(%error, "the last uses of API keys could not be saved");
        }
    }
}

#[cfg(test)]
mod tests;
