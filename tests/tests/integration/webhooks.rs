//! Goal: a webhook is sent events, signed, and again if it was not taken; and the service that
//! sends them cannot move money.
//!
//! Method: the real binary, and a small HTTP server on loopback that keeps what it is sent. What
//! ends, delays or repeats a delivery, the tests of `components/webhook` say.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use strongroom_tests::bank::new_key;
use strongroom_tests::registry::Registry;
use strongroom_tests::{Bank, Person, Value, assert_json, json, list, text, wait_for, workspace};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// The bank's tick comes every second; on a loaded machine it takes longer.
const SECONDS_MAX: u64 = 60;

const WEBHOOKS: &str = "/api/webhooks";

/// Creates a webhook; returns it and its path.
async fn create(admin: &Person, body: &Value) -> (Value, String) {
    let call = admin.post(WEBHOOKS).key(&new_key()).json(body);
    let webhook = call.await.expect(201);
    let path = format!("{WEBHOOKS}/{}", text(&webhook["id"]));
    (webhook, path)
}

/// The deliveries of a webhook, newest first, once the newest is as `is_wanted` says.
async fn deliveries(admin: &Person, path: &str, is_wanted: impl Fn(&Value) -> bool) -> Vec<Value> {
    let path = format!("{path}/deliveries?limit=500");
    wait_for("the delivery", SECONDS_MAX, async || {
        let page = admin.read(&path).await;
        let newest = list(&page["data"]).first()?;
        is_wanted(newest).then(|| list(&page["data"]).to_vec())
    })
    .await
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
        self.received.lock().expect("no panic").push(received);
        let answer = self.answers.lock().expect("no panic").pop_front();
        let status = answer.unwrap_or(204);
        let answer =
            format!("HTTP/1.1 {status} Answer\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
        let _gone = stream.write_all(answer.as_bytes()).await;
        let _gone = stream.shutdown().await;
    }

    /// Answers the next request with this status.
    fn answer_next(&self, status: u16) {
        let mut answers = self.answers.lock().expect("no panic");
        answers.push_back(status);
    }

    fn received(&self) -> Vec<Received> {
        self.received.lock().expect("no panic").clone()
    }

    async fn wait_for(&self, count: usize) -> Vec<Received> {
        wait_for("deliveries", SECONDS_MAX, async || {
            let received = self.received();
            (received.len() >= count).then_some(received)
        })
        .await
    }

    /// A bank that may send to it.
    async fn bank(&self) -> Bank {
        let outbound = vec![self.url.clone()];
        let registry =
            Registry::bank().change("webhooks", |service| service.set("outbound", outbound));
        Bank::start_with(&registry).await
    }
}

#[tokio::test]
async fn a_webhook_gets_signed_events_and_again_what_it_did_not_take_until_its_receiver_is_gone() {
    let receiver = Receiver::start().await;
    let bank = receiver.bank().await;
    let pair = bank.pair().await;
    let admin = bank.admin().await;
    let url = format!("{}/hook?from=bank", receiver.url);
    let body = json!({"url": url, "events": ["transfer.posted"]});
    let by_customer = pair.alice.post(WEBHOOKS).key(&new_key()).json(&body);
    by_customer.await.refused(403, "forbidden");
    let (webhook, path) = create(&admin, &body).await;
    let secret = text(&webhook["secret"]).strip_prefix("whsec_");
    let secret = STANDARD.decode(secret.expect("its prefix"));
    let secret = secret.expect("base64");
    let list = admin.read(WEBHOOKS).await;
    assert!(!list.to_string().contains("whsec_"), "{list}");

    receiver.answer_next(500);
    let paid = pair.send("1").await;
    let received = receiver.wait_for(2).await;
    for request in &received {
        let head = &request.head;
        assert!(head.starts_with("POST /hook?from=bank HTTP/1.1"), "{head}");
        request.assert_signed(&secret);
        assert_eq!(request.event()["data"]["id"], paid["id"]);
    }
    assert_eq!(received[0].body, received[1].body);
    assert_eq!(
        received[0].header("webhook-id"),
        received[1].header("webhook-id")
    );

    let list = deliveries(&admin, &path, |newest| newest["status"] == "delivered").await;
    assert_eq!(list[0]["attempts"], 2);
    let resend = format!("{path}/deliveries/{}/resend", list[0]["sequence"]);
    assert_eq!(admin.post(&resend).key(&new_key()).await.status, 202);
    receiver.wait_for(3).await[2].assert_signed(&secret);

    receiver.answer_next(410);
    pair.send("1").await;
    deliveries(&admin, &path, |newest| newest["status"] == "dead").await;
    let list = admin.read(WEBHOOKS).await;
    assert_json!(list["data"][0], {"status": "ended", "ended_because": "receiver_gone"});
    let log = bank.host.log_until_now().await;
    let told = format!("webhook {} has ended", text(&webhook["id"]));
    assert!(log.contains(&told), "no {told:?} in the log");

    let deleted = admin.delete(&path);
    let deleted = deleted.header("x-request-id", "deletion-7");
    deleted.await.expect_no_content();
    let gone = admin.get(&format!("{path}/deliveries")).await;
    gone.refused(404, "not_found");
    assert_logged(&bank, &webhook).await;
}

/// The audit log has what was done to the webhook, for auditors and administrators alone.
async fn assert_logged(bank: &Bank, webhook: &Value) {
    let log = format!("{WEBHOOKS}/audit-log");
    let auditor = bank.staff("auditor").await;
    let customer = bank.customer().await;
    customer.get(&log).await.refused(403, "forbidden");
    let unknown = auditor.get(&format!("{log}?hook=1")).await;
    unknown.refused(422, "validation_failed");
    let query = format!("{log}?limit=2&webhook_id={}", text(&webhook["id"]));
    let [deleted, ended, resent, created] = &auditor.all(&query).await[..] else {
        panic!("four events")
    };
    assert_eq!(deleted["action"], "webhook.deleted");
    assert_eq!(deleted["request_id"], "deletion-7");
    assert_eq!(ended["action"], "webhook.ended");
    assert_eq!(resent["action"], "webhook.resent");
    assert_eq!(created["action"], "webhook.created");
    assert_eq!(created["actor_id"], webhook["created_by"]);
}

#[tokio::test]
async fn a_webhook_is_sent_only_to_what_the_registry_names() {
    let receiver = Receiver::start().await;
    let bank = Bank::shared().await;
    let pair = bank.pair().await;
    let admin = bank.admin().await;
    let (webhook, path) = create(&admin, &json!({"url": receiver.url})).await;
    let warning = &webhook["warnings"][0];
    assert_json!(warning, {"code": "origin_not_allowed", "pointer": "/url"});
    let log = bank.host.log_until_now().await;
    assert!(log.contains(&format!("does not name {}", receiver.url)));
    pair.send("1").await;
    let list = deliveries(&admin, &path, |newest| newest["last_error"].is_string()).await;
    let error = text(&list[0]["last_error"]);
    assert!(error.contains("outbound"), "{error}");
    assert!(receiver.received().is_empty());
    admin.delete(&path).await.expect_no_content();
}

#[tokio::test]
async fn a_component_that_can_move_money_is_refused_as_webhooks() {
    let bank = Bank::start().await;
    let mover = workspace::component("transaction");
    let registry = Registry::bank().change("webhooks", |service| service.file(&mover));
    bank.save(&registry);
    let report = bank.host.admin().post("/services/reload").await.json(422);
    let change = &report["changes"][0];
    assert_json!(change, {"service": "webhooks", "outcome": "refused"});
    let reason = text(&change["reason"]);
    assert!(reason.contains("`strongroom:account/ledger"), "{reason}");
    let path = format!("{WEBHOOKS}?limit=1");
    bank.admin().await.read(&path).await;
}

#[test]
fn the_webhook_component_imports_the_journal_and_not_the_ledger() {
    let webhook = workspace::component("webhook");
    let imports = |name: &str| workspace::names_interface(&webhook, name);
    assert!(imports("strongroom:account/journal@"));
    assert!(!imports("strongroom:account/ledger@"));
}
