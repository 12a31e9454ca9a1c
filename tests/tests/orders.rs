//! What the bank does by itself, and what it tells: standing orders, events, webhooks.
//!
//! Goal: a standing order pays each date once, also through a crash; whoever follows the events sees each of his once and in order; a webhook
//! gets what happens, signed, and again if it was not taken.
//!
//! Method: the real binary, and a small HTTP server on loopback that keeps what it is sent, and answers as it is told.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use strongroom_tests::bank::{new_key, text};
use strongroom_tests::registry::Registry;
use strongroom_tests::{Bank, Person, Value, json, wait_for};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// The bank's tick comes every second; on a loaded machine it takes longer.
const SECONDS_MAX: u64 = 60;

/// A day from now, as `YYYY-MM-DD` in UTC.
fn day(days_from_now: i64) -> String {
    let now = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .expect("it is later than 1970");
    let days = i64::try_from(now.as_secs() / 86_400).expect("a number of days") + days_from_now;
    // Howard Hinnant's `civil_from_days`.
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_index = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_index + 2) / 5 + 1;
    let month = (month_index + 2) % 12 + 1;
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

/// Two customers, the first with 100.00 EUR, and their accounts.
struct People {
    payer: Person,
    payee: Person,
    from: String,
    to: String,
}

async fn people(bank: &Bank) -> People {
    let (payer, payee) = (bank.customer().await, bank.customer().await);
    let (from, to) = (
        payer.open_account("EUR").await,
        payee.open_account("EUR").await,
    );
    let teller = bank.staff("teller").await;
    teller.deposit(&from, "100.00", "EUR").await;
    People {
        payer,
        payee,
        from,
        to,
    }
}

impl People {
    fn order(&self, start: &str) -> Value {
        json!({"from_account_id": self.from, "to_account_id": self.to, "amount": "7.50", "currency": "EUR", "reference": "rent",
            "start": start, "interval": "monthly"})
    }

    async fn last_run(&self, id: &str) -> Option<Value> {
        let path = format!("/api/transactions/schedules/{id}");
        let schedule = self.payer.get(&path).await.expect(200);
        let run = schedule["last_run"].clone();
        (run["status"] == "posted").then_some(run)
    }
}

#[tokio::test]
async fn a_standing_order_pays_today_once_even_if_the_host_is_killed() {
    let mut bank = Bank::start().await;
    let mut people = people(&bank).await;
    let key = new_key();
    let order = people.order(&day(0));
    let schedule = people
        .payer
        .post("/api/transactions/schedules")
        .key(&key)
        .json(&order)
        .await
        .expect(201);
    assert_eq!(
        (&schedule["status"], &schedule["next_due"]),
        (&json!("active"), &json!(day(0)))
    );
    bank.host.kill();
    bank.host.launch();
    bank.host.wait_until_ready().await;
    people.payer = people.payer.at(&bank);
    people.payee = people.payee.at(&bank);
    let id = text(&schedule["id"]).to_owned();
    let run = wait_for("the payment", SECONDS_MAX, async || {
        people.last_run(&id).await
    })
    .await;
    assert_eq!(run["due"], json!(day(0)));
    bank.host.kill();
    bank.host.launch();
    bank.host.wait_until_ready().await;
    people.payer = people.payer.at(&bank);
    people.payee = people.payee.at(&bank);
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(people.payee.balance(&people.to).await, "7.50");
    assert_eq!(people.payee.entries(&people.to).await.len(), 1);
    let transaction = text(&run["transaction_id"]);
    let paid = people
        .payer
        .get(&format!("/api/transactions/{transaction}"))
        .await
        .expect(200);
    assert_eq!(
        (&paid["reference"], &paid["metadata"]["schedule_id"]),
        (&json!("rent"), &schedule["id"])
    );
    // The request repeated is answered as it was.
    let again = people
        .payer
        .post("/api/transactions/schedules")
        .key(&key)
        .json(&order)
        .await;
    assert!(again.replayed());
    assert_eq!(again.expect(201), schedule);
}

#[tokio::test]
async fn many_standing_orders_pay_once_each_wherever_the_host_is_killed() {
    const ORDERS: usize = 40;
    let mut bank = Bank::start().await;
    let mut people = people(&bank).await;
    let mut order = people.order(&day(0));
    order["amount"] = json!("0.50");
    for _ in 0..ORDERS {
        let asked = people.payer.post("/api/transactions/schedules");
        asked.key(&new_key()).json(&order).await.expect(201);
    }
    for pause_ms in [0, 20, 60, 200, 600] {
        bank.host.kill();
        bank.host.launch();
        bank.host.wait_until_ready().await;
        tokio::time::sleep(Duration::from_millis(pause_ms)).await;
    }
    people.payer = people.payer.at(&bank);
    people.payee = people.payee.at(&bank);
    wait_for("all payments", SECONDS_MAX, async || {
        let path = "/api/transactions/schedules?limit=500";
        let schedules = people.payer.all(path).await;
        let is_paid = |schedule: &Value| schedule["last_run"]["status"] == "posted";
        (schedules.len() == ORDERS && schedules.iter().all(is_paid)).then_some(())
    })
    .await;
    assert_eq!(people.payee.balance(&people.to).await, "20.00");
    assert_eq!(people.payee.entries(&people.to).await.len(), ORDERS);
}

#[tokio::test]
async fn a_standing_order_is_its_owner_s_begins_today_or_later_and_can_be_ended() {
    let bank = Bank::shared().await;
    let people = people(&bank).await;
    let post = |person: &Person, body: Value| {
        person
            .post("/api/transactions/schedules")
            .key(&new_key())
            .json(&body)
    };
    let past = post(&people.payer, people.order(&day(-1))).await;
    let problem = past.refused(422, "schedule_in_past");
    assert_eq!(problem["errors"][0]["pointer"], "/start");
    let foreign = post(&people.payee, people.order(&day(1))).await;
    foreign.refused(404, "account_not_found");
    let unkeyed = people.payer.post("/api/transactions/schedules");
    let unkeyed = unkeyed.json(&people.order(&day(1))).await;
    unkeyed.refused(400, "idempotency_key_missing");
    let schedule = post(&people.payer, people.order(&day(1))).await.expect(201);
    let path = format!("/api/transactions/schedules/{}", text(&schedule["id"]));
    people.payee.get(&path).await.refused(404, "not_found");
    people
        .payee
        .call("DELETE", &path)
        .await
        .refused(404, "not_found");
    let list = people
        .payer
        .all("/api/transactions/schedules?limit=1")
        .await;
    assert_eq!(list, [schedule]);
    people.payer.call("DELETE", &path).await.expect_no_content();
    let ended = people.payer.get(&path).await.expect(200);
    assert_eq!(
        (&ended["status"], &ended["next_due"]),
        (&json!("cancelled"), &Value::Null)
    );
}

/// All events of a reader behind a place, in pages.
async fn events(reader: &Person, after: u64, limit: usize) -> Vec<Value> {
    let mut after = after;
    let mut seen = Vec::new();
    loop {
        let path = format!("/api/transactions/events?after_sequence={after}&limit={limit}");
        let page = reader.get(&path).await.expect(200);
        seen.extend_from_slice(page["data"].as_array().expect("a list"));
        after = page["next_after_sequence"].as_u64().expect("a place");
        if page["has_more"] == false {
            return seen;
        }
    }
}

fn types(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| text(&event["type"])).collect()
}

#[tokio::test]
async fn events_come_in_order_to_those_they_concern() {
    let bank = Bank::shared().await;
    let people = people(&bank).await;
    people
        .payer
        .transfer(&new_key(), &people.from, &people.to, "10")
        .await
        .expect(201);
    people
        .payer
        .transfer(&new_key(), &people.from, &people.to, "1000")
        .await
        .refused(422, "insufficient_funds");
    let hold = json!({"from_account_id": people.from, "to_account_id": people.to, "amount": "5", "currency": "EUR"});
    let hold = people
        .payer
        .post("/api/transactions/holds")
        .key(&new_key())
        .json(&hold)
        .await
        .expect(201);
    let capture = format!("/api/transactions/holds/{}/capture", text(&hold["id"]));
    people
        .payer
        .post(&capture)
        .key(&new_key())
        .json(&json!({}))
        .await
        .expect(201);
    let expected = [
        "deposit.posted",
        "transfer.posted",
        "transfer.declined",
        "hold.placed",
        "hold.captured",
    ];
    for limit in [1, 2, 100] {
        let seen = events(&people.payer, 0, limit).await;
        assert_eq!(types(&seen), expected);
        let places: Vec<u64> = seen
            .iter()
            .map(|event| event["sequence"].as_u64().expect("a place"))
            .collect();
        assert!(places.is_sorted() && places.first() < places.last());
    }
    let payee = events(&people.payee, 0, 100).await;
    assert_eq!(
        types(&payee),
        ["transfer.posted", "hold.placed", "hold.captured"]
    );
    assert_eq!(payee[0]["data"]["amount"], "10.00");
    let stranger = bank.customer().await;
    assert!(events(&stranger, 0, 100).await.is_empty());
    let auditor = bank.staff("auditor").await;
    let all = events(&auditor, 0, 1_000).await;
    assert!(all.len() >= expected.len());
    for (index, event) in all.iter().enumerate() {
        assert_eq!(event["sequence"], json!(index + 1));
    }
    let path = "/api/transactions/events?limit=1001";
    people
        .payer
        .get(path)
        .await
        .refused(422, "validation_failed");
}

/// What a receiver was sent.
#[derive(Debug, Clone)]
struct Received {
    head: String,
    body: Vec<u8>,
}

impl Received {
    fn header(&self, name: &str) -> &str {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines
            .find(|(header, _)| header.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
            .unwrap_or_else(|| panic!("no {name} in {}", self.head))
    }

    /// Computed from the words of the specification alone.
    fn assert_signed(&self, secret: &[u8]) {
        let mut mac = Hmac::<Sha256>::new_from_slice(secret).expect("any key");
        let (id, time) = (self.header("webhook-id"), self.header("webhook-timestamp"));
        mac.update(
            [id.as_bytes(), b".", time.as_bytes(), b".", &self.body]
                .concat()
                .as_slice(),
        );
        let signature = format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()));
        assert_eq!(self.header("webhook-signature"), signature);
    }

    fn event(&self) -> Value {
        serde_json::from_slice(&self.body).expect("an event")
    }
}

/// An HTTP server that keeps what it is sent. It answers 204 when it has not been told otherwise.
#[derive(Debug, Clone)]
struct Receiver {
    url: String,
    received: Arc<Mutex<Vec<Received>>>,
    answers: Arc<Mutex<VecDeque<u16>>>,
}

impl Receiver {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let receiver = Self {
            url: format!("http://{}", listener.local_addr().expect("an address")),
            received: Arc::default(),
            answers: Arc::default(),
        };
        let server = receiver.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(server.clone().serve(stream));
            }
        });
        receiver
    }

    async fn serve(self, mut stream: TcpStream) {
        let mut bytes = Vec::new();
        let head_end = loop {
            if stream.read_buf(&mut bytes).await.unwrap_or(0) == 0 {
                return;
            }
            if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
                break end;
            }
        };
        let head = String::from_utf8_lossy(&bytes[..head_end]).into_owned();
        let mut body = bytes.split_off(head_end + 4);
        let mut received = Received {
            head,
            body: Vec::new(),
        };
        let length: usize = received.header("content-length").parse().expect("a length");
        while body.len() < length {
            if stream.read_buf(&mut body).await.unwrap_or(0) == 0 {
                return;
            }
        }
        received.body = body;
        self.received
            .lock()
            .expect("nobody panicked")
            .push(received);
        let answer = self.answers.lock().expect("nobody panicked").pop_front();
        let status = answer.unwrap_or(204);
        let answer =
            format!("HTTP/1.1 {status} Answer\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
        let _gone = stream.write_all(answer.as_bytes()).await;
        let _gone = stream.shutdown().await;
    }

    async fn wait_for(&self, count: usize) -> Vec<Received> {
        wait_for("deliveries", SECONDS_MAX, async || {
            let received = self.received.lock().expect("nobody panicked").clone();
            (received.len() >= count).then_some(received)
        })
        .await
    }
}

#[tokio::test]
async fn a_webhook_gets_signed_events_and_again_what_it_did_not_take() {
    let receiver = Receiver::start().await;
    let outbound: Vec<String> = vec![receiver.url.clone()];
    let registry =
        Registry::bank().change("transactions", |service| service.set("outbound", outbound));
    let bank = Bank::start_with(&registry).await;
    let people = people(&bank).await;
    let admin = bank.admin().await;
    let body =
        json!({"url": format!("{}/hook?from=bank", receiver.url), "events": ["transfer.posted"]});
    let path = "/api/transactions/webhooks";
    people
        .payer
        .post(path)
        .key(&new_key())
        .json(&body)
        .await
        .refused(403, "forbidden");
    let webhook = admin
        .post(path)
        .key(&new_key())
        .json(&body)
        .await
        .expect(201);
    let secret = text(&webhook["secret"])
        .strip_prefix("whsec_")
        .expect("its prefix");
    let secret = STANDARD.decode(secret).expect("base64");
    assert!(
        !admin
            .get(path)
            .await
            .expect(200)
            .to_string()
            .contains("whsec_")
    );

    receiver
        .answers
        .lock()
        .expect("nobody panicked")
        .push_back(500);
    let paid = people
        .payer
        .transfer(&new_key(), &people.from, &people.to, "1")
        .await
        .expect(201);
    let received = receiver.wait_for(2).await;
    for request in &received {
        assert!(
            request.head.starts_with("POST /hook?from=bank HTTP/1.1"),
            "{}",
            request.head
        );
        request.assert_signed(&secret);
        assert_eq!(request.event()["data"]["id"], paid["id"]);
    }
    assert_eq!(received[0].body, received[1].body);
    assert_eq!(
        received[0].header("webhook-id"),
        received[1].header("webhook-id")
    );

    let deliveries = format!("{path}/{}/deliveries", text(&webhook["id"]));
    let list = wait_for("the note of it", SECONDS_MAX, async || {
        let list = admin.get(&deliveries).await.expect(200);
        (list["data"][0]["status"] == "delivered").then_some(list)
    })
    .await;
    assert_eq!(list["data"][0]["attempts"], 2);
    let resend = format!("{deliveries}/{}/resend", list["data"][0]["sequence"]);
    assert_eq!(admin.post(&resend).key(&new_key()).await.status, 202);
    receiver.wait_for(3).await[2].assert_signed(&secret);

    let one = format!("{path}/{}", text(&webhook["id"]));
    let deleted = admin
        .call("DELETE", &one)
        .header("x-request-id", "deletion-7");
    deleted.await.expect_no_content();
    admin.get(&deliveries).await.refused(404, "not_found");

    let log = format!("{path}/audit-log");
    people.payer.get(&log).await.refused(403, "forbidden");
    let unknown = format!("{log}?hook=1");
    admin.get(&unknown).await.refused(422, "validation_failed");
    let told = admin
        .get(&format!(
            "{log}?limit=2&webhook_id={}",
            text(&webhook["id"])
        ))
        .await
        .expect(200);
    assert_eq!(told["data"][0]["action"], "webhook.deleted");
    assert_eq!(told["data"][0]["request_id"], "deletion-7");
    assert_eq!(told["data"][1]["action"], "webhook.resent");
    let next = format!("{log}?cursor={}", text(&told["next_cursor"]));
    let first = admin.get(&next).await.expect(200);
    assert_eq!(first["data"][0]["action"], "webhook.created");
    assert_eq!(first["data"][0]["actor_id"], webhook["created_by"]);
    assert_eq!(first["has_more"], false);
}

#[tokio::test]
async fn a_webhook_reaches_nobody_whom_the_registry_does_not_name() {
    let receiver = Receiver::start().await;
    let bank = Bank::shared().await;
    let people = people(&bank).await;
    let admin = bank.admin().await;
    let path = "/api/transactions/webhooks";
    let body = json!({"url": receiver.url});
    let webhook = admin
        .post(path)
        .key(&new_key())
        .json(&body)
        .await
        .expect(201);
    people
        .payer
        .transfer(&new_key(), &people.from, &people.to, "1")
        .await
        .expect(201);
    let deliveries = format!("{path}/{}/deliveries", text(&webhook["id"]));
    let error = wait_for("the refusal", SECONDS_MAX, async || {
        let list = admin.get(&deliveries).await.expect(200);
        list["data"][0]["last_error"].as_str().map(str::to_owned)
    })
    .await;
    assert!(error.contains("outbound"), "{error}");
    assert!(
        receiver
            .received
            .lock()
            .expect("nobody panicked")
            .is_empty()
    );
    let one = format!("{path}/{}", text(&webhook["id"]));
    admin.call("DELETE", &one).await.expect_no_content();
}
