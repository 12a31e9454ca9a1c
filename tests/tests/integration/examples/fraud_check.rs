//! The fraud check, in Python, behind the bank's screening.

use std::ops::Deref;

use crate::examples::example::{self, screened_by};
use rusqlite::Connection;
use strongroom_tests::bank::{Pair, new_key};
use strongroom_tests::registry::Registry;
use strongroom_tests::{Answer, Bank, assert_json, assert_parts, wait_for, wait_until};

/// A bank whose payments are judged, and a payer with 50,000.00 EUR.
struct JudgedBank {
    bank: Bank,
    registry: Registry,
    pair: Pair,
}

impl Deref for JudgedBank {
    type Target = Pair;

    fn deref(&self) -> &Pair {
        &self.pair
    }
}

impl JudgedBank {
    /// With the tables of the README.
    async fn start() -> Self {
        Self::start_with(example::added_to(Registry::bank(), "fraud-check")).await
    }

    async fn start_with(registry: Registry) -> Self {
        let bank = Bank::start().await;
        let pair = bank.pair().await;
        pair.admin.deposit(&pair.from, "49900.00", "EUR").await;
        bank.save_registry(&registry).await;
        Self {
            bank,
            registry,
            pair,
        }
    }

    async fn send(&self, key: &str, amount: &str) -> Answer {
        self.alice.transfer(key, &self.from, &self.to, amount).await
    }

    async fn received(&self) -> String {
        self.bob.balance(&self.to).await
    }

    /// How many transactions of Alice's account are recorded, declines too.
    async fn recorded(&self) -> usize {
        let list = format!("/api/transactions?account_id={}&limit=500", self.from);
        self.admin.all(&list).await.len()
    }

    /// Asserts that a payment without a verdict is not made, and that nothing is recorded of it.
    async fn assert_fails_closed(&self, key: &str) {
        let before = self.recorded().await;
        assert_not_screened(&self.send(key, "10.00").await);
        assert_eq!(self.recorded().await, before);
    }

    /// Asserts that the payment of a key that led to nothing is now made, once.
    async fn assert_made_at_last(&self, key: &str) {
        let answer = wait_for("a verdict", 20, async || {
            let answer = self.send(key, "10.00").await;
            (answer.status != 503).then_some(answer)
        })
        .await;
        answer.expect(201);
        assert!(!answer.replayed(), "nothing of it was recorded before");
        assert!(self.send(key, "10.00").await.replayed());
    }
}

#[track_caller]
fn assert_not_screened(answer: &Answer) {
    answer.refused(503, "service_unavailable");
    assert!(answer.header("retry-after").is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_tour_of_its_readme_works() {
    const ADMIN_PASSWORD: &str = "a long walk in the rain";
    let host = strongroom_tests::host::Host::start(&Registry::bank(), Some(ADMIN_PASSWORD)).await;
    host.save_registry(&example::added_to(Registry::bank(), "fraud-check"))
        .await;
    let said = example::tour("fraud-check", &host).await;
    let expected = rows! {
        "\"status\":\"posted\"", "idempotency-replayed: true", "\"balance\":\"40000.00\"",
        "\"rule\":\"amount_over_limit\"",
    };
    assert_parts(&said, &expected);
    assert_eq!(said.matches("\"code\":\"screening_denied\"").count(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_that_fails_or_waits_holds_the_money_and_is_needed_and_staff_read_its_judgements() {
    let judged = JudgedBank::start().await;
    let (failing, waiting) = (new_key(), new_key());

    // The check's own database, which the host has open too.
    let store = judged.bank.data().join("stores/fraud.sqlite");
    let store = Connection::open(store).expect("the store is there");
    let execute = |sql: &str| store.execute_batch(sql).expect(sql);
    execute("ALTER TABLE judgement RENAME TO gone");
    judged.assert_fails_closed(&failing).await;
    judged.assert_fails_closed(&failing).await;
    execute("ALTER TABLE gone RENAME TO judgement");

    // Another process holds the writer of the check's database for longer than the check may take.
    execute("BEGIN IMMEDIATE");
    judged.assert_fails_closed(&waiting).await;
    execute("ROLLBACK");

    judged.assert_made_at_last(&failing).await;
    judged.assert_made_at_last(&waiting).await;
    assert_eq!(judged.received().await, "20.00");

    // A screening without its check is refused. The old one goes on, and still asks.
    let unlinked = judged.registry.clone().change("screening", |service| {
        let links = ["strongroom:account/ledger", "strongroom:account/journal"];
        let links = links.map(|import| (import.to_owned(), "accounts".into()));
        service.set("links", toml::Table::from_iter(links))
    });
    unlinked.save(judged.bank.folder());
    let reload = judged.bank.host.admin().post("/services/reload");
    let refused = reload.await.json(422);
    assert_parts(&refused.to_string(), &["strongroom:screening/screen"]);
    let too_much = judged.send(&new_key(), "10000.01").await;
    too_much.refused(422, "screening_denied");
    judged.send(&new_key(), "1.00").await.expect(201);

    for path in ["/api/fraud/rules", "/api/fraud/judgements"] {
        judged.alice.get(path).await.refused(403, "forbidden");
        judged.bank.client().get(path).await.no_token();
    }
    let rules = judged.admin.read("/api/fraud/rules").await;
    assert_eq!(rules["amount_minor_max"]["EUR"], 1_000_000);
    let judgements = judged.admin.all("/api/fraud/judgements?limit=1").await;
    assert_json!(judgements[0], {"rule": null});
    assert_json!(judgements[1], {"rule": "amount_over_limit"});
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_verdict_holds_the_money_and_the_same_key_works_later() {
    let judged = JudgedBank::start_with(screened_by("allow")).await;
    let known = new_key();
    let first = judged.send(&known, "10.00").await;
    first.expect(201);
    let mut keys = Vec::new();
    for verdict in ["unavailable", "invalid", "nonsense", "hang", "trap"] {
        judged.bank.save_registry(&screened_by(verdict)).await;
        let key = new_key();
        judged.assert_fails_closed(&key).await;
        let again = judged.send(&known, "10.00").await;
        assert_eq!((again.replayed(), &again.body), (true, &first.body));
        keys.push(key);
    }
    judged.bank.save_registry(&screened_by("allow")).await;
    for key in &keys {
        judged.assert_made_at_last(key).await;
    }
    assert_eq!(judged.received().await, "60.00");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_that_is_swapped_away_while_it_judges_holds_the_money() {
    let judged = JudgedBank::start_with(screened_by("hang")).await;
    let key = new_key();
    let swap = async {
        let hangs = async || judged.bank.log().contains("the screening hangs");
        wait_until("the check to hang", 20, hangs).await;
        judged.bank.save_registry(&screened_by("allow")).await;
    };
    let before = judged.recorded().await;
    let (answer, ()) = tokio::join!(judged.send(&key, "10.00"), swap);
    assert_not_screened(&answer);
    assert_eq!(judged.recorded().await, before);
    judged.assert_made_at_last(&key).await;
    assert_eq!(judged.received().await, "10.00");
}
