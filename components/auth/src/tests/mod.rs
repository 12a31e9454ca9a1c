//! The service on a real SQLite store, with Argon2 at its smallest, a clock that the test sets, and a token service that can fail.

mod administer;
mod audit;
mod bootstrap;
mod commands;
mod device;
mod events;
mod login;
mod password_change;
mod register;
mod throttle;

use crate::env::{Compute, Env, Issuer, IssuerError, Tokens};
use crate::throttle::Network;
use crate::user::User;
use crate::{AuthError, AuthService, LoggedIn, Login, MIGRATIONS, Registration, Settings};
use argon2::Params;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use strongroom_sdk::clock::Clock;
use strongroom_sdk::identity::{Identity, Role};
use strongroom_sdk::random::SystemRandom;
use strongroom_sdk::store::{Ending, SqliteStore, Store, Transaction, WatchedStore, migrate};
use uuid::Uuid;

const PASSWORD: &str = "seven otters juggle walnuts";
const OTHER_PASSWORD: &str = "nine llamas paint the quay";
const EMAIL: &str = "ada@example.org";

/// Where people are, unless a test says otherwise.
const HERE: &str = "192.0.2.7";

/// 2026-11-22T12:00:00Z.
const START_MS: i64 = 1_795_348_800_000;

struct Test;

impl Env for Test {
    type Store = WatchedStore;
    type Clock = SetClock;
    type Random = SystemRandom;
    type Compute = Cores;
    type Issuer = TokenService;
}

#[derive(Clone)]
struct SetClock(Rc<Cell<i64>>);

impl Clock for SetClock {
    fn now_ms(&self) -> i64 {
        self.0.get()
    }
}

/// Counts the hashes; gives no permit when none is free.
#[derive(Clone, Default)]
struct Cores {
    taken: Rc<Cell<usize>>,
    busy: Rc<Cell<bool>>,
}

impl Compute for Cores {
    type Permit = ();

    fn acquire(&self) -> Option<()> {
        self.taken.set(self.taken.get() + 1);
        (!self.busy.get()).then_some(())
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Call {
    Issue(Uuid, Role, i64),
    EndSession(Uuid, Uuid),
    EndUserSessions(Uuid, i64, Option<Uuid>),
}

/// What happens to a user while a login is on its way to the token service.
type Meanwhile = Option<Box<dyn FnOnce()>>;

#[derive(Clone, Default)]
struct TokenService {
    calls: Rc<RefCell<Vec<Call>>>,
    broken: Rc<Cell<bool>>,
    meanwhile: Rc<RefCell<Meanwhile>>,
}

impl TokenService {
    fn call(&self, call: Call) -> Result<(), IssuerError> {
        if self.broken.get() {
            return Err(IssuerError::Unavailable("draining".to_owned()));
        }
        self.calls.borrow_mut().push(call);
        Ok(())
    }

    fn calls(&self) -> Vec<Call> {
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
    ) -> Result<Tokens, IssuerError> {
        let meanwhile = self.meanwhile.borrow_mut().take();
        if let Some(act) = meanwhile {
            act();
        }
        let floor = self
            .calls
            .borrow()
            .iter()
            .fold(0, |floor, call| match *call {
                Call::EndUserSessions(ended, version, _) if ended == subject => floor.max(version),
                _ => floor,
            });
        if version < floor {
            return Err(IssuerError::Superseded);
        }
        self.call(Call::Issue(subject, role, version))?;
        Ok(Tokens {
            access_token: "a.b.c".to_owned(),
            expires_in: 300,
            refresh_token: "srt_".to_owned(),
        })
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

/// A service, and hands on what is around it.
struct Scene {
    service: AuthService<Test>,
    now: Rc<Cell<i64>>,
    cores: Cores,
    tokens: TokenService,
}

impl Scene {
    fn new() -> Self {
        let store = WatchedStore::new(SqliteStore::in_memory().unwrap());
        migrate(&store, MIGRATIONS).unwrap();
        let (cores, tokens) = (Cores::default(), TokenService::default());
        let now = Rc::new(Cell::new(START_MS));
        let service = AuthService {
            store,
            clock: SetClock(Rc::clone(&now)),
            random: SystemRandom,
            compute: cores.clone(),
            issuer: tokens.clone(),
            settings: Settings { argon2: small(1) },
        };
        Self {
            service,
            now,
            cores,
            tokens,
        }
    }

    fn pass_ms(&self, milliseconds: i64) {
        self.now.set(self.now.get() + milliseconds);
    }

    fn register(&self, email: &str) -> User {
        let registration = Registration {
            email: email.to_owned(),
            password: PASSWORD.to_owned(),
            name: None,
        };
        self.service.register(&registration).unwrap()
    }

    /// From one network, and from no device that is known.
    fn log_in(&self, email: &str, password: &str) -> Result<LoggedIn, AuthError> {
        self.log_in_from(HERE, None, email, password)
    }

    fn log_in_from(
        &self,
        address: &str,
        device_token: Option<&str>,
        email: &str,
        password: &str,
    ) -> Result<LoggedIn, AuthError> {
        let login = Login {
            email: email.to_owned(),
            password: password.to_owned(),
            device_token: device_token.map(str::to_owned),
        };
        self.service
            .log_in(&login, Network::of(Some(address)), None)
    }

    fn kept_hash(&self, id: Uuid) -> String {
        self.service.user(id).unwrap().password_hash
    }

    /// How many rows a query has.
    fn count(&self, sql: &str) -> usize {
        self.service.store.query(sql, &[]).unwrap().rows.len()
    }

    /// The failures that are counted by this kind of counter, of all accounts.
    fn failures_by(&self, kind: &str) -> i64 {
        let sql = "SELECT coalesce(sum(failures), 0) FROM login_failure WHERE kind = ?1";
        let rows = self.service.store.query(sql, &[kind.into()]);
        rows.unwrap().first().unwrap().integer(0).unwrap()
    }

    /// The failures that are counted, of all accounts and networks.
    fn failures(&self) -> i64 {
        self.failures_by("total")
    }

    fn execute(&self, sql: &str) -> Result<u64, strongroom_sdk::store::StoreError> {
        let transaction = self.service.store.begin()?;
        let changed = transaction.execute(sql, &[])?;
        transaction.commit()?;
        Ok(changed)
    }
}

/// Argon2 at its smallest, with some passes.
fn small(iterations: u32) -> Params {
    Params::new(8, iterations, 1, None).unwrap()
}

fn identity(user: &User) -> Identity {
    Identity {
        subject: user.id,
        role: user.role,
        session: Uuid::from_u128(0x5E55),
        scope: String::new(),
    }
}
