//! The admin listener.

use strongroom_tests::bank::ADMIN_PASSWORD;
use strongroom_tests::host::Host;
use strongroom_tests::registry::{BANK_SERVICES, Registry};
use strongroom_tests::wire::Connection;
use strongroom_tests::{Bank, Value, assert_json, list, text, wait_for};
use tempfile::tempdir;

#[tokio::test]
async fn readyz_is_200_only_when_every_service_serves() {
    // With nothing compiled before, the start takes long enough to be seen.
    let cache = tempdir().expect("a temporary folder");
    let registry = Registry::bank().host("cache", cache.path().display().to_string());
    let mut host = Host::prepared(&registry, Some(ADMIN_PASSWORD));
    host.launch();
    let admin = host.admin();
    wait_for("every service to serve", 180, async || {
        // The process works while it starts.
        assert_eq!(admin.get("/healthz").await.status, 200);
        let ready = admin.get("/readyz").await.status;
        assert!([200, 503].contains(&ready), "{ready}");
        let services = host.services().await;
        let services = list(&services["services"]);
        let serving = services.iter().filter(|one| one["state"] == "serving");
        let all_serve = serving.count() == BANK_SERVICES.len();
        assert!(ready == 503 || all_serve, "ready, and yet {services:?}");
        (ready == 200).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_refusal_before_its_body_leaves_the_connection_or_says_that_it_closes() {
    let bank = Bank::shared().await;
    let ask = async |length: usize| {
        let mut connection = Connection::open(bank.host.admin_address()).await;
        let head = format!(
            "POST /services/reload HTTP/1.1\r\nhost: localhost\r\ncontent-length: {length}\r\n\r\n"
        );
        connection.send(head + &"x".repeat(length)).await;
        connection.wait_for("HTTP/1.1 401").await;
        connection
    };
    let mut small = ask(10).await;
    small.send("GET /healthz HTTP/1.1\r\n\r\n").await;
    small.wait_for("HTTP/1.1 200").await;
    let large = ask(1 << 20).await.received();
    assert!(large.contains("connection: close"), "{large}");
}

#[tokio::test]
async fn get_services() {
    let bank = Bank::shared().await;
    let before = bank.service("hello").await;
    for _request in 0..3 {
        bank.client().get("/api/hello").await;
    }
    let services = bank.services().await;
    let services = list(&services["services"]);
    let names: Vec<&str> = services
        .iter()
        .map(|service| text(&service["name"]))
        .collect();
    let of_bank = BANK_SERVICES.map(|(name, _)| name);
    for name in of_bank.into_iter().chain(["hello", "hostile", "guarded"]) {
        let listed = names.iter().filter(|found| **found == name).count();
        assert_eq!(listed, 1, "{name} in {names:?}");
    }
    services.iter().for_each(assert_is_described);
    let count = |service: &Value| service["requests_total"].as_u64().expect("a count");
    let after = bank.service("hello").await;
    assert!(count(&after) >= count(&before) + 3, "{before} {after}");
}

#[tokio::test]
async fn the_admin_listener_is_not_on_the_public_port() {
    let bank = Bank::shared().await;
    for path in ["/healthz", "/readyz", "/services", "/metrics"] {
        bank.client().get(path).await.problem(404);
    }
    let unknown = bank.host.admin().get("/api/hello").await;
    assert_eq!(unknown.status, 404, "nor the other way round");
}

fn assert_is_described(service: &Value) {
    let route = format!("/api/{}", text(&service["name"]));
    assert_json!(service, {
        "route": route, "wasi": "0.2", "state": "serving", "last_error": null,
    });
    assert!(text(&service["component"]).ends_with(".wasm"), "{service}");
    let digest = text(&service["digest"]).strip_prefix("sha256:");
    let digest = digest.expect("a digest names its function");
    assert!(digest.len() == 64 && digest.chars().all(|c| c.is_ascii_hexdigit()));
    assert!(service["generation"].as_u64() >= Some(1), "{service}");
    let since = text(&service["since"]);
    assert!(since.ends_with('Z') && since.contains('T'), "{service}");
    let instances = &service["instances"];
    let [live, max] = ["live", "max"].map(|count| instances[count].as_u64().expect("a count"));
    assert!(live <= max && max >= 1, "{service}");
}
