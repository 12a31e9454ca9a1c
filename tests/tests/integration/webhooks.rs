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
use strongroom_tests::json::assert_has;
use strongroom_tests::receiver::{Received, Receiver};
use strongroom_tests::registry::Registry;
use strongroom_tests::{
    Bank, Person, Value, assert_json, assert_parts, json, list, refusals, text, wait_for, workspace,
};

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
    // The bank's tick comes every second; on a loaded machine it takes longer.
    wait_for("the delivery", 60, async || {
        let page = admin.read(&path).await;
        let newest = list(&page["data"]).first()?;
        is_wanted(newest).then(|| list(&page["data"]).to_vec())
    })
    .await
}

/// The bytes of a webhook's secret.
fn secret_of(webhook: &Value) -> Vec<u8> {
    let secret = text(&webhook["secret"]).strip_prefix("whsec_");
    let secret = STANDARD.decode(secret.expect("its prefix"));
    secret.expect("base64")
}

/// Asserts signatures that are computed from the words of the specification alone.
fn assert_signed(request: &Received, secrets: &[&[u8]]) {
    let [id, time] = ["webhook-id", "webhook-timestamp"].map(|name| request.header(name));
    let signed = [id.as_bytes(), b".", time.as_bytes(), b".", &request.body].concat();
    let sign = |secret: &&[u8]| {
        let mut mac = Hmac::<Sha256>::new_from_slice(secret).expect("any key");
        mac.update(&signed);
        format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
    };
    let signatures: Vec<_> = secrets.iter().map(sign).collect();
    assert_eq!(request.header("webhook-signature"), signatures.join(" "));
}

#[tokio::test]
async fn a_webhook_gets_signed_events_and_again_what_it_did_not_take_until_its_receiver_is_gone() {
    let receiver = Receiver::start().await;
    let outbound = vec![receiver.url.clone()];
    let registry = Registry::bank().change("webhooks", |service| service.set("outbound", outbound));
    let bank = Bank::start_with(&registry).await;
    let (pair, auditor) = (bank.pair().await, bank.staff("auditor").await);
    let (alice, admin) = (&pair.alice, &pair.admin);
    let url = |path: &str| format!("{}/{path}", receiver.url);
    let body = json!({"url": url("first?from=bank"), "events": ["transfer.posted"]});
    let (webhook, path) = create(admin, &body).await;
    let secret = secret_of(&webhook);
    let (id, log) = (text(&webhook["id"]), format!("{WEBHOOKS}/audit-log"));
    refusals! {
        alice => POST "{WEBHOOKS}" (body) => 403 "forbidden";
        alice => GET "{log}" => 403 "forbidden";
        auditor => PATCH "{path}" {"events": null} => 403 "forbidden";
        admin => POST "{path}/rotate-secret" {"old_secrets_expire_in": 604_801}
            => 422 "validation_failed" "/old_secrets_expire_in";
    }

    receiver.answer_next(500);
    let paid = pair.send("1").await;
    let received = receiver.wait_for(2).await;
    for request in &received {
        let head = &request.head;
        assert!(head.starts_with("POST /first?from=bank HTTP/1.1"), "{head}");
        assert_signed(request, &[&secret]);
        assert_eq!(request.json()["data"]["id"], paid["id"]);
    }
    let [first, again] =
        [&received[0], &received[1]].map(|one| (&one.body, one.header("webhook-id")));
    assert_eq!(first, again);
    let list = deliveries(admin, &path, |newest| newest["status"] == "delivered").await;
    assert_eq!(list[0]["attempts"], 2);
    let resend = format!("{path}/deliveries/{}/resend", list[0]["sequence"]);
    assert_eq!(admin.post(&resend).key(&new_key()).await.status, 202);
    assert_signed(&receiver.wait_for(3).await[2], &[&secret]);

    // A test goes to the new place, signed by the new secret and the one before.
    let change = json!({"url": url("second"), "events": ["transfer.posted"]});
    let changed = admin.patch(&path).json(&change).await.expect(200);
    assert_has(&changed, &change);
    assert_eq!(auditor.read(&path).await, changed);
    let rotate = admin.post(&format!("{path}/rotate-secret"));
    let rotated = rotate.key(&new_key()).await.expect(201);
    let result = admin.post(&format!("{path}/test")).await.expect(200);
    assert_json!(result, {"delivered": true, "error": null});
    let request = &receiver.wait_for(4).await[3];
    let head = &request.head;
    assert!(head.starts_with("POST /second "), "{head}");
    assert_eq!(request.header("webhook-id"), text(&result["id"]));
    assert_json!(request.json(), {"type": "webhook.test", "sequence": 0});
    assert_signed(request, &[&secret_of(&rotated), &secret]);

    receiver.answer_next(410);
    pair.send("1").await;
    deliveries(admin, &path, |newest| newest["status"] == "dead").await;
    let list = admin.read(WEBHOOKS).await;
    assert_json!(list["data"][0], {"status": "ended", "ended_because": "receiver_gone"});
    let told = bank.host.log_until_now().await;
    assert_parts(&told, &[&format!("webhook {id} has ended")]);
    assert!(!format!("{told}{list}").contains("whsec_"), "{list}");

    let deleted = admin.delete(&path).header("x-request-id", "deletion-7");
    deleted.await.expect_no_content();
    let query = format!("{log}?limit=2&webhook_id={id}");
    assert_json!(Value::from(auditor.all(&query).await), [
        {"action": "webhook.deleted", "request_id": "deletion-7"},
        {"action": "webhook.ended"},
        {"action": "webhook.tested"},
        {"action": "webhook.secret_rotated"},
        {"action": "webhook.changed"},
        {"action": "webhook.resent"},
        {"action": "webhook.created", "actor_id": webhook["created_by"]},
    ]);
}

#[tokio::test]
async fn a_webhook_is_sent_only_to_what_the_registry_names() {
    let receiver = Receiver::start().await;
    let bank = Bank::shared().await;
    let pair = bank.pair().await;
    let admin = bank.admin().await;
    let (webhook, path) = create(&admin, &json!({"url": receiver.url})).await;
    assert_json!(&webhook["warnings"][0], {"code": "origin_not_allowed", "pointer": "/url"});
    let log = bank.host.log_until_now().await;
    assert_parts(&log, &[&format!("does not name {}", receiver.url)]);
    pair.send("1").await;
    let list = deliveries(&admin, &path, |newest| newest["last_error"].is_string()).await;
    assert_parts(text(&list[0]["last_error"]), &["outbound"]);
    assert!(receiver.received().is_empty());
    admin.delete(&path).await.expect_no_content();
}

#[test]
fn the_webhook_component_imports_the_journal_and_not_the_ledger() {
    let webhook = workspace::component("webhook");
    let imports = |name: &str| workspace::names_interface(&webhook, name);
    assert!(imports("strongroom:account/journal@"));
    assert!(!imports("strongroom:account/ledger@"));
}
