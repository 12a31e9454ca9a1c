//! All attacks at once, and a customer who pays.

use super::*;
use crate::edge::bodies::{UNFINISHED, unfinished};
use crate::edge::windows::{Lister, take_nothing};
use strongroom_tests::attackers::allow_many_open_files;
use strongroom_tests::bank::ADMIN_EMAIL;
use tokio::task::JoinSet;
use tokio::time::{interval, sleep};

const ATTACKERS: usize = 100;
/// How many times as long as before 99 of 100 payments may take.
const SLOWER_MAX: u32 = 3;

fn source(number: usize) -> Ipv4Addr {
    attacker(number % ATTACKERS)
}

/// Holds a place with a new connection whenever the host has taken the last one away. A third says
/// nothing, a third sends a head without end, and a third a body.
async fn keep_holding(number: usize, address: String) {
    let post = "POST /api/auth/register HTTP/1.1\r\nhost: bank\r\ncontent-length: 50000\r\n\r\n";
    let get = ("GET /api/auth/me HTTP/1.1\r\n", "x-a: b\r\n");
    let (begun, more) = [("", " "), get, (post, " ")][number % 3];
    loop {
        let mut connection = Connection::begin(source(number), &address, begun).await;
        while !connection.is_closed_within(Duration::from_secs(2)).await {
            connection.send(more).await;
        }
        // A host that hangs up at once is not asked more often than this.
        sleep(Duration::from_secs(1)).await;
    }
}

async fn keep_a_body_unfinished(number: usize, address: String) {
    loop {
        let mut connection = unfinished(source(number), &address).await;
        connection.is_closed_within(Duration::from_secs(60)).await;
    }
}

async fn keep_guessing(bank: &Bank, per_second: u64) {
    let clients: Vec<_> = (0..ATTACKERS).map(|n| bank.client_at(source(n))).collect();
    let body = json!({"email": ADMIN_EMAIL, "password": "not the password of anybody"});
    let mut guesses = JoinSet::new();
    let mut tick = interval(Duration::from_secs(1) / u32::try_from(per_second).expect("few"));
    for number in 0.. {
        tick.tick().await;
        let guess = clients[number % ATTACKERS].post("/api/auth/login");
        guesses.spawn(guess.json(&body).try_send());
        while guesses.try_join_next().is_some() {}
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_customer_pays_while_everything_is_attacked_at_once() {
    allow_many_open_files();
    let (slow_connections, window_0_connections, wrong_logins_per_second, payments) =
        short_or_full((200, 8, 20, 100), (1_000, 40, 100, 2_000));
    // Below this a payment is not slow, whatever it took before: beside other tests a few of a
    // hundred always are.
    let slow = short_or_full(Duration::from_secs(5), Duration::ZERO);
    let bank = Bank::start().await;
    let (customer, lister) = (Customer::of(&bank).await, Lister::of(&bank).await);
    customer.pay(50).await;
    let before = p99(&customer.pay(payments).await);
    let memory_before = bank.resident_mib();

    let mut attackers = JoinSet::new();
    let address = bank.address().to_owned();
    for number in 0..slow_connections {
        attackers.spawn(keep_holding(number, address.clone()));
    }
    for number in 0..UNFINISHED {
        attackers.spawn(keep_a_body_unfinished(number, address.clone()));
    }
    let untaken = take_nothing(&bank, &lister, source, window_0_connections);
    let storm = async {
        let _held = untaken.await;
        keep_guessing(&bank, wrong_logins_per_second).await;
    };
    let mut memory = memory_before;
    let paying = async {
        // The attackers take their places first.
        sleep(Duration::from_secs(3)).await;
        let mut took = Vec::new();
        for _part in 0..10 {
            took.extend(customer.pay(payments / 10).await);
            memory = memory.max(bank.resident_mib());
        }
        took.sort_unstable();
        p99(&took)
    };
    let during = tokio::select! {
        during = paying => during,
        () = storm => unreachable!("it does not end"),
    };
    attackers.shutdown().await;
    println!("99 of 100 payments took {before:?} before, {during:?} meanwhile");
    println!("{memory_before} MiB before, {memory} MiB at most");
    let slowest = (before * SLOWER_MAX).max(slow);
    assert!(during <= slowest, "{before:?} before, {during:?} meanwhile");
    assert_little_growth(memory_before, memory);
}
