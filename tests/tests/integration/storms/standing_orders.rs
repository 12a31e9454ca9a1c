//! Goal: a standing order that has ended pays nothing any more, and none pays a date twice.
//!
//! Method: in each wave, owners make standing orders that are due at once, and end each at about
//! the moment at which the bank pays it. Meanwhile all services are swapped, and the host is
//! killed. Owners retry what has no response. What an owner sees of an order right after the 204 is
//! what the journal has of it for good.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use strongroom_tests::bank::{day, new_key};
use strongroom_tests::client::Call;
use strongroom_tests::history::traffic::Town;
use strongroom_tests::history::{EUR, Line, Scene, Who, Wish};
use strongroom_tests::registry::Registry;
use strongroom_tests::scale::{seeded, short_or_full};
use strongroom_tests::{Answer, Bank, Person, Value, text};
use tokio::sync::watch;
use tokio::task::JoinSet;
use uuid::Uuid;

const OWNERS: usize = 8;
const ORDERS_OF_EACH: usize = 6;
/// The bank pays what is due about every second.
const TICK_MS: u64 = 1_000;
/// How long an owner waits before it repeats what the bank could not answer.
const PAUSE: Duration = Duration::from_millis(20);
/// How long owners repeat a request before the test has failed.
const ATTEMPTS_MAX: usize = 1_000;

/// The owners as they reach the host that runs now.
#[derive(Clone)]
struct Owners(watch::Receiver<Arc<Town>>);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_that_has_ended_pays_nothing_over_crashes_and_swaps() {
    let mut random = seeded();
    let mut scene = Scene::open(Bank::start().await, OWNERS, &[EUR]).await;
    let builds = [
        Registry::bank_rebuilt(scene.bank.folder(), 1),
        Registry::bank(),
    ];
    // Compiled once, each is there at once later.
    for build in &builds {
        scene.bank.save_registry(build).await;
    }
    let accounts: [Uuid; OWNERS] = scene.town.accounts();
    let (town, follower) = watch::channel(Arc::clone(&scene.town));
    let owners = Owners(follower);
    let mut seen = OWNERS;
    let mut outcomes: BTreeMap<&str, usize> = BTreeMap::new();
    for _wave in 0..short_or_full(3, 100) {
        let working = owners.make_and_end(&accounts, &mut random);
        for build in &builds {
            pause(&mut random, TICK_MS).await;
            scene.bank.save_registry(build).await;
            pause(&mut random, TICK_MS / 2).await;
            scene.restart().await;
            town.send_replace(Arc::clone(&scene.town));
        }
        let ended = working.join_all().await;
        // Long enough for whatever would still be done.
        tokio::time::sleep(Duration::from_millis(2 * TICK_MS + TICK_MS / 2)).await;
        let journal = "/api/accounts/journal";
        let rows = scene.town.admin.feed(journal, seen as u64, 1_000).await;
        seen += rows.len();
        for outcome in check(&ended, &rows) {
            *outcomes.entry(outcome).or_default() += 1;
        }
    }
    println!("{outcomes:?}");
    assert!(outcomes.len() > 1, "some were paid, and some were not");
    scene.verify();
}

async fn pause(random: &mut StdRng, ms_max: u64) {
    tokio::time::sleep(Duration::from_millis(random.random_range(0..ms_max))).await;
}

impl Owners {
    fn person(&self, owner: usize) -> Person {
        self.0.borrow().person(Who::Owner(owner)).clone()
    }

    /// Asks until there is an answer, of whatever host runs then.
    async fn ask(&self, owner: usize, call: impl Fn(&Person) -> Call) -> Answer {
        self.ask_until(owner, call, |_| true).await
    }

    /// Asks until there is an answer that is enough.
    async fn ask_until(
        &self,
        owner: usize,
        call: impl Fn(&Person) -> Call,
        is_enough: impl Fn(&Answer) -> bool,
    ) -> Answer {
        for _attempt in 0..ATTEMPTS_MAX {
            match call(&self.person(owner)).try_send().await {
                Ok(answer) if answer.status == 503 => {
                    answer.problem(503);
                    assert!(answer.header("retry-after").is_some(), "{}", answer.text());
                }
                Ok(answer) if is_enough(&answer) => return answer,
                Ok(_) | Err(_) => {}
            }
            tokio::time::sleep(PAUSE).await;
        }
        panic!("a request of owner {owner} is not answered");
    }

    /// Each owner pays the next, all at once. Returns what they see of each order at its end.
    fn make_and_end(&self, accounts: &[Uuid], random: &mut StdRng) -> JoinSet<Value> {
        let mut working = JoinSet::new();
        for owner in 0..OWNERS {
            for _order in 0..ORDERS_OF_EACH {
                let line = Line::eur(accounts[owner], accounts[(owner + 1) % OWNERS], 1);
                let order = Wish::Order(line, day(0)).body().expect("it has one");
                let random = StdRng::seed_from_u64(random.random());
                let owners = self.clone();
                working.spawn(async move { owners.make_and_end_one(owner, order, random).await });
            }
        }
        working
    }

    async fn make_and_end_one(&self, owner: usize, order: Value, mut random: StdRng) -> Value {
        const SCHEDULES: &str = "/api/transactions/schedules";
        let key = new_key();
        pause(&mut random, 2 * TICK_MS).await;
        let make = |person: &Person| person.post(SCHEDULES).key(&key).json(&order);
        let made = self.ask(owner, make).await.expect(201);
        let path = format!("{SCHEDULES}/{}", text(&made["id"]));
        if random.random() {
            pause(&mut random, TICK_MS + TICK_MS / 5).await;
        } else {
            // Mostly, the date is under way when it has begun.
            let has_begun = |order: &Answer| !order.expect(200)["last_run"].is_null();
            self.ask_until(owner, |person| person.get(&path), has_begun)
                .await;
        }
        let deleted = self.ask(owner, |person| person.delete(&path)).await;
        deleted.expect_no_content();
        let ended = self.ask(owner, |person| person.get(&path)).await;
        let ended = ended.expect(200);
        assert_eq!(ended["status"], "cancelled", "{ended}");
        ended
    }
}

/// Holds what the owners saw against all rows of their wave. Returns what became of each order.
fn check(ended: &[Value], rows: &[Value]) -> Vec<&'static str> {
    let mut of_orders: BTreeMap<String, Vec<&Value>> = BTreeMap::new();
    for row in rows {
        let metadata: Value = serde_json::from_str(text(&row["metadata"])).expect("a JSON text");
        let id = text(&metadata["schedule_id"]).to_owned();
        of_orders.entry(id).or_default().push(row);
    }
    let outcomes = ended.iter().map(|ended| {
        let rows = of_orders.remove(text(&ended["id"])).unwrap_or_default();
        let members = ["id", "status", "decline_code"];
        let found = rows
            .iter()
            .map(|row| members.map(|member| row[member].as_str()));
        let found = Vec::from_iter(found);
        let seen = ["transaction_id", "status"];
        let seen = seen.map(|member| ended["last_run"][member].as_str());
        match (seen, found.as_slice()) {
            ([None, None], []) => "ended before its date began",
            ([seen, Some("posted")], [[id, Some("posted"), None]]) if seen == *id => "paid",
            ([seen, Some("declined")], [[id, Some("declined"), Some("cancelled")]])
                if seen == *id =>
            {
                "ended while its date was under way"
            }
            _ => panic!("{ended}: the journal has {found:?}"),
        }
    });
    let outcomes = outcomes.collect();
    assert!(of_orders.is_empty(), "no order made {of_orders:?}");
    outcomes
}
