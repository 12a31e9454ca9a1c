//! The fraud check, in Python, and the transactions service that asks it.

use crate::example;
use rusqlite::Connection;
use strongroom_tests::bank::new_key;
use strongroom_tests::registry::Registry;
use strongroom_tests::{Answer, Bank, Person, wait_for};

/// A bank whose payments are judged, and Alice, who has two accounts and 50,000.00 EUR in the first.
struct JudgedBank {
    bank: Bank,
    registry: Registry,
    admin: Person,
    alice: Person,
    from: String,
    to: String,
}

impl JudgedBank {
    async fn start() -> Self {
        let bank = Bank::start().await;
        let (alice, admin) = (bank.customer().await, bank.admin().await);
        let (from, to) = (
            alice.open_account("EUR").await,
            alice.open_account("EUR").await,
        );
        admin.deposit(&from, "50000.00", "EUR").await;
        let registry = example::added_to(Registry::bank(), "fraud-check");
        bank.save_registry(&registry).await;
        Self {
            bank,
            registry,
            admin,
            alice,
            from,
            to,
        }
    }

    async fn send(&self, key: &str, amount: &str) -> Answer {
        self.alice.transfer(key, &self.from, &self.to, amount).await
    }

    async fn received(&self) -> String {
        self.alice.balance(&self.to).await
    }

    /// The check's own database, which another process has open too.
    fn store(&self) -> Connection {
        let path = self.bank.data().join("stores/fraud.sqlite");
        Connection::open(path).expect("the store is there")
    }

    /// Asserts that nobody can say whether this payment may be made, and that it is not.
    async fn assert_fails_closed(&self, key: &str) {
        let before = self.received().await;
        let answer = self.send(key, "10.00").await;
        answer.refused(503, "service_unavailable");
        assert!(answer.header("retry-after").is_some());
        assert_eq!(self.received().await, before);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_tour_of_its_readme_works() {
    const ADMIN_PASSWORD: &str = "a long walk in the rain";
    let host = strongroom_tests::host::Host::start(&Registry::bank(), Some(ADMIN_PASSWORD)).await;
    host.save_registry(&example::added_to(Registry::bank(), "fraud-check"))
        .await;
    let said = example::tour("fraud-check", &host).await;
    for expected in [
        "\"status\":\"posted\"",
        "\"code\":\"screening_denied\"",
        "idempotency-replayed: true",
        "\"balance\":\"40000.00\"",
        "\"rule\":\"amount_over_limit\"",
    ] {
        assert!(said.contains(expected), "{expected} is not in:\n{said}");
    }
    assert_eq!(
        said.matches("screening_denied\",\"transaction_id").count(),
        2
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_denied_moves_no_money_and_stays_denied() {
    let judged = JudgedBank::start().await;
    let key = new_key();
    let first = judged.send(&key, "10000.01").await;
    let problem = first.refused(422, "screening_denied");
    assert!(
        !first.text().contains("amount_over_limit"),
        "the client does not learn the rule"
    );

    // The rule goes, and the denial stays with its key; a new wish is a new question.
    let registry = judged.registry.clone().change("fraud", |service| {
        service.config("amount_minor_max_EUR", 2_000_000)
    });
    judged.bank.save_registry(&registry).await;
    let again = judged.send(&key, "10000.01").await;
    assert_eq!((again.status, again.replayed()), (422, true));
    assert_eq!(again.body, first.body);
    assert_eq!(judged.received().await, "0.00");
    judged.send(&new_key(), "10000.01").await.expect(201);
    assert_eq!(judged.received().await, "10000.01");

    let path = format!(
        "/api/transactions/{}",
        problem["transaction_id"].as_str().expect("an id")
    );
    let seen_by_alice = judged.alice.get(&path).await.expect(200);
    assert_eq!(seen_by_alice["decline_code"], "screening_denied");
    assert!(seen_by_alice["metadata"].is_null(), "{seen_by_alice}");
    let seen_by_staff = judged.admin.get(&path).await.expect(200);
    assert_eq!(
        seen_by_staff["metadata"]["screening"]["denied_by"],
        "amount_over_limit"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_that_fails_or_hangs_holds_the_money_and_the_same_key_works_later() {
    let judged = JudgedBank::start().await;
    let (failing, hanging) = (new_key(), new_key());

    let store = judged.store();
    store
        .execute_batch("ALTER TABLE judgement RENAME TO gone")
        .expect("the table is there");
    judged.assert_fails_closed(&failing).await;
    judged.assert_fails_closed(&failing).await;
    store
        .execute_batch("ALTER TABLE gone RENAME TO judgement")
        .expect("the table is there");

    // Whoever holds the writer of its database keeps the check waiting past its time.
    store.execute_batch("BEGIN IMMEDIATE").expect("a writer");
    judged.assert_fails_closed(&hanging).await;
    store.execute_batch("ROLLBACK").expect("a transaction");

    for (key, received) in [(&failing, "10.00"), (&hanging, "20.00")] {
        let answer = wait_for("the check to judge again", 20, async || {
            let answer = judged.send(key, "10.00").await;
            (answer.status != 503).then_some(answer)
        })
        .await;
        answer.expect(201);
        assert!(
            !answer.replayed(),
            "nothing was kept of the attempts before"
        );
        assert_eq!(judged.received().await, received);
        assert!(judged.send(key, "10.00").await.replayed());
    }
    assert_eq!(judged.received().await, "20.00");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_judgement_of_a_small_payment_does_not_let_a_large_one_through() {
    let judged = JudgedBank::start().await;
    let key = new_key();
    let nobody = "018f0000-0000-7000-8000-000000000000";
    let small = judged.alice.transfer(&key, &judged.from, nobody, "0.01");
    small.await.refused(404, "account_not_found");
    // Of that nothing was kept, so the key is free for another payment.
    judged
        .send(&key, "10000.01")
        .await
        .refused(422, "screening_denied");
    assert_eq!(judged.received().await, "0.00");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bank_that_asks_is_not_served_without_the_one_it_asks() {
    let judged = JudgedBank::start().await;
    let unlinked = judged.registry.clone().change("transactions", |service| {
        service.set("links", toml::Table::new())
    });
    unlinked.save(judged.bank.folder());
    let refused = judged
        .bank
        .host
        .admin()
        .post("/services/reload")
        .await
        .json(422);
    assert!(
        refused.to_string().contains("strongroom:screening/screen"),
        "{refused}"
    );
    // The old one goes on, and still asks.
    judged
        .send(&new_key(), "10000.01")
        .await
        .refused(422, "screening_denied");
    judged.send(&new_key(), "1.00").await.expect(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_posted_before_is_told_whatever_the_check_does_now() {
    let judged = JudgedBank::start().await;
    let key = new_key();
    let first = judged.send(&key, "10.00").await;
    first.expect(201);
    // The transactions service forgets its answer, and the check is broken: the ledger knows.
    let intents = judged.bank.data().join("stores/transactions.sqlite");
    Connection::open(intents)
        .and_then(|store| store.execute("DELETE FROM intent", []))
        .expect("the store is there");
    judged
        .store()
        .execute_batch("DROP TABLE judgement")
        .expect("the table is there");
    let again = judged.send(&key, "10.00").await;
    assert_eq!(again.body, first.body);
    assert!(again.replayed());
    assert_eq!(judged.received().await, "10.00");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_bank_comes_back_and_judges_as_before() {
    let mut judged = JudgedBank::start().await;
    let (allowed, denied) = (new_key(), new_key());
    let answers = [
        judged.send(&allowed, "10.00").await,
        judged.send(&denied, "20000.00").await,
    ];
    judged.bank.host.kill();
    judged.bank.host.launch();
    judged.bank.host.wait_until_ready().await;
    judged.alice = judged.alice.at(&judged.bank.host);
    for (key, amount, before) in [
        (&allowed, "10.00", &answers[0]),
        (&denied, "20000.00", &answers[1]),
    ] {
        let again = judged.send(key, amount).await;
        assert_eq!((again.status, &again.body), (before.status, &before.body));
    }
    assert_eq!(judged.received().await, "10.00");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_staff_read_rules_and_judgements() {
    let judged = JudgedBank::start().await;
    judged.send(&new_key(), "10000.01").await;
    judged.send(&new_key(), "1.00").await;
    for path in ["/api/fraud/rules", "/api/fraud/judgements"] {
        judged.alice.get(path).await.refused(403, "forbidden");
        judged.bank.client().get(path).await.no_token();
    }
    let rules = judged.admin.get("/api/fraud/rules").await.expect(200);
    assert_eq!(rules["amount_minor_max"]["EUR"], 1_000_000);
    let judgements = judged
        .admin
        .all("/api/fraud/judgements?limit=1")
        .await
        .into_iter()
        .map(|judgement| judgement["rule"].clone());
    assert_eq!(
        judgements.collect::<Vec<_>>(),
        [strongroom_tests::Value::Null, "amount_over_limit".into()]
    );
}
