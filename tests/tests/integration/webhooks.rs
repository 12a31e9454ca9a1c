//! Goal: a webhook is sent events, signed, and again if it was not taken; and the service that
//! sends them cannot move money.
//!
//! Method: the real binary, and a small HTTP server on loopback that keeps what it is sent. What
//! ends, delays or repeats a delivery, the tests of `components/webhook` say.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use strongroom_tests::bank::new_key;
use strongroom_tests::receiver::{Received, Receiver};
use strongroom_tests::registry::Registry;
use strongroom_tests::{
    Bank, Person, Value, assert_json, json, list, refusals, text, wait_for, workspace,
};

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

/// The bytes of a webhook's secret.
fn secret_of(webhook: &Value) -> Vec<u8> {
    let secret = text(&webhook["secret"]).strip_prefix("whsec_");
    STANDARD
        .decode(secret.expect("its prefix"))
        .expect("base64")
}

fn assert_signed(request: &Received, secret: &[u8]) {
    assert_eq!(
        request.header("webhook-signature"),
        signature(request, secret)
    );
}

/// Computed from the words of the specification alone.
fn signature(request: &Received, secret: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).expect("any key");
    let [id, time] = ["webhook-id", "webhook-timestamp"].map(|name| request.header(name));
    let signed = [id.as_bytes(), b".", time.as_bytes(), b".", &request.body];
    mac.update(&signed.concat());
    format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
}

/// A bank that may send to the receiver.
async fn bank_that_sends_to(receiver: &Receiver) -> Bank {
    let outbound = vec![receiver.url.clone()];
    let registry = Registry::bank().change("webhooks", |service| service.set("outbound", outbound));
    Bank::start_with(&registry).await
}

#[tokio::test]
async fn a_webhook_gets_signed_events_and_again_what_it_did_not_take_until_its_receiver_is_gone() {
    let receiver = Receiver::start().await;
    let bank = bank_that_sends_to(&receiver).await;
    let pair = bank.pair().await;
    let admin = bank.admin().await;
    let url = format!("{}/hook?from=bank", receiver.url);
    let body = json!({"url": url, "events": ["transfer.posted"]});
    let by_customer = pair.alice.post(WEBHOOKS).key(&new_key()).json(&body);
    by_customer.await.refused(403, "forbidden");
    let (webhook, path) = create(&admin, &body).await;
    let secret = secret_of(&webhook);
    let list = admin.read(WEBHOOKS).await;
    assert!(!list.to_string().contains("whsec_"), "{list}");

    receiver.answer_next(500);
    let paid = pair.send("1").await;
    let received = receiver.wait_for(2).await;
    for request in &received {
        let head = &request.head;
        assert!(head.starts_with("POST /hook?from=bank HTTP/1.1"), "{head}");
        assert_signed(request, &secret);
        assert_eq!(request.json()["data"]["id"], paid["id"]);
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
    assert_signed(&receiver.wait_for(3).await[2], &secret);

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
    assert_json!(Value::from(auditor.all(&query).await), [
        {"action": "webhook.deleted", "request_id": "deletion-7"},
        {"action": "webhook.ended"},
        {"action": "webhook.resent"},
        {"action": "webhook.created", "actor_id": webhook["created_by"]},
    ]);
}

#[tokio::test]
async fn a_webhook_is_tested_changed_and_gets_a_new_secret_beside_the_old_one() {
    let receiver = Receiver::start().await;
    let bank = bank_that_sends_to(&receiver).await;
    let admin = bank.admin().await;
    let auditor = bank.staff("auditor").await;
    let url = format!("{}/first", receiver.url);
    let (webhook, path) = create(&admin, &json!({"url": url})).await;

    let test = format!("{path}/test");
    let result = admin.post(&test).await.expect(200);
    assert_json!(result, {"delivered": true, "error": null});
    let request = &receiver.wait_for(1).await[0];
    assert_eq!(request.header("webhook-id"), text(&result["id"]));
    assert_json!(request.json(), {"type": "webhook.test", "sequence": 0});
    receiver.answer_next(500);
    let result = admin.post(&test).await.expect(200);
    assert_json!(result, {"delivered": false, "response_status": 500});

    let url = format!("{}/second", receiver.url);
    let change = json!({"url": url, "events": ["transfer.posted"]});
    let by_auditor = auditor.patch(&path).json(&change).await;
    by_auditor.refused(403, "forbidden");
    let changed = admin.patch(&path).json(&change).await.expect(200);
    assert_json!(changed, {"url": url, "events": ["transfer.posted"]});
    assert_eq!(auditor.read(&path).await, changed);

    let rotate = format!("{path}/rotate-secret");
    let key = new_key();
    let rotated = admin.post(&rotate).key(&key).await.expect(201);
    let again = admin.post(&rotate).key(&key).await.expect(201);
    assert_json!(again, {"secret": null});
    admin.post(&test).await.expect(200);
    let request = &receiver.wait_for(3).await[2];
    let head = &request.head;
    assert!(head.starts_with("POST /second "), "{head}");
    let secrets = [&rotated, &webhook].map(secret_of);
    let signatures = secrets.map(|secret| signature(request, &secret));
    assert_eq!(request.header("webhook-signature"), signatures.join(" "));

    refusals! {
        admin => POST "{rotate}" {"old_secrets_expire_in": 604_801}
            => 422 "validation_failed" "/old_secrets_expire_in";
    }
    assert!(!bank.host.log_until_now().await.contains("whsec_"));
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
