//! Goal: holds, reversals, and batches do what the contract says, say why when they do not, and happen once whatever races.
//!
//! Method: a bank of the real binary; each test has people and accounts of its own. Races for the same hold or reversal are in `storms`.

use std::ops::Deref;
use std::time::Duration;

use strongroom_tests::bank::{Pair, new_key, text, transfer};
use strongroom_tests::client::Call;
use strongroom_tests::race::{at_once, count, count_code};
use strongroom_tests::{Answer, Bank, Person, Value, json, wait_for};

struct Scene {
    admin: Person,
    pair: Pair,
}

impl Deref for Scene {
    type Target = Pair;

    fn deref(&self) -> &Pair {
        &self.pair
    }
}

async fn scene() -> Scene {
    let bank = Bank::shared().await;
    Scene {
        admin: bank.admin().await,
        pair: bank.pair().await,
    }
}

impl Scene {
    fn hold_call(&self, key: &str, amount: &str, expires_in: u32) -> Call {
        let mut body = self.body(amount);
        body["expires_in"] = json!(expires_in);
        let call = self.alice.post("/api/transactions/holds");
        call.key(key).json(&body)
    }

    async fn hold(&self, amount: &str, expires_in: u32) -> String {
        let held = self.hold_call(&new_key(), amount, expires_in);
        text(&held.await.expect(201)["id"]).to_owned()
    }

    fn capture(&self, hold: &str, amount: Option<&str>) -> Call {
        let call = format!("holds/{hold}/capture");
        match amount {
            Some(amount) => self.alice.submit(&call, &json!({ "amount": amount })),
            None => self.bare(&self.alice, &call),
        }
    }

    fn void(&self, hold: &str) -> Call {
        self.bare(&self.alice, &format!("holds/{hold}/void"))
    }

    fn reverse(&self, id: &str) -> Call {
        self.bare(&self.admin, &format!("{id}/reverse"))
    }

    /// A call without a body.
    fn bare(&self, person: &Person, call: &str) -> Call {
        let call = person.post(&format!("/api/transactions/{call}"));
        call.key(&new_key())
    }

    fn batch(&self, key: &str, atomic: bool, lines: &[Value]) -> Call {
        let call = self.alice.post("/api/transactions/batch").key(key);
        call.json(&json!({"transfers": lines, "atomic": atomic}))
    }

    async fn transaction(&self, id: &Value) -> Value {
        let path = format!("/api/transactions/{}", text(id));
        self.alice.get(&path).await.expect(200)
    }

    /// Balance, available, and what is pending of the payer's account.
    async fn standing(&self) -> [String; 3] {
        let path = format!("/api/accounts/{}/balance", self.from);
        let view = self.alice.get(&path).await.expect(200);
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
    let short = scene.alice.submit("transfer", &scene.body("40.01"));
    decline(&short.await, "insufficient_funds");

    let id = text(&held["id"]);
    let captured = scene.capture(id, Some("25.00")).await.expect(201);
    assert_eq!(
        (&captured["type"], &captured["hold_id"], &captured["amount"]),
        (&json!("capture"), &json!(id), &json!("25.00"))
    );
    assert_eq!(scene.standing().await, ["75.00", "75.00", "0.00"]);
    assert_eq!(scene.paid().await, "25.00");
    let seen = scene.transaction(&held["id"]).await;
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
        let seen = scene.transaction(&json!(hold)).await;
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
        let call = format!("holds/{hold}/{end}");
        let foreign = scene.bare(&scene.bob, &call).await;
        foreign.refused(404, "not_found");
        let unkeyed = scene.alice.post(&format!("/api/transactions/{call}"));
        unkeyed.await.refused(400, "idempotency_key_missing");
        let unknown = format!("holds/{}/{end}", new_key());
        let unknown = scene.bare(&scene.alice, &unknown).await;
        unknown.refused(404, "not_found");
    }
    for expires_in in [0, 7_776_001] {
        let call = scene.hold_call(&new_key(), "1.00", expires_in);
        call.await.invalid("/expires_in");
    }
    for amount in ["0.001", "-1"] {
        let call = scene.capture(&hold, Some(amount));
        call.await.refused(422, "amount_invalid");
    }
    let surprise = scene.void(&hold).json(&json!({"amount": "1.00"}));
    surprise.await.invalid("/amount");
    assert_eq!(scene.standing().await, ["100.00", "99.00", "1.00"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_balance_of_100_covers_exactly_100_of_200_holds_and_transfers_at_once() {
    let scene = scene().await;
    let body = scene.body("1.00");
    let calls = (0..200).map(|call| match call % 2 {
        0 => scene.hold_call(&new_key(), "1.00", 600),
        _ => scene.alice.submit("transfer", &body),
    });
    let answers = at_once(calls).await;
    assert_eq!(count(&answers, 201), 100);
    assert_eq!(count_code(&answers, "insufficient_funds"), 100);
    assert_eq!(scene.standing().await[1], "0.00");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reversal_moves_the_money_back_once_and_is_linked_both_ways() {
    let scene = scene().await;
    let sent = scene.send("30.00").await["id"].clone();
    let by_customer = scene.bare(&scene.alice, &format!("{}/reverse", text(&sent)));
    by_customer.await.refused(403, "forbidden");
    let reversed = scene
        .reverse(text(&sent))
        .json(&json!({"reference": "goodwill"}))
        .await
        .expect(201);
    assert_eq!(
        (
            &reversed["type"],
            &reversed["reverses"],
            &reversed["reference"]
        ),
        (&json!("reversal"), &sent, &json!("goodwill"))
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
    decline(&scene.reverse(text(&sent)).await, "already_reversed");
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
    let declined = scene.alice.submit("transfer", &scene.body("100.01"));
    let declined = declined.await.refused(422, "insufficient_funds");
    decline(
        &scene.reverse(text(&declined["transaction_id"])).await,
        "not_reversible",
    );
    let sent = scene.send("30.00").await;
    let sent = text(&sent["id"]);
    let back = transfer(&scene.to, &scene.from, "0.01", "EUR");
    scene.bob.submit("transfer", &back).await.expect(201);
    decline(&scene.reverse(sent).await, "insufficient_funds");
    scene.send("0.01").await;
    scene.reverse(sent).await.expect(201);
    assert_eq!(scene.paid().await, "0.00");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_has_one_outcome_for_each_line() {
    let scene = scene().await;
    let lines = [
        scene.body("60.00"),
        scene.body("1.234"),
        scene.body("60.00"),
        transfer(&scene.from, &new_key(), "1.00", "EUR"),
        json!({"amount": "1.00"}),
        scene.body("40.00"),
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
    assert_eq!(scene.transaction(&first["id"]).await, *first);
    assert_eq!(scene.transaction(&batch["id"]).await, batch);
    let by_payee = format!("/api/transactions/{}", text(&batch["id"]));
    let by_payee = scene.bob.get(&by_payee).await;
    by_payee.refused(404, "not_found");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_atomic_batch_moves_all_or_nothing() {
    let scene = scene().await;
    let short = [scene.body("60.00"), scene.body("60.00")];
    let problem = scene
        .batch(&new_key(), true, &short)
        .await
        .refused(422, "batch_declined");
    assert_eq!(problem["errors"][0]["pointer"], "/transfers/1");
    assert_eq!(problem["outcomes"][1]["code"], "insufficient_funds");

    let malformed = [scene.body("1.00"), scene.body("1.234")];
    let malformed = scene.batch(&new_key(), true, &malformed).await;
    malformed.invalid("/transfers/1/amount");
    let nowhere = [
        scene.body("1.00"),
        transfer(&scene.from, &new_key(), "1.00", "EUR"),
    ];
    let nowhere = scene.batch(&new_key(), true, &nowhere).await;
    nowhere.refused_at(422, "batch_refused", "/transfers/1/to_account_id");
    assert_eq!(scene.paid().await, "0.00");

    let good = [scene.body("60.00"), scene.body("40.00")];
    scene.batch(&new_key(), true, &good).await.expect(201);
    assert_eq!(scene.paid().await, "100.00");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_has_1_to_1_000_transfers() {
    let scene = scene().await;
    let lines = vec![scene.body("0.01"); 1_001];
    for wrong in [&lines[..], &[]] {
        let call = scene.batch(&new_key(), true, wrong);
        call.await.invalid("/transfers");
    }
    let all = scene
        .batch(&new_key(), true, &lines[..1_000])
        .await
        .expect(201);
    assert_eq!(all["outcomes"].as_array().map(Vec::len), Some(1_000));
    assert_eq!(scene.paid().await, "10.00");
    let missing = json!({"transfers": [scene.body("0.01")]});
    scene
        .alice
        .submit("batch", &missing)
        .await
        .invalid("/atomic");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_batch_sent_20_times_at_once_is_posted_once() {
    let scene = scene().await;
    let (key, lines) = (new_key(), vec![scene.body("0.50"); 10]);
    let answers = at_once((0..20).map(|_| scene.batch(&key, true, &lines))).await;
    let repeated = answers.iter().filter(|answer| answer.replayed()).count();
    assert_eq!((count(&answers, 201), repeated), (20, 19));
    assert!(answers.iter().all(|answer| answer.body == answers[0].body));
    assert_eq!(scene.paid().await, "5.00");
}
