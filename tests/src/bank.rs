//! A host with the services of the default bank, and its people.

use std::ops::Deref;

use serde_json::{Value, json};
use tokio::sync::OnceCell;
use uuid::Uuid;

use crate::document;
use crate::host::Host;
use crate::json::{list, text};
use crate::registry::{Registry, Service};
use crate::{Answer, Client};

/// The first administrator's email address.
pub const ADMIN_EMAIL: &str = "admin@strongroom.local";
/// The first administrator's password in tests.
pub const ADMIN_PASSWORD: &str = "a kestrel over nine grey barns";
/// An id that nothing has.
pub const UNKNOWN_ID: &str = "01890000-0000-7000-8000-000000000000";
/// A good password, for people whose password does not matter.
pub const PASSWORD: &str = "seven otters juggle walnuts";

/// A bank: a [`Host`] that has an administrator.
#[derive(Debug)]
pub struct Bank {
    pub host: Host,
}

impl Deref for Bank {
    type Target = Host;

    fn deref(&self) -> &Host {
        &self.host
    }
}

impl Bank {
    /// A bank of one test's own.
    pub async fn start() -> Self {
        Self::start_with(&Registry::bank()).await
    }

    /// A bank of one test's own, with this registry.
    pub async fn start_with(registry: &Registry) -> Self {
        Self {
            host: Host::start(registry, Some(ADMIN_PASSWORD)).await,
        }
    }

    /// A bank with this registry, and no process yet.
    pub fn prepared(registry: &Registry) -> Self {
        Self {
            host: Host::prepared(registry, Some(ADMIN_PASSWORD)),
        }
    }

    /// The bank that all tests of this process share, with the guests `hello` and `hostile`
    /// (public), and `guarded` (`hostile` behind a token) beside it. It ends with the process. Each
    /// of its answers must be one of its document.
    pub async fn shared() -> &'static Self {
        static SHARED: OnceCell<Bank> = OnceCell::const_new();
        let start = async || {
            let registry = Registry::bank()
                .service("hello", Service::guest("hello").public())
                .service("hostile", Service::guest("hostile").public())
                .service("guarded", Service::guest("hostile"));
            let bank = Self::start_with(&registry).await;
            bank.host.remove_folder_at_exit();
            document::watch(format!("http://{}", bank.address()), bank.document().await);
            bank
        };
        SHARED.get_or_init(start).await
    }

    /// What `GET /api/openapi.json` returns.
    pub async fn document(&self) -> Value {
        self.client().read(document::PATH).await
    }

    /// The first administrator, logged in.
    pub async fn admin(&self) -> Person {
        Person::log_in(&self.client(), ADMIN_EMAIL, ADMIN_PASSWORD).await
    }

    /// A new customer, logged in.
    pub async fn customer(&self) -> Person {
        let email = new_email();
        self.register(&email, PASSWORD).await.expect(201);
        Person::log_in(&self.client(), &email, PASSWORD).await
    }

    /// A new member of staff (`teller`, `auditor`, `admin`), logged in.
    pub async fn staff(&self, role: &str) -> Person {
        let email = new_email();
        let user = json!({"email": email, "password": PASSWORD, "role": role});
        let call = self.admin().await.post("/api/auth/users");
        call.json(&user).await.expect(201);
        Person::log_in(&self.client(), &email, PASSWORD).await
    }

    /// Two new customers with an account each, and 100.00 EUR on the first.
    pub async fn pair(&self) -> Pair {
        let (alice, bob) = (self.customer().await, self.customer().await);
        let from = alice.open_account("EUR").await;
        let to = bob.open_account("EUR").await;
        let admin = self.admin().await;
        admin.deposit(&from, "100.00", "EUR").await;
        Pair {
            alice,
            bob,
            admin,
            from,
            to,
        }
    }

    /// `POST path` without a token.
    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.client().post(path).json(body).await
    }

    /// `POST /api/auth/register`.
    pub async fn register(&self, email: &str, password: &str) -> Answer {
        let body = json!({"email": email, "password": password});
        self.post("/api/auth/register", &body).await
    }

    /// `POST /api/auth/login`.
    pub async fn login(&self, email: &str, password: &str) -> Answer {
        login(&self.client(), email, password).await
    }

    /// `POST /api/token/refresh`.
    pub async fn refresh(&self, token: &str) -> Answer {
        let body = json!({"refresh_token": token});
        self.post("/api/token/refresh", &body).await
    }

    /// `GET /api/auth/me` with this access token.
    pub async fn me(&self, token: &str) -> Answer {
        self.client().with_token(token).get("/api/auth/me").await
    }
}

async fn login(client: &Client, email: &str, password: &str) -> Answer {
    let body = json!({"email": email, "password": password});
    client.post("/api/auth/login").json(&body).await
}

pub fn new_email() -> String {
    format!("{}@example.org", Uuid::now_v7().simple())
}

pub fn new_key() -> String {
    Uuid::now_v7().to_string()
}

/// A day from now, as `YYYY-MM-DD` in UTC.
pub fn day(days_from_now: i64) -> String {
    let day = time::OffsetDateTime::now_utc() + time::Duration::days(days_from_now);
    day.date().to_string()
}

/// A user with a session. It is also the client that carries the session's token.
#[derive(Debug, Clone)]
pub struct Person {
    client: Client,
    pub id: String,
    pub email: String,
    pub password: String,
    pub refresh_token: String,
}

impl Deref for Person {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

impl Person {
    pub async fn log_in(client: &Client, email: &str, password: &str) -> Self {
        let session = login(client, email, password).await.expect(200);
        Self {
            client: client.with_token(text(&session["auth"]["access_token"])),
            id: text(&session["user"]["id"]).to_owned(),
            email: email.to_owned(),
            password: password.to_owned(),
            refresh_token: text(&session["auth"]["refresh_token"]).to_owned(),
        }
    }

    /// Another session of the same user.
    pub async fn log_in_again(&self) -> Self {
        Self::log_in(&self.client.without_token(), &self.email, &self.password).await
    }

    /// The same user and session at a host that was restarted, on whatever port it listens now.
    pub fn at(&self, host: &Host) -> Self {
        Self {
            client: host.client().with_token(self.token()),
            ..self.clone()
        }
    }

    /// Opens a checking account, and returns its id.
    pub async fn open_account(&self, currency: &str) -> String {
        let account = json!({"type": "checking", "currency": currency});
        let account = self.post("/api/accounts").json(&account).await;
        text(&account.expect(201)["id"]).to_owned()
    }

    /// As staff: pays cash into an account.
    pub async fn deposit(&self, account: &str, amount: &str, currency: &str) -> Value {
        let deposit = cash(account, amount, currency);
        self.submit("deposit", &deposit).await.expect(201)
    }

    /// As staff: freezes an account for the movements of the body, and returns it.
    pub async fn freeze(&self, account: &str, body: &Value) -> Value {
        let call = self.post(&format!("/api/accounts/{account}/freeze"));
        call.json(body).await.expect(200)
    }

    /// `POST /api/accounts/{account}/close`.
    pub async fn close(&self, account: &str) -> Answer {
        self.post(&format!("/api/accounts/{account}/close")).await
    }

    pub async fn change_password(&self, new: &str) {
        let change = json!({"current_password": self.password, "new_password": new});
        let call = self.post("/api/auth/password").json(&change);
        call.await.expect_no_content();
    }

    /// As an administrator: changes a user, and returns them.
    pub async fn change_user(&self, user: &Self, change: &Value) -> Value {
        let call = self.patch(&user.path());
        call.json(change).await.expect(200)
    }

    /// The path of this user, for administrators.
    pub fn path(&self) -> String {
        format!("/api/auth/users/{}", self.id)
    }

    pub async fn account(&self, id: &str) -> Value {
        self.read(&format!("/api/accounts/{id}")).await
    }

    /// A transaction, whose id is a JSON string.
    pub async fn transaction(&self, id: &Value) -> Value {
        let path = format!("/api/transactions/{}", text(id));
        self.read(&path).await
    }

    /// Sends EUR under a key.
    pub async fn transfer(&self, key: &str, from: &str, to: &str, amount: &str) -> Answer {
        let call = self.post("/api/transactions/transfer").key(key);
        call.json(&transfer(from, to, amount, "EUR")).await
    }

    /// The posted balance of an account.
    pub async fn balance(&self, account: &str) -> String {
        let path = format!("/api/accounts/{account}/balance");
        let balance = self.read(&path).await;
        text(&balance["balance"]).to_owned()
    }

    /// All entries of an account, newest first, over all pages.
    pub async fn entries(&self, account: &str) -> Vec<Value> {
        self.all(&format!("/api/accounts/{account}/entries?limit=500"))
            .await
    }

    /// All objects of a feed behind a place, over all pages of `limit`.
    pub async fn feed(&self, path: &str, mut after: u64, limit: u64) -> Vec<Value> {
        let mut objects = Vec::new();
        loop {
            let page = format!("{path}?after_sequence={after}&limit={limit}");
            let page = self.read(&page).await;
            objects.extend_from_slice(list(&page["data"]));
            after = page["next_after_sequence"].as_u64().expect("a place");
            if page["has_more"] == false {
                return objects;
            }
        }
    }

    /// All objects of a list, over all pages. `path` has a query already.
    pub async fn all(&self, path: &str) -> Vec<Value> {
        let mut objects = Vec::new();
        let mut page = self.read(path).await;
        loop {
            objects.extend_from_slice(list(&page["data"]));
            if page["has_more"] == false {
                assert_eq!(page["next_cursor"], Value::Null, "the last page");
                return objects;
            }
            let cursor = text(&page["next_cursor"]);
            page = self.read(&format!("{path}&cursor={cursor}")).await;
        }
    }
}

/// A payer with 100.00 EUR, and a payee.
#[derive(Debug)]
pub struct Pair {
    pub alice: Person,
    pub bob: Person,
    /// The first administrator.
    pub admin: Person,
    /// Alice's account.
    pub from: String,
    /// Bob's account.
    pub to: String,
}

impl Pair {
    /// The body of a transfer from Alice to Bob.
    pub fn body(&self, amount: &str) -> Value {
        transfer(&self.from, &self.to, amount, "EUR")
    }

    /// The body of the same as a posting of two entries.
    pub fn posting(&self, amount: &str) -> Value {
        json!({"entries": [
            entry(&self.from, "debit", amount, "EUR"), entry(&self.to, "credit", amount, "EUR"),
        ]})
    }

    /// The body of a standing order from Alice to Bob, monthly from `start` on.
    pub fn order(&self, amount: &str, start: &str) -> Value {
        let mut order = self.body(amount);
        order["start"] = json!(start);
        order["interval"] = json!("monthly");
        order
    }

    /// Alice sends Bob money.
    pub async fn send(&self, amount: &str) -> Value {
        let sent = self.alice.submit("transfer", &self.body(amount));
        sent.await.expect(201)
    }

    /// The same people at a host that was restarted.
    pub fn at(&self, host: &Host) -> Self {
        Self {
            alice: self.alice.at(host),
            bob: self.bob.at(host),
            admin: self.admin.at(host),
            from: self.from.clone(),
            to: self.to.clone(),
        }
    }
}

pub fn entry(account: &str, direction: &str, amount: &str, currency: &str) -> Value {
    json!({
        "account_id": account, "direction": direction, "amount": amount, "currency": currency,
    })
}

/// The body of a deposit or a withdrawal.
pub fn cash(account: &str, amount: &str, currency: &str) -> Value {
    json!({"account_id": account, "amount": amount, "currency": currency})
}

/// The body of a transfer.
pub fn transfer(from: &str, to: &str, amount: &str, currency: &str) -> Value {
    json!({"from_account_id": from, "to_account_id": to, "amount": amount, "currency": currency})
}
