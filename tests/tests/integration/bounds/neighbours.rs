//! The services beside a hostile one, and what it takes for them to be well.

use std::cell::Cell;
use std::ops::Deref;
use std::time::Duration;

use strongroom_tests::bank::{ADMIN_PASSWORD, Person, new_key};
use strongroom_tests::host::Host;
use strongroom_tests::registry::{Registry, Service};
use strongroom_tests::{Answer, Bank, Client, Value, wait_for};
use tokio::time::timeout;

/// All that the neighbours do takes less than a second when nobody disturbs. The contract gives each single request this long: it is no
/// measure of speed, but tells service from none.
const WELL_TIME_MAX: Duration = Duration::from_secs(10);
/// Longer than any start that a test bounds, so that whoever must wait for one is found out.
const SERVING_SECONDS_MAX: u64 = 60;
/// The services that must be well.
const NEIGHBOURS: [&str; 6] = [
    "accounts",
    "auth",
    "hello",
    "token",
    "transactions",
    "webhooks",
];

/// The bank, `hello`, and hostile services beside them.
pub struct Neighbours {
    bank: Bank,
    admin: Person,
    registry: Registry,
}

impl Deref for Neighbours {
    type Target = Bank;

    fn deref(&self) -> &Bank {
        &self.bank
    }
}

impl Neighbours {
    /// Starts all of them; returns when the neighbours serve, whatever the others do.
    pub async fn of<const N: usize>(hostile: [(&str, Service); N]) -> Self {
        let registry = hostile.into_iter().fold(
            Registry::bank().service("hello", Service::guest("hello").public()),
            |registry, (name, service)| registry.service(name, service),
        );
        let mut host = Host::prepared(&registry, Some(ADMIN_PASSWORD));
        host.launch();
        let bank = Bank { host };
        wait_for("the neighbours to serve", SERVING_SECONDS_MAX, async || {
            let services = Services::of(&bank).await;
            let serve = |name: &&str| services.get(name)["state"] == "serving";
            NEIGHBOURS.iter().all(serve).then_some(())
        })
        .await;
        let admin = bank.admin().await;
        Self {
            bank,
            admin,
            registry,
        }
    }

    /// Saves the registry with this service instead of the one of that name.
    pub async fn replace(&self, name: &str, service: Service) {
        let registry = self.registry.clone().service(name, service);
        self.bank.save_registry(&registry).await;
    }

    /// Repeats an attack for as long as it takes the neighbours to do all that they are there for; answers what came of each.
    pub async fn stay_well_while<T>(&self, attack: impl AsyncFn() -> T) -> Vec<T> {
        let over = Cell::new(false);
        let attacks = async {
            let mut outcomes = Vec::new();
            while !over.get() {
                outcomes.push(attack().await);
            }
            outcomes
        };
        let (outcomes, in_time) = tokio::join!(attacks, async {
            let in_time = timeout(WELL_TIME_MAX, self.are_well()).await;
            over.set(true);
            in_time
        });
        in_time.expect("the neighbours are held up");
        outcomes
    }

    /// Asserts that a stranger is greeted, and that a new customer can register, log in, and send money that arrives.
    pub async fn are_well(&self) {
        assert_eq!(self.client().get("/api/hello").await.text(), "hello");
        let customer = self.customer().await;
        let from = customer.open_account("EUR").await;
        let to = customer.open_account("EUR").await;
        self.admin.deposit(&from, "10.00", "EUR").await;
        for _payment in 0..3 {
            customer
                .transfer(&new_key(), &from, &to, "1.00")
                .await
                .expect(201);
        }
        let balances = (customer.balance(&from).await, customer.balance(&to).await);
        assert_eq!(balances, ("7.00".to_owned(), "3.00".to_owned()));
        assert_eq!(self.client().get("/api/hello").await.text(), "hello");
    }

    /// What the admin listener says of a service.
    pub async fn service(&self, name: &str) -> Value {
        Services::of(&self.bank).await.get(name).clone()
    }
}

/// The answer of `GET /services`.
struct Services(Value);

impl Services {
    async fn of(bank: &Bank) -> Self {
        Self(bank.host.admin().get("/services").await.json(200))
    }

    fn get(&self, name: &str) -> &Value {
        self.0["services"]
            .as_array()
            .and_then(|services| services.iter().find(|service| service["name"] == name))
            .unwrap_or_else(|| panic!("{name} is not listed"))
    }
}

/// Asserts that a service answers an honest request.
pub async fn assert_honest(client: &Client, path: &str, expected: &str) {
    let answer: Answer = client.get(path).await;
    assert_eq!(
        (answer.status, answer.text().as_str()),
        (200, expected),
        "the next honest request to {path}"
    );
}
