//! The service on a real SQLite store, with a real Ed25519 key, a clock that the test sets, and a host that can refuse to revoke.

mod access;
mod end;
mod lifetime;
mod refresh;

use crate::env::{Env, Keys, Policy, RevocationError, Revocations, SignError};
use crate::{MIGRATIONS, Settings, Subject, TokenService, Tokens};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::{Signature, Signer, SigningKey, Verifier};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use strongroom_sdk::clock::Clock;
use strongroom_sdk::identity::Role;
use strongroom_sdk::random::SystemRandom;
use strongroom_sdk::store::{Ending, SqliteStore, Store, Transaction, WatchedStore, migrate};
use uuid::Uuid;

const KEY: [u8; 32] = [42; 32];

/// 2026-11-22T12:00:00Z.
const START_MS: i64 = 1_795_348_800_000;

struct Test;

impl Env for Test {
    type Store = WatchedStore;
    type Clock = SetClock;
    type Random = SystemRandom;
    type Keys = LocalKeys;
    type Revocations = Host;
}

#[derive(Clone)]
struct SetClock(Rc<Cell<i64>>);

impl Clock for SetClock {
    fn now_ms(&self) -> i64 {
        self.0.get()
    }
}

struct LocalKeys;

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

    fn sign(signing_input: &str) -> Result<Vec<u8>, SignError> {
        Ok(SigningKey::from_bytes(&KEY)
            .sign(signing_input.as_bytes())
            .to_vec())
    }

    fn verify(token: &str) -> Option<String> {
        let (signing_input, signature) = token.rsplit_once('.')?;
        let signature = Signature::from_slice(&URL_SAFE_NO_PAD.decode(signature).ok()?).ok()?;
        let key = SigningKey::from_bytes(&KEY).verifying_key();
        key.verify(signing_input.as_bytes(), &signature).ok()?;
        String::from_utf8(
            URL_SAFE_NO_PAD
                .decode(signing_input.split_once('.')?.1)
                .ok()?,
        )
        .ok()
    }
}

/// What the host was told, in order.
#[derive(Clone, Default)]
struct Host {
    told: Rc<RefCell<Vec<Told>>>,
    broken: Rc<Cell<bool>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Told {
    Session(Uuid),
    Subject(Uuid, i64, Option<Uuid>),
}

impl Host {
    fn tell(&self, told: Told) -> Result<(), RevocationError> {
        if self.broken.get() {
            return Err(RevocationError("the disk is gone".to_owned()));
        }
        self.told.borrow_mut().push(told);
        Ok(())
    }

    fn told(&self) -> Vec<Told> {
        self.told.borrow().clone()
    }
}

impl Revocations for Host {
    fn revoke_session(&self, session: Uuid) -> Result<(), RevocationError> {
        self.tell(Told::Session(session))
    }

    fn revoke_subject(
        &self,
        subject: Uuid,
        version: i64,
        except: Option<Uuid>,
    ) -> Result<(), RevocationError> {
        self.tell(Told::Subject(subject, version, except))
    }
}

/// A service, and hands on what is around it.
struct Scene {
    service: TokenService<Test>,
    now: Rc<Cell<i64>>,
    host: Host,
}

impl Scene {
    fn new() -> Self {
        let store = WatchedStore::new(SqliteStore::in_memory().unwrap());
        migrate(&store, MIGRATIONS).unwrap();
        let now = Rc::new(Cell::new(START_MS));
        let host = Host::default();
        let service = TokenService {
            store,
            clock: SetClock(Rc::clone(&now)),
            random: SystemRandom,
            revocations: host.clone(),
            settings: Settings::default(),
        };
        Self { service, now, host }
    }

    fn pass_ms(&self, milliseconds: i64) {
        self.now.set(self.now.get() + milliseconds);
    }

    fn issue(&self, subject: &Subject) -> Tokens {
        self.service.issue(subject, Some("curl/8")).unwrap()
    }

    /// How many rows a query has.
    fn count(&self, sql: &str) -> usize {
        self.service.store.query(sql, &[]).unwrap().rows.len()
    }

    fn execute(&self, sql: &str) {
        let transaction = self.service.store.begin().unwrap();
        transaction.execute(sql, &[]).unwrap();
        transaction.commit().unwrap();
    }
}

fn alice() -> Subject {
    Subject {
        id: Uuid::from_u128(0xA11CE),
        role: Role::Customer,
        scope: "accounts".to_owned(),
        security_version: 1,
    }
}

/// The claims of a token whose signature holds.
fn claims(token: &str) -> serde_json::Value {
    serde_json::from_str(&LocalKeys::verify(token).expect("the signature holds")).unwrap()
}
