//! Goal: a key always has one answer, and for no other request; what was refused leaves nothing
//! behind. The answer is the same to the byte, but that a problem document names its own request.
//!
//! Method: a request of each kind and outcome, in a batch and alone. Each is sent again, with its
//! body and with another, before and after the bank was killed. `storms/keys.rs` has a hundred
//! clients do so at once.

use strongroom_tests::bank::{Pair, UNKNOWN_ID, cash, day, new_key, transfer};
use strongroom_tests::{Answer, Bank, Value, json};

async fn send(pair: &Pair, call: &str, key: &str, body: &Value) -> Answer {
    let path = format!("/api/transactions/{call}");
    pair.alice.post(&path).key(key).json(body).await
}

/// The same request with a reference.
fn another(body: &Value) -> Value {
    let mut other = body.clone();
    let line = match other.get_mut("transfers") {
        Some(lines) => &mut lines[0],
        None => &mut other,
    };
    line["reference"] = json!("another");
    other
}

/// Calls with their bodies and the status of their answers, and whether that is recorded.
fn requests(pair: &Pair) -> Vec<(&'static str, Value, u16, bool)> {
    let batch = |atomic: bool, lines: &[&Value]| json!({"transfers": lines, "atomic": atomic});
    let cash = cash(&pair.from, "1.00", "EUR");
    let (good, too_much) = (&pair.body("1.00"), &pair.body("1000.00"));
    let nowhere = &transfer(&pair.from, UNKNOWN_ID, "1.00", "EUR");
    let malformed = &pair.body("1.234");
    let to_itself = &transfer(&pair.from, &pair.from, "1.00", "EUR");
    let mixed = [good, too_much, nowhere, malformed];
    let (recorded, refused) = (true, false);
    Vec::from(rows! {
        ("transfer", good.clone(), 201, recorded), ("transfer", too_much.clone(), 422, recorded),
        ("holds", good.clone(), 201, recorded), ("holds", too_much.clone(), 422, recorded),
        ("withdraw", cash, 201, recorded),
        ("schedules", pair.order("1.00", &day(1)), 201, recorded),
        ("batch", batch(false, &mixed), 201, recorded),
        ("batch", batch(true, &[good, good]), 201, recorded),
        ("batch", batch(true, &[good, too_much]), 422, recorded),
        ("transfer", nowhere.clone(), 404, refused), ("holds", nowhere.clone(), 404, refused),
        ("transfer", malformed.clone(), 422, refused),
        ("transfer", to_itself.clone(), 422, refused),
        ("batch", batch(false, &mixed[2..]), 201, refused),
        ("batch", batch(true, &[good, nowhere]), 422, refused),
        ("batch", batch(true, &[good, malformed]), 422, refused),
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_recorded_answer_is_the_same_for_ever_and_a_refusal_leaves_nothing() {
    let mut bank = Bank::start().await;
    let mut pair = bank.pair().await;
    let mut asked = Vec::new();
    for (call, body, status, is_recorded) in requests(&pair) {
        let key = new_key();
        let first = send(&pair, call, &key, &body).await;
        let text = first.text();
        assert_eq!((first.status, first.replayed()), (status, false), "{text}");
        asked.push((call, key, body, first, is_recorded));
    }
    for _restart in 0..2 {
        for (call, key, body, first, is_recorded) in &asked {
            let again = send(&pair, call, key, body).await;
            assert_eq!(again.replayed(), *is_recorded, "{call} {body}");
            let [again, first] = [&again, first].map(|answer| (answer.status, answer.kept_body()));
            assert_eq!(again, first, "{call} {body}");
            if *is_recorded {
                let reused = send(&pair, call, key, &another(body)).await;
                reused.refused(422, "idempotency_key_reused");
                assert!(!reused.replayed(), "{call} {body}");
            }
        }
        // 1.00 was paid twice alone, and three times in batches; 1.00 more is held.
        assert_eq!(pair.alice.balance(&pair.from).await, "95.00");
        bank.host.restart().await;
        pair = pair.at(&bank);
    }
    // The key of what was refused is free for another request.
    for (call, key, ..) in asked.iter().filter(|(.., is_recorded)| !is_recorded) {
        let good = match *call {
            "batch" => json!({"transfers": [pair.body("1.00")], "atomic": true}),
            _ => pair.body("1.00"),
        };
        let first = send(&pair, call, key, &good).await;
        first.expect(201);
        assert!(!first.replayed(), "{call}");
    }
}
