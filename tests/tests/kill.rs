//! SIGKILL in the middle of work, again and again, on the same data.
//!
//! Goal: no acknowledged transfer is lost, none is doubled, and debits equal credits, wherever the process dies.
//!
//! Method: 64 clients send transfers between 64 accounts. At a random moment the host is killed and started again on the same
//! data. Each client then repeats what was not answered, under the same key, until it is answered for good. Now every
//! outcome is known, so every balance can be computed from the outcomes alone, and must be what the bank says. A few answers
//! from before the kill are asked for again, and must be the same to the byte. `strongroom verify` must agree. At the end, the
//! entries of each account must be exactly the transfers that were acknowledged.
//!
//! A failure is a seed: it is printed, and `STRONGROOM_TEST_SEED` repeats its choices (not the scheduler's).

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::env;
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use rustix::process::{Signal, kill_process};
use strongroom_tests::bank::{text, transfer};
use strongroom_tests::command::run;
use strongroom_tests::{Bank, Person, Value};
use tokio::task::JoinSet;

const ROUNDS: usize = 20;
const CLIENTS: usize = 64;
const OWNERS: usize = 16;
const ACCOUNTS_PER_OWNER: usize = 4;
/// What each account begins with, in cents.
const OPENING_CENTS: i64 = 10_000;
/// The largest transfer, in cents: large enough that some are declined.
const TRANSFER_CENTS_MAX: i64 = 4_000;
/// When the kill comes after the clients begin, in milliseconds.
const KILL_AFTER_MS: std::ops::RangeInclusive<u64> = 20..=2_000;
/// How long a client repeats an unanswered request.
const RETRY_MAX: Duration = Duration::from_secs(30);
/// How long it waits in between.
const RETRY_PAUSE: Duration = Duration::from_millis(50);
/// How many answers from before the kill are asked for again in each round.
const REPEATED_PER_ROUND: usize = 16;

/// What a client asks for.
#[derive(Debug, Clone)]
struct Request {
    key: String,
    owner: usize,
    from: String,
    to: String,
    cents: i64,
}

/// The final answer to a request.
#[derive(Debug, Clone)]
struct Outcome {
    request: Request,
    status: u16,
    body: Vec<u8>,
}

impl Outcome {
    fn posted(&self) -> bool {
        self.status == 201
    }

    fn transaction_id(&self) -> String {
        let body: Value = serde_json::from_slice(&self.body).expect("answers are JSON");
        let member = if self.posted() {
            "id"
        } else {
            "transaction_id"
        };
        text(&body[member]).to_owned()
    }
}

/// What one client did until the host died.
struct Shift {
    outcomes: Vec<Outcome>,
    unanswered: Option<Request>,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_and_nothing_is_doubled() {
    let seed = env::var("STRONGROOM_TEST_SEED").map_or_else(
        |_unset| rand::random(),
        |seed| seed.parse().expect("a number"),
    );
    println!("STRONGROOM_TEST_SEED={seed}");
    let mut random = StdRng::seed_from_u64(seed);
    let mut bank = Bank::start().await;
    let mut owners = open_accounts(&bank).await;
    let mut history: Vec<Outcome> = Vec::new();

    for round in 0..ROUNDS {
        let kill_after = Duration::from_millis(random.random_range(KILL_AFTER_MS));
        let shifts = work_until_killed(&mut bank, &owners, round, kill_after, &mut random).await;
        owners = log_in_again(&bank, &owners).await;

        let mut outcomes = Vec::new();
        let mut unanswered = Vec::new();
        for shift in shifts {
            outcomes.extend(shift.outcomes);
            unanswered.extend(shift.unanswered);
        }
        let (answered, retried) = (outcomes.len(), unanswered.len());
        assert_answers_stand(&owners, &outcomes, &mut random).await;
        outcomes.extend(retry_until_answered(&owners, unanswered).await);
        history.extend(outcomes);

        assert_balances(&owners, &history).await;
        let verified = run(
            bank.folder(),
            &["verify", "--data", &bank.data().display().to_string()],
        );
        assert_eq!(verified.code, Some(0), "round {round}: {verified:?}");
        println!(
            "round {round}: killed after {kill_after:?}, {answered} answered before, {retried} repeated after"
        );
    }

    let posted = history.iter().filter(|outcome| outcome.posted()).count();
    let declined = history.len() - posted;
    println!("{posted} posted, {declined} declined");
    assert!(
        posted > ROUNDS && declined > 0,
        "the test has done its work: {posted} posted, {declined} declined"
    );
    assert_entries(&owners, &history).await;
}

/// An account holder, and the accounts' ids.
#[derive(Clone)]
struct Owner {
    person: Person,
    accounts: Vec<String>,
}

async fn open_accounts(bank: &Bank) -> Vec<Owner> {
    let admin = bank.admin().await;
    let mut owners = Vec::new();
    for _owner in 0..OWNERS {
        let person = bank.customer().await;
        let mut accounts = Vec::new();
        for _account in 0..ACCOUNTS_PER_OWNER {
            let account = person.open_account("EUR").await;
            admin
                .deposit(&account, &decimal(OPENING_CENTS), "EUR")
                .await;
            accounts.push(account);
        }
        owners.push(Owner { person, accounts });
    }
    owners
}

/// Access tokens live for minutes, and this test may take longer.
async fn log_in_again(bank: &Bank, owners: &[Owner]) -> Vec<Owner> {
    let mut renewed = Vec::new();
    for owner in owners {
        let person =
            Person::log_in(&bank.client(), &owner.person.email, &owner.person.password).await;
        renewed.push(Owner {
            person,
            accounts: owner.accounts.clone(),
        });
    }
    renewed
}

/// Lets all clients work, kills the host in the middle, and starts it again.
async fn work_until_killed(
    bank: &mut Bank,
    owners: &[Owner],
    round: usize,
    kill_after: Duration,
    random: &mut StdRng,
) -> Vec<Shift> {
    let mut clients = JoinSet::new();
    for client in 0..CLIENTS {
        let requests = Requests {
            prefix: format!("{round}-{client}"),
            owner: client % OWNERS,
            own: owners[client % OWNERS].accounts.clone(),
            all: owners
                .iter()
                .flat_map(|owner| owner.accounts.clone())
                .collect(),
            random: StdRng::seed_from_u64(random.random()),
            made: 0,
        };
        clients.spawn(work(owners[client % OWNERS].person.clone(), requests));
    }
    tokio::time::sleep(kill_after).await;
    kill_process(bank.pid(), Signal::KILL).expect("the host can be killed");
    let shifts = clients.join_all().await;
    bank.host.kill();
    bank.host.launch();
    bank.wait_until_ready().await;
    shifts
}

/// One client: one transfer after the other, until one is not answered.
async fn work(person: Person, mut requests: Requests) -> Shift {
    let mut outcomes = Vec::new();
    loop {
        let request = requests.next();
        match ask(&person, &request).await {
            Some(outcome) => outcomes.push(outcome),
            None => {
                return Shift {
                    outcomes,
                    unanswered: Some(request),
                };
            }
        }
    }
}

/// A client's endless list of things to ask.
struct Requests {
    prefix: String,
    owner: usize,
    own: Vec<String>,
    all: Vec<String>,
    random: StdRng,
    made: usize,
}

impl Requests {
    fn next(&mut self) -> Request {
        let from = self
            .own
            .choose(&mut self.random)
            .expect("an owner has accounts")
            .clone();
        let to = loop {
            let to = self
                .all
                .choose(&mut self.random)
                .expect("there are accounts");
            if *to != from {
                break to.clone();
            }
        };
        self.made += 1;
        let cents = self.random.random_range(1..=TRANSFER_CENTS_MAX);
        Request {
            key: format!("{}-{}", self.prefix, self.made),
            owner: self.owner,
            from,
            to,
            cents,
        }
    }
}

/// The final answer, if there is one: a broken connection, a 409, and a 502 to 504 are none.
async fn ask(person: &Person, request: &Request) -> Option<Outcome> {
    let body = transfer(&request.from, &request.to, &decimal(request.cents), "EUR");
    let call = person
        .post("/api/transactions/transfer")
        .key(&request.key)
        .json(&body);
    let answer = call.try_send().await.ok()?;
    match answer.status {
        201 => {}
        422 => drop(answer.refused(422, "insufficient_funds")),
        409 | 502..=504 => return None,
        status => panic!("{request:?}: {status}: {}", answer.text()),
    }
    Some(Outcome {
        request: request.clone(),
        status: answer.status,
        body: answer.body,
    })
}

/// All clients repeat what was not answered, at the same time.
async fn retry_until_answered(owners: &[Owner], unanswered: Vec<Request>) -> Vec<Outcome> {
    let mut clients = JoinSet::new();
    for request in unanswered {
        clients.spawn(ask_until_answered(
            owners[request.owner].person.clone(),
            request,
        ));
    }
    clients.join_all().await
}

async fn ask_until_answered(person: Person, request: Request) -> Outcome {
    let started = Instant::now();
    loop {
        if let Some(outcome) = ask(&person, &request).await {
            return outcome;
        }
        assert!(started.elapsed() < RETRY_MAX, "{request:?} is not answered");
        tokio::time::sleep(RETRY_PAUSE).await;
    }
}

/// What was answered before the kill is answered the same after it.
async fn assert_answers_stand(owners: &[Owner], outcomes: &[Outcome], random: &mut StdRng) {
    for before in outcomes.sample(random, REPEATED_PER_ROUND) {
        let person = &owners[before.request.owner].person;
        let after = ask(person, &before.request)
            .await
            .expect("a ready host answers");
        assert_eq!(after.status, before.status, "{before:?} became {after:?}");
        assert_eq!(after.transaction_id(), before.transaction_id());
        if before.posted() {
            assert_eq!(after.body, before.body, "the stored answer, to the byte");
        }
    }
}

/// Every balance is what the outcomes say, no more and no less; so their sum is what was paid in.
async fn assert_balances(owners: &[Owner], history: &[Outcome]) {
    let mut expected: BTreeMap<&str, i64> = BTreeMap::new();
    for account in owners.iter().flat_map(|owner| &owner.accounts) {
        expected.insert(account, OPENING_CENTS);
    }
    for outcome in history.iter().filter(|outcome| outcome.posted()) {
        *expected
            .get_mut(outcome.request.from.as_str())
            .expect("one of ours") -= outcome.request.cents;
        *expected
            .get_mut(outcome.request.to.as_str())
            .expect("one of ours") += outcome.request.cents;
    }
    let mut sum = 0;
    for owner in owners {
        for account in &owner.accounts {
            let balance = cents(&owner.person.balance(account).await);
            assert_eq!(
                balance,
                expected[account.as_str()],
                "the balance of {account}"
            );
            assert!(balance >= 0, "{account} is overdrawn");
            sum += balance;
        }
    }
    let accounts = i64::try_from(expected.len()).expect("a small number");
    assert_eq!(sum, accounts * OPENING_CENTS, "no money came or went");
}

/// The entries are those of the posted outcomes and the opening deposits, each exactly once.
async fn assert_entries(owners: &[Owner], history: &[Outcome]) {
    let mut expected: HashMap<&str, BTreeSet<String>> = HashMap::new();
    for outcome in history.iter().filter(|outcome| outcome.posted()) {
        for account in [&outcome.request.from, &outcome.request.to] {
            let fresh = expected
                .entry(account)
                .or_default()
                .insert(outcome.transaction_id());
            assert!(fresh, "two requests have one transaction: {outcome:?}");
        }
    }
    for owner in owners {
        for account in &owner.accounts {
            let entries = owner.person.entries(account).await;
            let (deposits, transfers) = entries
                .split_last()
                .map(|(oldest, rest)| ([oldest], rest))
                .expect("the deposit at least");
            assert_eq!(cents(text(&deposits[0]["amount"])), OPENING_CENTS);
            let listed: BTreeSet<String> = transfers
                .iter()
                .map(|entry| text(&entry["transaction_id"]).to_owned())
                .collect();
            assert_eq!(
                listed.len(),
                transfers.len(),
                "{account} has a transfer twice"
            );
            assert_eq!(
                listed,
                expected.remove(account.as_str()).unwrap_or_default(),
                "the entries of {account}"
            );
        }
    }
}

fn decimal(cents: i64) -> String {
    format!("{}.{:02}", cents / 100, cents % 100)
}

fn cents(decimal: &str) -> i64 {
    decimal
        .replace('.', "")
        .parse()
        .expect("a plain decimal at the scale of its currency")
}
