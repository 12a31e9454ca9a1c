//! Statements that are too long to be in memory: sent as they are made, no faster than they are
//! read, and broken off where they are not true.

use rusqlite::Connection as Ledger;
use strongroom_tests::bank::{new_key, transfer};
use strongroom_tests::wire::Connection;
use strongroom_tests::{Bank, Person, Value, json, list, wait_until};

use crate::statements::forms::validate_camt_053;
use crate::statements::{FROM_THE_FIRST_DAY, minor};

/// As many transfers as one batch has.
const BATCH: usize = 1_000;
/// So many that the statement as camt.053 is some 30 MB.
const BATCHES: usize = 40;
const TRANSFERS: usize = BATCH * BATCHES;

/// What the process may grow by while it sends such a statement: a tenth of that for the buffers of
/// two connections and of the store, and what the machine's allocator keeps.
const GROWTH_BYTES_MAX: u64 = 12 << 20;
/// How often the memory is looked at.
const LOOK_BYTES: usize = 1 << 20;

/// A bank with an account that has paid a cent so many times.
struct Payer {
    bank: Bank,
    alice: Person,
    account: String,
}

impl Payer {
    async fn new(transfers: usize) -> Self {
        let bank = Bank::start().await;
        let alice = bank.customer().await;
        let account = alice.open_account("EUR").await;
        let other = alice.open_account("EUR").await;
        bank.admin().await.deposit(&account, "1000.00", "EUR").await;
        let line = |number| {
            let mut line = transfer(&account, &other, "0.01", "EUR");
            line["reference"] = json!(format!("number {number}"));
            line
        };
        let lines: Vec<Value> = (0..transfers).map(line).collect();
        for lines in lines.chunks(BATCH) {
            let batch = alice.post("/api/transactions/batch").key(&new_key());
            let batch = batch.json(&json!({"transfers": lines, "atomic": true}));
            batch.await.expect(201);
        }
        Self {
            bank,
            alice,
            account,
        }
    }

    fn path(&self, format: &str) -> String {
        let account = &self.account;
        format!("/api/accounts/{account}/statement?{FROM_THE_FIRST_DAY}&format={format}")
    }

    /// What the process has in memory, in bytes. The test looks after a first statement: what the
    /// machine takes once for those of this length is not what one more of them takes.
    fn memory(&self) -> u64 {
        self.bank.resident_mib() << 20
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_long_statement_is_sent_whole_as_it_is_made_and_who_takes_no_more_of_it_is_given_up() {
    let payer = Payer::new(TRANSFERS).await;
    let statement = payer.alice.read(&payer.path("json")).await;
    let before = payer.memory();
    let entries = list(&statement["entries"]);
    assert_eq!(entries.len(), TRANSFERS + 1);
    let mut balance = 100_000;
    for (entry, number) in entries[1..].iter().zip(0..) {
        balance -= 1;
        assert_eq!(entry["sequence"], number + 2);
        assert_eq!(entry["reference"], format!("number {number}"));
        assert_eq!(minor(&entry["balance_after"]), balance);
    }
    assert_eq!(minor(&statement["closing_balance"]), balance);
    assert_eq!(statement["debits"]["count"], TRANSFERS);

    let mut response = payer.alice.get(&payer.path("camt.053")).open().await;
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers().get("content-length"), None);
    assert_eq!(response.headers()["transfer-encoding"], "chunked");
    let (mut body, mut growth, mut looked_at) = (Vec::new(), 0, 0);
    while let Some(chunk) = response.chunk().await.expect("it goes on") {
        body.extend_from_slice(&chunk);
        if body.len() - looked_at > LOOK_BYTES {
            looked_at = body.len();
            growth = growth.max(payer.memory().saturating_sub(before));
        }
    }
    println!("{} bytes sent, {growth} bytes of memory more", body.len());
    assert!(growth < GROWTH_BYTES_MAX, "{growth} bytes more");
    assert!(body.len() as u64 > 2 * GROWTH_BYTES_MAX, "{}", body.len());
    validate_camt_053(&body);
    let whole = String::from_utf8(body).expect("UTF-8");
    assert_eq!(whole.matches("<Ntry>").count(), TRANSFERS + 1);

    let before = payer.memory();
    let mut connection = Connection::open(payer.bank.address()).await;
    let request = format!(
        "GET {} HTTP/1.1\r\nhost: bank\r\nauthorization: Bearer {}\r\n\r\n",
        payer.path("camt.053"),
        payer.alice.token()
    );
    connection.send(request).await;
    connection.wait_for("<Ntry>").await;
    let given_up = async || {
        let log = payer.bank.log();
        log.contains("the client takes no more of it")
    };
    wait_until("the host to give it up", 30, given_up).await;
    let growth = payer.memory().saturating_sub(before);
    assert!(growth < GROWTH_BYTES_MAX, "{growth} bytes more");
    // What is still under way may arrive; its end does not.
    assert!(!connection.read_to_the_end().await.contains("</Document>"));
    assert_eq!(payer.alice.balance(&payer.account).await, "600.00");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_goes_away_hurts_nobody_and_a_statement_that_is_not_true_breaks_off() {
    let mut payer = Payer::new(5 * BATCH).await;
    for _again in 0..10 {
        let mut response = payer.alice.get(&payer.path("camt.053")).open().await;
        response.chunk().await.expect("it begins");
        drop(response);
    }
    let answer = payer.alice.read(&payer.path("json")).await;
    assert_eq!(answer["debits"]["count"], 5 * BATCH);
    let log = payer.bank.log_until_now().await;
    assert!(!log.contains("breaks off"), "{log}");

    payer.bank.host.kill();
    let ledger = payer.bank.data().join("stores/accounts.sqlite");
    let changed = Ledger::open(&ledger).and_then(|ledger| {
        ledger.execute_batch("DROP TRIGGER entry_no_update")?;
        ledger.execute(
            "UPDATE entry SET balance_after_minor = balance_after_minor + 1
             WHERE account_sequence = 4000 AND direction = 'debit'",
            [],
        )
    });
    assert_eq!(changed, Ok(1));
    payer.bank.host.serve().await;
    let alice = payer.alice.at(&payer.bank.host);
    for format in ["json", "csv", "camt.053", "ofx"] {
        let mut response = alice.get(&payer.path(format)).open().await;
        assert_eq!(response.status(), 200);
        let mut arrived = 0;
        let outcome = loop {
            match response.chunk().await {
                Ok(Some(chunk)) => arrived += chunk.len(),
                end => break end,
            }
        };
        let broken = outcome.expect_err("it never looks whole");
        assert!(!broken.is_timeout(), "{format}: {broken:?}");
        assert!(arrived > 0, "{format}: it had begun");
    }
    let reason =
        "a response breaks off: the ledger contradicts itself: the balance after entry 4000";
    let is_told = async || payer.bank.log().matches(reason).count() == 4;
    wait_until("the reason in the log, each time", 10, is_told).await;
}
