//! The service on SQLite, with a cheap Argon2, a set clock, and a token service that can fail.

use crate::env::{Compute, Env, Gateway, GatewayError, Issuer, IssuerError};
use crate::key::ApiKey;
use crate::throttle::Network;
use crate::user::User;
use crate::{AuthError, AuthService, LoggedIn, MIGRATIONS, Settings, UserChange};
use argon2::Params;
use serde_json::json;
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Deref;
use std::rc::Rc;
use strongroom_sdk::audit_log::Actor;
use strongroom_sdk::clock::ManualClock;
use strongroom_sdk::idempotency::{KeyedRequest, StoredReply};
use strongroom_sdk::identity::{Identity, Role, Staff};
use strongroom_sdk::json;
use strongroom_sdk::oauth::TokenResponse;
use strongroom_sdk::problem::Problem;
use strongroom_sdk::random::SystemRandom;
use strongroom_sdk::store::{Reader, Rows, StoreError, Value, WatchedStore};
use strongroom_sdk::testing::{Meanwhile, store_of};
use uuid::Uuid;

pub use strongroom_sdk::testing::{
    TestStore, assert_found, body_of, json_of, key_of, read, refusal, violations,
};
pub use strongroom_sdk::{assert_json, rows};

pub const PASSWORD: &str = "seven otters juggle walnuts";
pub const OTHER_PASSWORD: &str = "nine llamas paint the quay";
pub const EMAIL: &str = "ada@example.org";
pub const BOB: &str = "bob@example.org";
pub const TELLER: &str = "teller@example.org";

pub const DISABLE: &str = r#"{"disabled":true}"#;
pub const ENABLE: &str = r#"{"disabled":false}"#;

pub const SCOPES: [&str; 3] = ["accounts:read", "accounts:write", "journal:read"];

/// The address of every client, unless a test says otherwise.
pub const HERE: &str = "192.0.2.7";

/// 2026-11-22T12:00:00Z.
pub const START_MS: i64 = 1_795_348_800_000;

#[derive(Clone)]
pub struct TestEnv;

impl Env for TestEnv {
    type Store = WatchedStore;
    type Clock = ManualClock;
    type Random = SystemRandom;
    type Compute = Cores;
    type Issuer = TokenService;
    type Gateway = KeyList;
}

/// Counts the hashes, and gives no permit while it is busy.
#[derive(Clone, Default)]
pub struct Cores {
    pub taken: Rc<Cell<usize>>,
    /// Whether the latest was of one whom the service knew.
    pub known: Rc<Cell<bool>>,
    pub busy: Rc<Cell<bool>>,
    pub meanwhile: Meanwhile,
}

impl Compute for Cores {
    type Permit = ();

    fn acquire(&self, is_known: bool) -> Option<()> {
        self.known.set(is_known);
        self.meanwhile.happen();
        self.taken.set(self.taken.get() + 1);
        (!self.busy.get()).then_some(())
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Call {
    Issue(Uuid, Role, i64),
    EndSession(Uuid, Uuid),
    EndUserSessions(Uuid, i64, Option<Uuid>),
}

#[derive(Clone, Default)]
pub struct TokenService {
    calls: Rc<RefCell<Vec<Call>>>,
    pub broken: Rc<Cell<bool>>,
    meanwhile: Meanwhile,
}

impl TokenService {
    fn call(&self, call: Call) -> Result<(), IssuerError> {
        if self.broken.get() {
            return Err(IssuerError::Unavailable("draining".to_owned()));
        }
        self.calls.borrow_mut().push(call);
        Ok(())
    }

    pub fn calls(&self) -> Vec<Call> {
        self.calls.borrow().clone()
    }
}

impl Issuer for TokenService {
    fn issue(
        &self,
        subject: Uuid,
        role: Role,
        version: i64,
        _: Option<&str>,
    ) -> Result<TokenResponse, IssuerError> {
        self.meanwhile.happen();
        let supersedes = |call: &Call| match *call {
            Call::EndUserSessions(ended, floor, _) => ended == subject && version < floor,
            _ => false,
        };
        if self.calls.borrow().iter().any(supersedes) {
            return Err(IssuerError::Superseded);
        }
        self.call(Call::Issue(subject, role, version))?;
        Ok(TokenResponse::new("a.b.c".into(), 300, "srt_".into()))
    }

    fn end_session(&self, session: Uuid, subject: Uuid) -> Result<(), IssuerError> {
        self.call(Call::EndSession(session, subject))
    }

    fn end_user_sessions(
        &self,
        subject: Uuid,
        version: i64,
        except: Option<Uuid>,
    ) -> Result<(), IssuerError> {
        self.call(Call::EndUserSessions(subject, version, except))
    }
}

/// The gateway's list of API keys, which can be down, and can take a change and then fail.
#[derive(Clone, Default)]
pub struct KeyList {
    pub broken: Rc<Cell<bool>>,
    pub loses_answers: Rc<Cell<bool>>,
    /// The keys that it accepts, each with its hash.
    pub accepted: Rc<RefCell<BTreeMap<Uuid, [u8; 32]>>>,
    pub revoked: Rc<RefCell<BTreeSet<Uuid>>>,
    pub blocked: Rc<RefCell<BTreeSet<Uuid>>>,
    pub used: Rc<RefCell<Vec<(Uuid, i64)>>>,
    /// Refused until they are confirmed.
    pub suspended: Rc<RefCell<Vec<Uuid>>>,
    /// What happens right after the gateway has accepted the next key.
    pub meanwhile: Meanwhile,
}

impl KeyList {
    fn change<T>(&self, change: impl FnOnce() -> T) -> Result<(), GatewayError> {
        if !self.broken.get() {
            change();
        }
        if self.broken.get() || self.loses_answers.get() {
            return Err(GatewayError::Unavailable("the disk is full".to_owned()));
        }
        Ok(())
    }
}

impl Gateway for KeyList {
    fn accept_key(&self, key: &ApiKey, hash: [u8; 32]) -> Result<(), GatewayError> {
        if self.revoked.borrow().contains(&key.id) {
            return Err(GatewayError::Invalid("the key was revoked".to_owned()));
        }
        self.change(|| self.accepted.borrow_mut().insert(key.id, hash))?;
        self.meanwhile.happen();
        Ok(())
    }

    fn revoke_key(&self, key: Uuid) -> Result<(), GatewayError> {
        self.change(|| {
            self.accepted.borrow_mut().remove(&key);
            self.revoked.borrow_mut().insert(key);
        })
    }

    fn suspended(&self) -> Vec<Uuid> {
        self.suspended.borrow().clone()
    }

    fn confirm_key(&self, key: Uuid) -> Result<(), GatewayError> {
        self.change(|| self.suspended.borrow_mut().retain(|id| *id != key))
    }

    fn known_scopes(&self) -> Vec<String> {
        SCOPES.map(str::to_owned).to_vec()
    }

    fn last_used(&self) -> Vec<(Uuid, i64)> {
        self.used.borrow().clone()
    }

    fn block_customer(&self, customer: Uuid) -> Result<(), GatewayError> {
        self.change(|| self.blocked.borrow_mut().insert(customer))
    }

    fn unblock_customer(&self, customer: Uuid) -> Result<(), GatewayError> {
        self.change(|| self.blocked.borrow_mut().remove(&customer))
    }
}

/// The service with what the tests give it, whose clones they share.
#[derive(Clone)]
pub struct Bank(pub AuthService<TestEnv>);

impl Deref for Bank {
    type Target = AuthService<TestEnv>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl Bank {
    pub fn new() -> Self {
        Self(AuthService {
            store: WatchedStore::new(store_of(MIGRATIONS)),
            clock: ManualClock::at(START_MS),
            random: SystemRandom,
            compute: Cores::default(),
            issuer: TokenService::default(),
            gateway: KeyList::default(),
            settings: Settings { argon2: small(1) },
        })
    }

    /// A bank with the customer [`EMAIL`].
    pub fn with_ada() -> (Self, User) {
        let bank = Self::new();
        let ada = bank.register(EMAIL);
        (bank, ada)
    }

    pub fn register(&self, email: &str) -> User {
        let made = self.register_keyed(None, email, PASSWORD, None);
        self.made(&made.unwrap())
    }

    pub fn register_keyed(
        &self,
        key: Option<&str>,
        email: &str,
        password: &str,
        name: Option<&str>,
    ) -> Result<StoredReply, Problem> {
        let registration = json!({"email": email, "password": password, "name": name});
        let key = key.map(key_of);
        self.0.register(key.as_ref(), read(&registration)?)
    }

    fn made(&self, reply: &StoredReply) -> User {
        let id = body_of(reply)["id"].as_str().unwrap().parse().unwrap();
        self.user(id).unwrap()
    }

    pub fn create(&self, email: &str, role: Role) -> User {
        let new = read(&json!({"email": email, "password": PASSWORD, "role": role})).unwrap();
        let made = self.create_user(&admin(), &KeyedRequest::UNKEYED, &new);
        self.made(&made.unwrap())
    }

    pub fn change(&self, user: &User, body: &str) -> Result<User, AuthError> {
        self.change_as(&admin(), user.id, body)
    }

    pub fn change_as(&self, actor: &Actor, id: Uuid, body: &str) -> Result<User, AuthError> {
        let change: UserChange = json::from_slice(body.as_bytes()).unwrap();
        self.change_user(actor, id, &change)
    }

    pub fn change_password(&self, user: &User, current: &str, new: &str) -> Result<(), AuthError> {
        let change = json!({"current_password": current, "new_password": new});
        let caller = identity(user).try_into().unwrap();
        self.0.change_password(&caller, &read(&change).unwrap())
    }

    /// Logs in from [`HERE`], without a device token.
    pub fn log_in(&self, email: &str, password: &str) -> Result<LoggedIn, AuthError> {
        self.log_in_from(HERE, None, email, password)
    }

    pub fn log_in_from(
        &self,
        address: &str,
        device_token: Option<&str>,
        email: &str,
        password: &str,
    ) -> Result<LoggedIn, AuthError> {
        let login = json!({"email": email, "password": password, "device_token": device_token});
        let network = Network::of(Some(address));
        self.0.log_in(&read(&login).unwrap(), network, None)
    }

    /// Runs a statement during the next login, and ends the sessions of the user.
    pub fn meanwhile(&self, user: &User, statement: &'static str) {
        let (bank, ended) = (self.clone(), Call::EndUserSessions(user.id, 2, None));
        self.issuer.meanwhile.set(move || {
            bank.store.execute(statement);
            bank.issuer.calls.borrow_mut().push(ended);
        });
    }

    pub fn kept_hash(&self, id: Uuid) -> String {
        self.user(id).unwrap().password_hash
    }

    /// The failures of this kind of counter, of all accounts.
    pub fn failures_by(&self, kind: &str) -> i64 {
        let sql = "SELECT coalesce(sum(failures), 0) FROM login_failure WHERE kind";
        self.store.number(&format!("{sql} = '{kind}'"))
    }

    /// The failures of all accounts and networks.
    pub fn failures(&self) -> i64 {
        self.failures_by("total")
    }
}

/// Argon2 at its smallest, with some passes.
pub fn small(iterations: u32) -> Params {
    Params::new(8, iterations, 1, None).unwrap()
}

pub fn identity(user: &User) -> Identity {
    Identity::of_user(user.id, user.role)
}

pub fn staff(role: Role) -> Staff {
    Identity::of_user(admin().id, role).try_into().unwrap()
}

/// An administrator, in one request.
pub fn admin() -> Actor {
    Actor {
        on_behalf_of: None,
        id: Uuid::from_u128(0xAD),
        role: "admin".into(),
        request_id: Some("r-7".to_owned()),
    }
}

/// The texts that this member has in a list.
pub fn texts(list: &serde_json::Value, member: &str) -> Vec<String> {
    let objects = list["data"].as_array().unwrap().iter();
    let texts = objects.map(|object| object[member].as_str().unwrap().to_owned());
    texts.collect()
}

/// For how long a lock refuses the attempt, in milliseconds.
pub fn wait_ms<T>(result: Result<T, AuthError>) -> Option<i64> {
    match result {
        Err(AuthError::TooManyAttempts { wait_ms }) => Some(wait_ms),
        _ => None,
    }
}

/// A store that notes by which steps SQLite runs each statement.
pub struct Explained<'a>(pub &'a WatchedStore, pub RefCell<Vec<String>>);

impl Reader for Explained<'_> {
    fn query(&self, sql: &str, params: &[Value]) -> Result<Rows, StoreError> {
        let steps = self.0.plan(sql, params.len());
        self.1.borrow_mut().extend(steps);
        self.0.query(sql, params)
    }
}
