//! Goal: holds, reversals, and batches do what the contract says, say why when they do not, and happen once whatever races.
//!
//! Method: a bank of the real binary; each test has people and accounts of its own. Races for the same hold or reversal are in `storms`.

use std::sync::Arc;
use std::time::Duration;

use strongroom_tests::bank::{new_key, text, transfer};
use strongroom_tests::client::Call;
use strongroom_tests::race::{at_once, count, count_code};
use strongroom_tests::{Answer, Bank, Person, Value, json, wait_for};

/// A payer with 100.00 EUR, and a payee.
struct Scene {
    bank: Arc<Bank>,
    admin: Person,
    alice: Person,
    bob: Person,
    from: String,
    to: String,
}

async fn scene() -> Scene {
    let bank = Bank::shared().await;
    let admin = bank.admin().await;
    let (alice, bob) = (bank.customer().await, bank.customer().await);
    let from = alice.open_account("EUR").await;
    let to = bob.open_account("EUR").await;
    admin.deposit(&from, "100.00", "EUR").await;
    Scene {
        bank,
        admin,
        alice,
        bob,
        from,
        to,
    }
}

impl Scene {
    fn hold_call(&self, key: &str, amount: &str, expires_in: u32) -> Call {
        let mut body = transfer(&self.from, &self.to, amount, "EUR");
        body["expires_in"] = json!(expires_in);
        self.alice
            .post("/api/transactions/holds")
            .key(key)
            .json(&body)
    }

    async fn hold(&self, amount: &str, expires_in: u32) -> String {
        let held = self
            .hold_call(&new_key(), amount, expires_in)
            .await
            .expect(201);
        text(&held["id"]).to_owned()
    }

    fn capture(&self, hold: &str, amount: Option<&str>) -> Call {
        let call = self
            .alice
            .post(&format!("/api/transactions/holds/{hold}/capture"))
            .key(&new_key());
        match amount {
            Some(amount) => call.json(&json!({ "amount": amount })),
            None => call,
        }
    }

    fn void(&self, hold: &str) -> Call {
        self.alice
            .post(&format!("/api/transactions/holds/{hold}/void"))
            .key(&new_key())
    }

    fn reverse(&self, id: &str) -> Call {
        self.admin
            .post(&format!("/api/transactions/{id}/reverse"))
            .key(&new_key())
    }

    async fn send(&self, amount: &str) -> String {
        let sent = self
            .alice
            .transfer(&new_key(), &self.from, &self.to, amount)
            .await
            .expect(201);
        text(&sent["id"]).to_owned()
    }

    fn batch(&self, key: &str, atomic: bool, lines: &[Value]) -> Call {
        self.alice
            .post("/api/transactions/batch")
            .key(key)
            .json(&json!({"transfers": lines, "atomic": atomic}))
    }

    fn line(&self, amount: &str) -> Value {
        transfer(&self.from, &self.to, amount, "EUR")
    }

    async fn transaction(&self, id: &str) -> Value {
        self.alice
            .get(&format!("/api/transactions/{id}"))
            .await
            .expect(200)
    }

    /// Balance, available, and what is pending of the payer's account.
    async fn standing(&self) -> [String; 3] {
        let view = self
            .alice
            .get(&format!("/api/accounts/{}/balance", self.from))
            .await
            .expect(200);
        ["balance", "available", "pending_debits"].map(|field| text(&view[field]).to_owned())
    }

    /// What the payee has.
    async fn paid(&self) -> String {
        self.bob.balance(&self.to).await
    }
}

fn decline(answer: &Answer, code: &str) {
    let problem = answer.refused(422, code);
    assert!(problem["transaction_id"].is_string(), "{problem}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hold_reserves_money_until_it_is_captured_and_the_rest_is_released() {
    let scene = scene().await;
    let key = new_key();
    let answer = scene.hold_call(&key, "60.00", 3_600).await;
    let held = answer.expect(201);
    assert_eq!(
        (&held["type"], &held["status"], &held["posted_at"]),
        (&json!("hold"), &json!("pending"), &Value::Null)
    );
    assert!(held["expires_at"].is_string(), "{held}");
    assert_eq!(scene.standing().await, ["100.00", "40.00", "60.00"]);
    let short = scene
        .alice
        .transfer(&new_key(), &scene.from, &scene.to, "40.01")
        .await;
    decline(&short, "insufficient_funds");

    let id = text(&held["id"]);
    let captured = scene.capture(id, Some("25.00")).await.expect(201);
    assert_eq!(
        (&captured["type"], &captured["hold_id"], &captured["amount"]),
        (&json!("capture"), &json!(id), &json!("25.00"))
    );
    assert_eq!(scene.standing().await, ["75.00", "75.00", "0.00"]);
    assert_eq!(scene.paid().await, "25.00");
    let seen = scene.transaction(id).await;
    assert_eq!(
        (
            &seen["status"],
            &seen["captured_amount"],
            &seen["resolved_by"]
        ),
        (&json!("posted"), &json!("25.00"), &captured["id"])
    );
    // The answer to the request stays what it was.
    let again = scene.hold_call(&key, "60.00", 3_600).await;
    assert_eq!((again.status, again.replayed()), (201, true));
    assert_eq!(again.body, answer.body);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hold_that_was_voided_or_captured_says_so() {
    let scene = scene().await;
    let hold = scene.hold("60.00", 60).await;
    decline(
        &scene.capture(&hold, Some("60.01")).await,
        "amount_exceeds_hold",
    );
    let voided = scene.void(&hold).await.expect(201);
    assert_eq!(
        (&voided["type"], &voided["status"]),
        (&json!("void"), &json!("voided"))
    );
    decline(&scene.void(&hold).await, "already_voided");
    decline(&scene.capture(&hold, None).await, "already_voided");
    assert_eq!(scene.standing().await, ["100.00", "100.00", "0.00"]);

    let hold = scene.hold("60.00", 60).await;
    scene.capture(&hold, None).await.expect(201);
    decline(&scene.void(&hold).await, "already_captured");
    decline(
        &scene.capture(&hold, Some("1.00")).await,
        "already_captured",
    );
    assert_eq!(scene.paid().await, "60.00");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hold_whose_time_is_up_is_released_by_itself() {
    let scene = scene().await;
    let hold = scene.hold("60.00", 1).await;
    tokio::time::sleep(Duration::from_millis(1_050)).await;
    // Whether or not it was swept yet.
    decline(&scene.capture(&hold, None).await, "hold_expired");
    wait_for("the sweep", 10, async || {
        let seen = scene.transaction(&hold).await;
        (seen["status"] == "expired").then_some(())
    })
    .await;
    assert_eq!(scene.standing().await, ["100.00", "100.00", "0.00"]);
    decline(&scene.void(&hold).await, "hold_expired");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hold_is_its_payers_to_end_and_says_what_is_wrong_with_it() {
    let scene = scene().await;
    let hold = scene.hold("1.00", 60).await;
    for end in ["capture", "void"] {
        let path = format!("/api/transactions/holds/{hold}/{end}");
        scene
            .bob
            .post(&path)
            .key(&new_key())
            .await
            .refused(404, "not_found");
        scene
            .alice
            .post(&path)
            .await
            .refused(400, "idempotency_key_missing");
        let unknown = format!("/api/transactions/holds/{}/{end}", new_key());
        scene
            .alice
            .post(&unknown)
            .key(&new_key())
            .await
            .refused(404, "not_found");
    }
    for (expires_in, pointer) in [(0, "/expires_in"), (7_776_001, "/expires_in")] {
        scene
            .hold_call(&new_key(), "1.00", expires_in)
            .await
            .invalid(pointer);
    }
    scene
        .capture(&hold, Some("0.001"))
        .await
        .refused(422, "amount_invalid");
    scene
        .capture(&hold, Some("-1"))
        .await
        .refused(422, "amount_invalid");
    let surprise = scene
        .alice
        .post(&format!("/api/transactions/holds/{hold}/void"))
        .key(&new_key())
        .json(&json!({"amount": "1.00"}));
    surprise.await.invalid("/amount");
    assert_eq!(scene.standing().await, ["100.00", "99.00", "1.00"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_balance_of_100_covers_exactly_100_of_200_holds_and_transfers_at_once() {
    let scene = scene().await;
    let body = scene.line("1.00");
    let calls = (0..200).map(|call| match call % 2 {
        0 => scene.hold_call(&new_key(), "1.00", 600),
        _ => scene
            .alice
            .post("/api/transactions/transfer")
            .key(&new_key())
            .json(&body),
    });
    let answers = at_once(calls).await;
    assert_eq!(count(&answers, 201), 100);
    assert_eq!(count_code(&answers, "insufficient_funds"), 100);
    assert_eq!(scene.standing().await[1], "0.00");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reversal_moves_the_money_back_once_and_is_linked_both_ways() {
    let scene = scene().await;
    let sent = scene.send("30.00").await;
    scene
        .alice
        .post(&format!("/api/transactions/{sent}/reverse"))
        .key(&new_key())
        .await
        .refused(403, "forbidden");
    let reversed = scene
        .reverse(&sent)
        .json(&json!({"reference": "goodwill"}))
        .await
        .expect(201);
    assert_eq!(
        (
            &reversed["type"],
            &reversed["reverses"],
            &reversed["reference"]
        ),
        (&json!("reversal"), &json!(sent), &json!("goodwill"))
    );
    assert_eq!(
        (&reversed["from_account_id"], &reversed["to_account_id"]),
        (&json!(scene.to), &json!(scene.from))
    );
    let seen = scene.transaction(&sent).await;
    assert_eq!(
        (&seen["status"], &seen["reversed_by"]),
        (&json!("reversed"), &reversed["id"])
    );
    decline(&scene.reverse(&sent).await, "already_reversed");
    decline(
        &scene.reverse(text(&reversed["id"])).await,
        "not_reversible",
    );
    assert_eq!(
        (
            scene.standing().await[0].as_str(),
            scene.paid().await.as_str()
        ),
        ("100.00", "0.00")
    );
    scene.reverse(&new_key()).await.refused(404, "not_found");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_decline_cannot_be_reversed_and_a_reversal_never_overdraws() {
    let scene = scene().await;
    let declined = scene
        .alice
        .transfer(&new_key(), &scene.from, &scene.to, "100.01")
        .await;
    let declined = declined.refused(422, "insufficient_funds");
    decline(
        &scene.reverse(text(&declined["transaction_id"])).await,
        "not_reversible",
    );
    let sent = scene.send("30.00").await;
    scene
        .bob
        .transfer(&new_key(), &scene.to, &scene.from, "0.01")
        .await
        .expect(201);
    decline(&scene.reverse(&sent).await, "insufficient_funds");
    scene.send("0.01").await;
    scene.reverse(&sent).await.expect(201);
    assert_eq!(scene.paid().await, "0.00");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_has_one_outcome_for_each_line() {
    let scene = scene().await;
    let lines = [
        scene.line("60.00"),
        scene.line("1.234"),
        scene.line("60.00"),
        transfer(&scene.from, &new_key(), "1.00", "EUR"),
        json!({"amount": "1.00"}),
        scene.line("40.00"),
    ];
    let key = new_key();
    let answer = scene.batch(&key, false, &lines).await;
    let batch = answer.expect(201);
    let outcomes = batch["outcomes"].as_array().expect("a list");
    let of =
        |field: &str| -> Vec<Value> { outcomes.iter().map(|one| one[field].clone()).collect() };
    assert_eq!(of("index"), [0, 1, 2, 3, 4, 5]);
    assert_eq!(
        of("status"),
        [
            "posted", "refused", "declined", "refused", "refused", "posted"
        ]
    );
    assert_eq!(
        of("code")[1..5],
        [
            "amount_invalid",
            "insufficient_funds",
            "account_not_found",
            "validation_failed"
        ]
    );
    assert_eq!(scene.paid().await, "100.00");

    let again = scene.batch(&key, false, &lines).await;
    assert_eq!((again.replayed(), again.body), (true, answer.body));
    scene
        .batch(&key, true, &lines[..1])
        .await
        .refused(422, "idempotency_key_reused");
    let first = &outcomes[0]["transaction"];
    assert_eq!(scene.transaction(text(&first["id"])).await, *first);
    assert_eq!(
        scene.transaction(text(&batch["id"])).await["outcomes"],
        batch["outcomes"]
    );
    scene
        .bob
        .get(&format!("/api/transactions/{}", text(&batch["id"])))
        .await
        .refused(404, "not_found");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_atomic_batch_moves_all_or_nothing() {
    let scene = scene().await;
    let short = [scene.line("60.00"), scene.line("60.00")];
    let problem = scene
        .batch(&new_key(), true, &short)
        .await
        .refused(422, "batch_declined");
    assert_eq!(problem["errors"][0]["pointer"], "/transfers/1");
    assert_eq!(problem["outcomes"][1]["code"], "insufficient_funds");

    let malformed = [scene.line("1.00"), scene.line("1.234")];
    scene
        .batch(&new_key(), true, &malformed)
        .await
        .invalid("/transfers/1/amount");
    let nowhere = [
        scene.line("1.00"),
        transfer(&scene.from, &new_key(), "1.00", "EUR"),
    ];
    let problem = scene
        .batch(&new_key(), true, &nowhere)
        .await
        .refused(422, "batch_refused");
    assert_eq!(
        problem["errors"][0]["pointer"],
        "/transfers/1/to_account_id"
    );
    assert_eq!(scene.paid().await, "0.00");

    let good = [scene.line("60.00"), scene.line("40.00")];
    scene.batch(&new_key(), true, &good).await.expect(201);
    assert_eq!(scene.paid().await, "100.00");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_has_1_to_1_000_transfers() {
    let scene = scene().await;
    let lines = vec![scene.line("0.01"); 1_001];
    scene
        .batch(&new_key(), true, &lines)
        .await
        .invalid("/transfers");
    scene
        .batch(&new_key(), true, &[])
        .await
        .invalid("/transfers");
    let all = scene
        .batch(&new_key(), true, &lines[..1_000])
        .await
        .expect(201);
    assert_eq!(all["outcomes"].as_array().map(Vec::len), Some(1_000));
    assert_eq!(scene.paid().await, "10.00");
    let missing = scene
        .alice
        .post("/api/transactions/batch")
        .key(&new_key())
        .json(&json!({"transfers": [scene.line("0.01")]}));
    missing.await.invalid("/atomic");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_batch_sent_20_times_at_once_is_posted_once() {
    let scene = scene().await;
    let (key, lines) = (new_key(), vec![scene.line("0.50"); 10]);
    let answers = at_once((0..20).map(|_| scene.batch(&key, true, &lines))).await;
    assert_eq!(count(&answers, 201) + count(&answers, 409), 20);
    assert!(count(&answers, 201) > 0);
    assert_eq!(scene.paid().await, "5.00");
    drop(scene.bank);
}
