//! Goal: a key always has one answer, and for no other request; what was refused leaves nothing
//! behind. The answer is the same to the byte, but that a problem document names its own request.
//!
//! Method: a request of each kind and outcome, in a batch and alone. Each is sent again, with its
//! body and with another, before and after the bank was killed. `storms/keys.rs` has a hundred
//! clients do so at once.

use strongroom_tests::bank::{Pair, UNKNOWN_ID, cash, day, new_key, transfer};
use strongroom_tests::{Answer, Bank, Value, assert_json, json, refusals, text};

/// A request, and what came back at first.
struct Asked {
    call: &'static str,
    key: String,
    body: Value,
    answer: Answer,
}

impl Asked {
    async fn first(pair: &Pair, call: &'static str, body: Value) -> Self {
        let key = new_key();
        let answer = send(pair, call, &key, &body).await;
        assert!(!answer.replayed(), "{call} {body}");
        Self {
            call,
            key,
            body,
            answer,
        }
    }

    /// It has the answer of the first time, and another body under its key has none.
    async fn assert_kept(&self, pair: &Pair) {
        let Self { call, body, .. } = self;
        let again = send(pair, call, &self.key, body).await;
        assert!(again.replayed(), "{call} {body}: {}", again.text());
        assert_eq!(
            (again.status, again.kept_body()),
            (self.answer.status, self.answer.kept_body()),
            "{call} {body}"
        );
        let other = another(body);
        let reused = send(pair, call, &self.key, &other).await;
        reused.refused(422, "idempotency_key_reused");
        assert!(!reused.replayed(), "{call} {other}");
    }

    /// It is a first request each time.
    async fn assert_forgotten(&self, pair: &Pair) {
        let Self { call, body, .. } = self;
        let again = send(pair, call, &self.key, body).await;
        assert_eq!(
            (again.status, again.replayed()),
            (self.answer.status, false),
            "{call} {body}: {}",
            again.text()
        );
        let code = |answer: &Answer| {
            let document: Value = serde_json::from_slice(&answer.body).expect("JSON");
            document["code"].clone()
        };
        assert_eq!(code(&again), code(&self.answer), "{call} {body}");
    }

    fn json(&self) -> Value {
        serde_json::from_slice(&self.answer.body).expect("JSON")
    }
}

async fn send(pair: &Pair, call: &str, key: &str, body: &Value) -> Answer {
    let path = format!("/api/transactions/{call}");
    pair.alice.post(&path).key(key).json(body).await
}

/// The same request with a reference, or without one if it has one.
fn another(body: &Value) -> Value {
    let mut other = body.clone();
    let line = match other.get_mut("transfers") {
        Some(lines) => &mut lines[0],
        None => &mut other,
    };
    line["reference"] = match line["reference"] {
        Value::Null => json!("another"),
        _ => Value::Null,
    };
    other
}

fn batch(atomic: bool, lines: &[Value]) -> Value {
    json!({"transfers": lines, "atomic": atomic})
}

/// A request of each kind that is recorded, with the status of its answer.
fn recorded(pair: &Pair) -> Vec<(&'static str, Value, u16)> {
    let cash = cash(&pair.from, "1.00", "EUR");
    let (good, too_much) = (pair.body("1.00"), pair.body("1000.00"));
    let nowhere = transfer(&pair.from, UNKNOWN_ID, "1.00", "EUR");
    let mixed = [good.clone(), too_much.clone(), nowhere, pair.body("1.234")];
    vec![
        ("transfer", good.clone(), 201),
        ("transfer", too_much.clone(), 422),
        ("withdraw", cash, 201),
        ("holds", good.clone(), 201),
        ("holds", too_much.clone(), 422),
        ("schedules", pair.order("1.00", &day(1)), 201),
        ("batch", batch(false, &mixed), 201),
        ("batch", batch(true, &[good.clone(), good.clone()]), 201),
        ("batch", batch(true, &[good, too_much]), 422),
    ]
}

/// A request of each kind of which nothing is recorded, with the status of its answer.
fn refused(pair: &Pair) -> Vec<(&'static str, Value, u16)> {
    let nowhere = transfer(&pair.from, UNKNOWN_ID, "1.00", "EUR");
    let malformed = pair.body("1.234");
    let to_itself = transfer(&pair.from, &pair.from, "1.00", "EUR");
    let only_refusals = [nowhere.clone(), malformed.clone(), to_itself.clone()];
    vec![
        ("transfer", nowhere.clone(), 404),
        ("transfer", malformed.clone(), 422),
        ("transfer", to_itself, 422),
        ("holds", nowhere.clone(), 404),
        ("batch", batch(false, &only_refusals), 201),
        ("batch", batch(true, &[pair.body("1.00"), nowhere]), 422),
        ("batch", batch(true, &[pair.body("1.00"), malformed]), 422),
    ]
}

async fn ask(pair: &Pair, requests: Vec<(&'static str, Value, u16)>) -> Vec<Asked> {
    let mut all = Vec::new();
    for (call, body, status) in requests {
        let asked = Asked::first(pair, call, body).await;
        let text = asked.answer.text();
        assert_eq!(asked.answer.status, status, "{call}: {text}");
        all.push(asked);
    }
    all
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_recorded_answer_is_the_same_for_ever_and_a_refusal_leaves_nothing() {
    let mut bank = Bank::start().await;
    let mut pair = bank.pair().await;
    let kept = ask(&pair, recorded(&pair)).await;
    let mixed = kept.iter().find(|asked| asked.call == "batch");
    let mixed = mixed.expect("a batch").json();
    assert_json!(mixed["outcomes"], [
        {"index": 0, "status": "posted", "code": null},
        {"index": 1, "status": "declined", "code": "insufficient_funds"},
        {"index": 2, "status": "refused", "code": "account_not_found"},
        {"index": 3, "status": "refused", "code": "amount_invalid"},
    ]);
    let id = text(&mixed["id"]);
    refusals! { pair.bob => GET "/api/transactions/{id}" => 404 "not_found"; }
    let forgotten = ask(&pair, refused(&pair)).await;
    for _restart in 0..2 {
        for asked in &kept {
            asked.assert_kept(&pair).await;
        }
        for asked in &forgotten {
            asked.assert_forgotten(&pair).await;
        }
        // 1.00 was paid twice alone, and three times in batches; 1.00 more is held.
        assert_eq!(pair.alice.balance(&pair.from).await, "95.00");
        bank.host.restart().await;
        pair = pair.at(&bank);
    }

    for (asked, status) in kept
        .iter()
        .zip([200; 9])
        .chain(forgotten.iter().zip([404; 7]))
    {
        let body = asked.json();
        let id = ["id", "transaction_id"].map(|member| body[member].as_str());
        let Some(id) = id.into_iter().flatten().next() else {
            continue;
        };
        let folder = if asked.call == "schedules" {
            "schedules/"
        } else {
            ""
        };
        let path = format!("/api/transactions/{folder}{id}");
        let found = pair.alice.get(&path).await;
        assert_eq!(found.status, status, "{}: {}", asked.call, found.text());
        if asked.call == "batch" && status == 200 {
            assert_eq!(found.expect(200)["outcomes"], body["outcomes"]);
        }
    }

    // The key of what was refused is free for another request.
    for asked in forgotten {
        let good = match asked.call {
            "batch" => batch(true, &[pair.body("1.00")]),
            _ => pair.body("1.00"),
        };
        let first = send(&pair, asked.call, &asked.key, &good).await;
        first.expect(201);
        assert!(!first.replayed(), "{}", asked.call);
    }
}
