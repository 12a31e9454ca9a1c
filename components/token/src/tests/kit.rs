//! The service on SQLite, with a real key, a set clock, and a host that can refuse to revoke.

use crate::env::{Env, Keys, Policy, Revocations};
use crate::metrics::metrics;
use crate::{MIGRATIONS, NewSession, RefreshError, Settings, TokenError, TokenService, Tokens};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::{Signature, Signer, SigningKey, Verifier};
use std::cell::{Cell, RefCell};
use std::ops::Deref;
use strongroom_sdk::clock::ManualClock;
use strongroom_sdk::identity::Role;
use strongroom_sdk::random::SystemRandom;
use strongroom_sdk::store::WatchedStore;
use strongroom_sdk::testing::store_of;
use uuid::Uuid;

pub use strongroom_sdk::testing::{TestStore, assert_found, json_of, violations};
pub use strongroom_sdk::{assert_json, rows};

const KEY: [u8; 32] = [42; 32];

/// The user of the sessions, unless a test says otherwise.
pub const ALICE: Uuid = Uuid::from_u128(0xA11CE);

/// 2026-11-22T12:00:00Z.
pub const START_MS: i64 = 1_795_348_800_000;

pub const MINUTE_MS: i64 = 60_000;
pub const HOUR_MS: i64 = 60 * MINUTE_MS;

pub struct TestEnv;

impl Env for TestEnv {
    type Store = WatchedStore;
    type Clock = ManualClock;
    type Random = SystemRandom;
    type Keys = LocalKeys;
    type Revocations = Gateway;
}

pub struct LocalKeys;

impl Keys for LocalKeys {
    fn policy() -> Policy {
        Policy {
            kid: "the-key".to_owned(),
            algorithm: "EdDSA".to_owned(),
            issuer: "https://bank.example".to_owned(),
            audience: "strongroom".to_owned(),
            lifetime_seconds_max: 300,
        }
    }

    fn sign(signing_input: &str) -> Result<Vec<u8>, TokenError> {
        let key = SigningKey::from_bytes(&KEY);
        Ok(key.sign(signing_input.as_bytes()).to_vec())
    }

    fn verify(token: &str) -> Option<String> {
        let (signing_input, signature) = token.rsplit_once('.')?;
        let signature = Signature::from_slice(&URL_SAFE_NO_PAD.decode(signature).ok()?).ok()?;
        let key = SigningKey::from_bytes(&KEY).verifying_key();
        key.verify(signing_input.as_bytes(), &signature).ok()?;
        let (_, claims) = signing_input.split_once('.')?;
        String::from_utf8(URL_SAFE_NO_PAD.decode(claims).ok()?).ok()
    }
}

/// The gateway, with the revocations that it has received.
#[derive(Default)]
pub struct Gateway {
    revoked: RefCell<Vec<Revoked>>,
    pub broken: Cell<bool>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Revoked {
    Session(Uuid),
    Subject(Uuid, i64, Option<Uuid>),
}

impl Gateway {
    fn revoke(&self, revoked: Revoked) -> Result<(), TokenError> {
        if self.broken.get() {
            return Err(TokenError::Revocation("the disk is gone".to_owned()));
        }
        self.revoked.borrow_mut().push(revoked);
        Ok(())
    }
}

impl Revocations for Gateway {
    fn revoke_session(&self, session: Uuid) -> Result<(), TokenError> {
        self.revoke(Revoked::Session(session))
    }

    fn revoke_subject(
        &self,
        subject: Uuid,
        version: i64,
        except: Option<Uuid>,
    ) -> Result<(), TokenError> {
        self.revoke(Revoked::Subject(subject, version, except))
    }
}

pub struct Bank(pub TokenService<TestEnv>);

impl Deref for Bank {
    type Target = TokenService<TestEnv>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl Bank {
    pub fn new() -> Self {
        Self(TokenService {
            store: WatchedStore::new(store_of(MIGRATIONS)),
            clock: ManualClock::at(START_MS),
            random: SystemRandom,
            revocations: Gateway::default(),
            settings: Settings::default(),
        })
    }

    /// A bank with one session of [`ALICE`].
    pub fn with_session() -> (Self, Tokens) {
        let bank = Self::new();
        let tokens = bank.issue();
        (bank, tokens)
    }

    pub fn issue(&self) -> Tokens {
        self.try_issue(1).unwrap()
    }

    pub fn try_issue(&self, security_version: i64) -> Result<Tokens, TokenError> {
        self.0.issue(&alice(security_version), Some("curl/8"))
    }

    pub fn rotated(&self, token: &str) -> String {
        self.refresh(token).unwrap().refresh_token
    }

    pub fn assert_invalid(&self, token: &str) {
        assert_eq!(self.refresh(token).err(), Some(RefreshError::InvalidGrant));
    }

    /// What the gateway was told.
    pub fn revoked(&self) -> Vec<Revoked> {
        self.revocations.revoked.borrow().clone()
    }

    /// The figure of what the gateway may not know yet.
    pub fn undelivered(&self) -> i64 {
        metrics(&self.store).unwrap()[0].samples[0].value
    }
}

pub fn alice(security_version: i64) -> NewSession {
    NewSession {
        subject: ALICE,
        role: Role::Customer,
        scope: "accounts".to_owned(),
        security_version,
    }
}

/// The claims of a token whose signature holds.
pub fn claims(token: &str) -> serde_json::Value {
    serde_json::from_str(&LocalKeys::verify(token).expect("the signature holds")).unwrap()
}
