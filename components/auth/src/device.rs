//! Devices that a user has logged in from.
//!
//! A login returns a device token, which later logins send. It gives no access by itself. It only
//! distinguishes the user's own device from a stranger's, so that the wrong passwords of strangers
//! do not count against it (see [`crate::throttle`]). A token that is unknown, too old, or that of
//! another user has no effect, and the client does not learn the reason.

use crate::env::Env;
use crate::error::AuthError;
use crate::service::AuthService;
use crate::user::User;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use strongroom_sdk::random::Random;
use strongroom_sdk::store::{Reader, Store, StoreError, Transaction, Value, purge};
use uuid::Uuid;

/// 256 bits are beyond guessing, so the store may keep a plain hash of a token.
const TOKEN_LENGTH: usize = 32;

/// A device token is valid for 180 days.
const LIFETIME_MS: i64 = 180 * 24 * 3_600 * 1_000;

/// A user has at most so many tokens. A new one deletes the oldest. A client that never sends its
/// token gets a new one at each login.
const TOKENS_PER_USER_MAX: i64 = 20;

/// One tick deletes at most so many tokens, so that the writer is soon free again.
const DELETIONS_PER_TICK: i64 = 1_000;

const IS_KNOWN: &str = "\
SELECT 1 FROM device_token WHERE hash = ?1 AND created_at >= ?2
    AND user = (SELECT id FROM user WHERE email_key = ?3)";

/// Inserts nothing if a change of the user has ended the tokens in the meantime.
const INSERT: &str = "\
INSERT INTO device_token (hash, user, created_at)
SELECT ?1, id, ?4 FROM user WHERE id = ?2 AND security_version = ?3";

const DELETE_SURPLUS: &str = "\
DELETE FROM device_token WHERE hash IN (SELECT hash FROM device_token WHERE user = ?1
    ORDER BY created_at DESC LIMIT -1 OFFSET ?2)";

const DELETE_OF_USER: &str = "DELETE FROM device_token WHERE user = ?1";

const EXPIRED: &str =
    "SELECT hash FROM device_token WHERE created_at < ?1 ORDER BY created_at LIMIT ?2";

/// A valid device token of the user who logs in.
pub(crate) struct KnownDevice {
    /// The text that the client sent.
    pub(crate) token: String,
    /// Its SHA-256, which the store keeps.
    pub(crate) hash: [u8; 32],
}

/// Ends all device tokens of a user.
pub(crate) fn forget_devices(user: Uuid, transaction: &impl Transaction) -> Result<(), StoreError> {
    transaction.execute(DELETE_OF_USER, &[user.into()])?;
    Ok(())
}

impl<E: Env> AuthService<E> {
    /// The device of this token, if it belongs to the user with this address.
    pub(crate) fn known_device(
        &self,
        email_key: &str,
        token: Option<&str>,
    ) -> Result<Option<KnownDevice>, StoreError> {
        let Some(token) = token else {
            return Ok(None);
        };
        // Any text has a hash, so this looks up every text in the same way.
        let hash: [u8; 32] = Sha256::digest(token).into();
        let params = [
            Value::from(hash.as_slice()),
            self.oldest_device_ms().into(),
            email_key.into(),
        ];
        let found = self.store.query(IS_KNOWN, &params)?.first();
        Ok(found.map(|_| KnownDevice {
            token: token.to_owned(),
            hash,
        }))
    }

    /// A new device token of a user who has just logged in. If the store cannot keep it, the login
    /// goes on, and the token has no effect.
    pub(crate) fn new_device_token(&self, user: &User) -> String {
        let mut bytes = [0; TOKEN_LENGTH];
        self.random.fill(&mut bytes);
        let token = URL_SAFE_NO_PAD.encode(bytes);
        if let Err(error) = self.keep_device_token(user, &token) {
            eprintln!(
                "the store did not keep a device token of {}: {error}",
                user.id
            );
        }
        token
    }

    fn keep_device_token(&self, user: &User, token: &str) -> Result<(), StoreError> {
        let hash: [u8; 32] = Sha256::digest(token).into();
        let transaction = self.store.begin()?;
        transaction.execute(
            INSERT,
            &[
                hash.as_slice().into(),
                user.id.into(),
                user.security_version.into(),
                self.now_ms().into(),
            ],
        )?;
        transaction.execute(
            DELETE_SURPLUS,
            &[user.id.into(), TOKENS_PER_USER_MAX.into()],
        )?;
        transaction.commit()
    }

    /// Deletes expired device tokens. For `tick`.
    pub fn forget_old_devices(&self) -> Result<(), AuthError> {
        let params = [self.oldest_device_ms().into(), DELETIONS_PER_TICK.into()];
        Ok(purge(
            &self.store,
            "device_token",
            "hash",
            EXPIRED,
            &params,
        )?)
    }

    /// Tokens made before this time have expired.
    fn oldest_device_ms(&self) -> i64 {
        self.now_ms().saturating_sub(LIFETIME_MS)
    }
}
