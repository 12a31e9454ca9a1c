//! Goal: one idempotency key is one posting, however many clients send it, in whatever words, across a crash, and for ever.
//!
//! Method: a hundred clients send the same key at the same moment, half of them with another amount. In some of these storms the host is
//! killed; whoever was not answered asks again. One wording is posted once, and told to all who used it; the others are told that the key
//! was used. Then the bank is made to forget its answers, as it does after 30 days, and is asked again: the ledger remembers.

use std::time::Duration;

use rand::RngExt;
use rand::rngs::StdRng;
use rusqlite::Connection;
use rustix::process::{Signal, kill_process};
use strongroom_tests::history::journal::{open_store, rows_of_bank};
use strongroom_tests::history::traffic::{OPENING, open_account};
use strongroom_tests::history::{Ask, Checker, EUR, Heard, History, Line, Reply, Told, Wish};
use strongroom_tests::marks::{seeded, short_or_full};
use strongroom_tests::race::ask_at_once;
use strongroom_tests::{Bank, Person, wait_for};
use uuid::Uuid;

use crate::books;

const CLIENTS: usize = 100;
/// What the two halves of the clients ask for.
const AMOUNTS: [i64; 2] = [1, 2];
/// In one of so many storms, the host is killed.
const KILLED_IN: usize = 20;
const KILL_AFTER_MS: std::ops::Range<u64> = 1..40;
/// After so many storms everybody logs in again.
const STORMS_OF_ONE_LOGIN: usize = 250;
const A_MONTH_AND_A_DAY_MS: i64 = 31 * 24 * 3_600 * 1_000;

struct Scene {
    bank: Bank,
    history: History,
    admin: Person,
    payer: Person,
    from: Uuid,
    to: Uuid,
    random: StdRng,
}

/// The wording of a key that was posted.
struct Winner {
    key: String,
    amount: i64,
    reply: Reply,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_is_posted_once_whoever_sends_it_and_whenever() {
    let keys = short_or_full(40, 1_000);
    let mut scene = Scene::open().await;
    let mut winners = Vec::new();
    for key in 0..keys {
        if key % STORMS_OF_ONE_LOGIN == STORMS_OF_ONE_LOGIN - 1 {
            scene.log_in_again().await;
        }
        let kill = key % KILLED_IN == KILLED_IN / 2;
        winners.push(scene.storm(&format!("key-{key}"), kill).await);
    }
    let mut checker = Checker::default();
    books::check(&mut checker, &scene.history, &scene.admin).await;
    scene.assert_balance(&winners).await;

    scene.forget_all_answers().await;
    let (alone, together) = winners.split_at(winners.len() / 2);
    for winner in alone {
        scene.ask_alone(winner).await;
    }
    for winner in together {
        scene.ask_together(winner).await;
    }
    books::check(&mut checker, &scene.history, &scene.admin).await;
    let more = rows_of_bank(&scene.admin, checker.books().rows_seen()).await;
    assert_eq!(more, [], "nothing is posted again");
    assert_eq!(
        checker.books().rows_seen(),
        2 + u64::try_from(keys).expect("a number of keys")
    );
    scene.assert_balance(&winners).await;
    books::verify(&scene.bank);
    println!(
        "{keys} keys, each sent {CLIENTS} times at once, and again when their answers were forgotten"
    );
}

impl Scene {
    async fn open() -> Self {
        let bank = Bank::start().await;
        let history = History::default();
        let (admin, payer) = (bank.admin().await, bank.customer().await);
        let from = open_account(&payer, &admin, &history, EUR).await;
        let to = open_account(&payer, &admin, &history, EUR).await;
        Self {
            bank,
            history,
            admin,
            payer,
            from,
            to,
            random: seeded(),
        }
    }

    fn ask(&self, key: &str, amount: i64) -> (Person, Ask) {
        let line = Line {
            from: self.from,
            to: self.to,
            amount,
            currency: EUR,
        };
        (self.payer.clone(), Ask::new(key, Wish::Transfer(line)))
    }

    fn asks_of_all(&self, key: &str) -> Vec<(Person, Ask)> {
        (0..CLIENTS)
            .map(|client| self.ask(key, AMOUNTS[client % 2]))
            .collect()
    }

    /// All clients send one key; if the host is killed, they repeat what was not answered at the next one.
    async fn storm(&mut self, key: &str, kill: bool) -> Winner {
        let asks = self.asks_of_all(key);
        let sending = ask_at_once(&self.history, asks.clone());
        let heard = if kill {
            let after = Duration::from_millis(self.random.random_range(KILL_AFTER_MS));
            let pid = self.bank.pid();
            let killing = async {
                tokio::time::sleep(after).await;
                kill_process(pid, Signal::KILL).expect("the host can be killed");
            };
            let (heard, ()) = tokio::join!(sending, killing);
            self.bank.host.kill();
            self.start_again().await;
            heard
        } else {
            sending.await
        };
        let mut told = Vec::new();
        for ((_, ask), heard) in asks.iter().zip(heard) {
            let reply = match heard {
                Heard::Final(reply) => reply,
                Heard::NotYet | Heard::Silence => {
                    self.history.ask_until_answered(&self.payer, ask).await
                }
            };
            told.push(reply);
        }
        let winning = told.iter().position(is_posted);
        let winning = winning.unwrap_or_else(|| panic!("{key} is not posted: {told:?}"));
        let amount = AMOUNTS[winning % 2];
        for (client, reply) in told.iter().enumerate() {
            if AMOUNTS[client % 2] == amount {
                assert!(is_same(reply, &told[winning]), "{key}: {reply:?}");
            } else {
                assert!(is_reused(reply), "{key}: {reply:?}");
            }
        }
        Winner {
            key: key.to_owned(),
            amount,
            reply: told.swap_remove(winning),
        }
    }

    async fn start_again(&mut self) {
        self.bank.host.launch();
        self.bank.wait_until_ready().await;
        self.admin = self.admin.at(&self.bank);
        self.payer = self.payer.at(&self.bank);
    }

    async fn log_in_again(&mut self) {
        self.admin = self.admin.log_in_again().await;
        self.payer = self.payer.log_in_again().await;
    }

    /// What is left of the opening amounts is what the winning wordings say.
    async fn assert_balance(&self, winners: &[Winner]) {
        let paid: i64 = winners.iter().map(|winner| winner.amount).sum();
        for (account, amount) in [(self.from, OPENING - paid), (self.to, OPENING + paid)] {
            let balance = self.payer.balance(&account.to_string()).await;
            assert_eq!(balance, EUR.decimal(amount));
        }
    }

    /// Makes all that the bank keeps of requests 31 days old, and waits until it has thrown it away.
    async fn forget_all_answers(&mut self) {
        self.bank.signal(Signal::TERM);
        self.bank.host.wait_for_exit().await;
        let file = self.bank.data().join("stores/transactions.sqlite");
        let store = Connection::open(file).expect("the store of the requests");
        let aged = store
            .execute(
                "UPDATE intent SET created_at_ms = created_at_ms - ?1",
                [A_MONTH_AND_A_DAY_MS],
            )
            .expect("requests can grow old");
        assert!(aged > 0, "there are requests");
        drop(store);
        self.start_again().await;
        self.log_in_again().await;
        let store = open_store(&self.bank.data(), "transactions");
        wait_for("the answers to be forgotten", 60, async || {
            let count = store.query_row("SELECT count(*) FROM intent", [], |row| row.get(0));
            let left: i64 = count.expect("a count");
            (left == 0).then_some(())
        })
        .await;
    }

    /// First somebody with other words, and then the one who was answered before.
    async fn ask_alone(&self, winner: &Winner) {
        let other = AMOUNTS.into_iter().find(|amount| *amount != winner.amount);
        for amount in other.into_iter().chain([winner.amount]) {
            let (person, ask) = self.ask(&winner.key, amount);
            let reply = self.history.ask_until_answered(&person, &ask).await;
            if amount == winner.amount {
                assert!(
                    is_same(&reply, &winner.reply) && reply.replayed,
                    "{reply:?}"
                );
            } else {
                assert!(is_reused(&reply), "{reply:?}");
            }
        }
    }

    /// All at once. Who used the right words may meet somebody with other words who is just being turned away; but then not again.
    async fn ask_together(&self, winner: &Winner) {
        let asks = self.asks_of_all(&winner.key);
        let heard = ask_at_once(&self.history, asks).await;
        for (client, heard) in heard.iter().enumerate() {
            let is_right = AMOUNTS[client % 2] == winner.amount;
            match heard {
                Heard::Final(reply) if is_right && is_same(reply, &winner.reply) => {}
                Heard::Final(reply) if is_reused(reply) => {}
                Heard::NotYet => {}
                other => panic!("{}: {other:?}", winner.key),
            }
        }
        let (person, ask) = self.ask(&winner.key, winner.amount);
        let reply = self.history.ask_until_answered(&person, &ask).await;
        assert!(is_same(&reply, &winner.reply), "{reply:?}");
    }
}

fn is_posted(reply: &Reply) -> bool {
    reply.status == 201
}

/// The same transaction in the same bytes.
fn is_same(reply: &Reply, first: &Reply) -> bool {
    (reply.status, reply.digest, &reply.told) == (first.status, first.digest, &first.told)
}

fn is_reused(reply: &Reply) -> bool {
    matches!(&reply.told, Told::Refused(code) if code == "idempotency_key_reused")
}
