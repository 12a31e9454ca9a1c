//! The services beside a hostile one, and what it takes for them to be well.

use std::cell::Cell;
use std::ops::Deref;
use std::time::{Duration, Instant};

use strongroom_tests::bank::{Person, new_key};
use strongroom_tests::registry::{BANK_SERVICES, Registry, Service};
use strongroom_tests::{Bank, Client, wait_until};
use tempfile::TempDir;
use tokio::time::timeout;

/// All that the neighbours do takes less than a second without an attack; this tells service from
/// none.
const WELL_TIME_MAX: Duration = Duration::from_secs(10);
/// On a slow machine, it may take so many times as long as it does after the attack.
const SLOWER_MAX: u32 = 10;
/// And no longer than this.
const SLOW_TIME_MAX: Duration = Duration::from_secs(60);
/// Longer than any start that a test bounds, so that a service that must wait for one is found out.
const SERVING_SECONDS_MAX: u64 = 180;

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
    pub async fn of<'a>(hostile: impl IntoIterator<Item = (&'a str, Service)>) -> Self {
        let hello = Service::guest("hello").public();
        let registry = with(Registry::bank().service("hello", hello), hostile);
        let mut bank = Bank::prepared(&registry);
        bank.host.launch();
        let of_bank = BANK_SERVICES.map(|(name, _)| name);
        for name in of_bank.into_iter().chain(["hello"]) {
            let listed = async || bank.listed(name).await;
            let serves = async || listed().await.is_some_and(|row| row["state"] == "serving");
            wait_until(name, SERVING_SECONDS_MAX, serves).await;
        }
        let admin = bank.admin().await;
        Self {
            bank,
            admin,
            registry,
        }
    }

    /// Saves the registry with these services instead of those of their names.
    pub async fn replace<'a>(&self, services: impl IntoIterator<Item = (&'a str, Service)>) {
        let registry = with(self.registry.clone(), services);
        self.bank.save_registry(&registry).await;
    }

    /// Repeats an attack while the neighbours do all that they are there for; returns the outcomes.
    pub async fn stay_well_while<T>(&self, attack: impl AsyncFn() -> T) -> Vec<T> {
        let over = Cell::new(false);
        let attacks = async {
            let mut outcomes = Vec::new();
            while !over.get() {
                outcomes.push(attack().await);
            }
            outcomes
        };
        let (outcomes, took) = tokio::join!(attacks, async {
            let began = Instant::now();
            let in_time = timeout(SLOW_TIME_MAX, self.are_well()).await;
            over.set(true);
            in_time.map(|()| began.elapsed())
        });
        let took = took.expect("the neighbours are held up");
        if took > WELL_TIME_MAX {
            let began = Instant::now();
            self.are_well().await;
            let after = began.elapsed();
            let is_held_up = took >= after * SLOWER_MAX;
            assert!(!is_held_up, "{took:?}, and {after:?} after the attack");
        }
        outcomes
    }

    /// Asserts that a stranger is greeted, and a new customer can log in and send money.
    pub async fn are_well(&self) {
        assert_eq!(self.client().get("/api/hello").await.text(), "hello");
        let customer = self.customer().await;
        let from = customer.open_account("EUR").await;
        let to = customer.open_account("EUR").await;
        self.admin.deposit(&from, "10.00", "EUR").await;
        for _payment in 0..3 {
            let paid = customer.transfer(&new_key(), &from, &to, "1.00").await;
            paid.expect(201);
        }
        let balances = (customer.balance(&from).await, customer.balance(&to).await);
        assert_eq!(balances, ("7.00".to_owned(), "3.00".to_owned()));
        assert_eq!(self.client().get("/api/hello").await.text(), "hello");
    }
}

fn with<'a>(
    registry: Registry,
    services: impl IntoIterator<Item = (&'a str, Service)>,
) -> Registry {
    let services = services.into_iter();
    services.fold(registry, |registry, (name, service)| {
        registry.service(name, service)
    })
}

/// A service whose component is written by hand, and the folder of its file.
pub fn by_hand(text: &str) -> (TempDir, Service) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("by-hand.wasm");
    let component = wat::parse_str(text).expect("it is a component");
    std::fs::write(&file, component).expect("the component can be written");
    (folder, Service::default().file(&file))
}

pub async fn assert_honest(client: &Client, path: &str, expected: &str) {
    let answer = client.get(path).await;
    let found = (answer.status, answer.text());
    assert_eq!(found, (200, expected.to_owned()), "{path}");
}
