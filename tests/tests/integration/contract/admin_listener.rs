//! Section 3: the admin listener.

use strongroom_tests::bank::{ADMIN_PASSWORD, text};
use strongroom_tests::host::Host;
use strongroom_tests::registry::{BANK_SERVICES, Registry};
use strongroom_tests::wire::Connection;
use strongroom_tests::{Bank, Value, wait_for};
use tempfile::tempdir;

#[tokio::test]
async fn get_healthz() {
    let bank = Bank::shared().await;
    assert_eq!(bank.host.admin().get("/healthz").await.status, 200);
}

#[tokio::test]
async fn get_readyz() {
    let bank = Bank::shared().await;
    assert_eq!(bank.host.admin().get("/readyz").await.status, 200);
}

#[tokio::test]
async fn readyz_is_200_only_when_every_service_serves() {
    // With nothing compiled before, the start takes long enough to be seen.
    let cache = tempdir().expect("a temporary folder");
    let registry = Registry::bank().host("cache", cache.path().display().to_string());
    let mut host = Host::prepared(&registry, Some(ADMIN_PASSWORD));
    host.launch();
    let admin = host.admin();
    wait_for("every service to serve", 180, async || {
        assert_eq!(
            admin.get("/healthz").await.status,
            200,
            "the process works while it starts"
        );
        let ready = admin.get("/readyz").await.status;
        assert!([200, 503].contains(&ready), "{ready}");
        let states = states(&admin.get("/services").await.json(200));
        let all_serve =
            states.len() == BANK_SERVICES.len() && states.iter().all(|state| state == "serving");
        assert!(ready == 503 || all_serve, "ready, and yet {states:?}");
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
    let answer = bank.host.admin().get("/services").await.json(200);
    let services = answer["services"].as_array().expect("a list");
    let names: Vec<&str> = services
        .iter()
        .map(|service| text(&service["name"]))
        .collect();
    let of_bank = BANK_SERVICES.map(|(name, _)| name);
    for name in of_bank.into_iter().chain(["hello", "hostile", "guarded"]) {
        assert_eq!(
            names.iter().filter(|found| **found == name).count(),
            1,
            "{name} in {names:?}"
        );
    }
    for service in services {
        assert_is_described(service);
    }
}

#[tokio::test]
async fn get_services_counts_requests() {
    let bank = Bank::shared().await;
    let admin = bank.host.admin();
    let count = async || {
        let answer = admin.get("/services").await.json(200);
        let services = answer["services"].as_array().expect("a list").clone();
        let hello = services
            .into_iter()
            .find(|service| service["name"] == "hello")
            .expect("hello is there");
        hello["requests_total"].as_u64().expect("a count")
    };
    let before = count().await;
    for _request in 0..3 {
        bank.client().get("/api/hello").await;
    }
    assert!(count().await >= before + 3, "three more than {before}");
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
    let name = text(&service["name"]);
    assert_eq!(service["route"], format!("/api/{name}"));
    assert!(text(&service["component"]).ends_with(".wasm"), "{service}");
    let digest = text(&service["digest"])
        .strip_prefix("sha256:")
        .expect("a digest names its function");
    assert!(
        digest.len() == 64 && digest.chars().all(|c| c.is_ascii_hexdigit()),
        "{digest}"
    );
    assert_eq!(service["wasi"], "0.2");
    assert!(
        service["generation"]
            .as_u64()
            .is_some_and(|generation| generation >= 1),
        "{service}"
    );
    assert_eq!(service["state"], "serving");
    assert!(
        text(&service["since"]).ends_with('Z') && text(&service["since"]).contains('T'),
        "{service}"
    );
    assert!(service["last_error"].is_null(), "{service}");
    let live = service["instances"]["live"].as_u64().expect("a count");
    let max = service["instances"]["max"].as_u64().expect("a count");
    assert!(live <= max && max >= 1, "{service}");
    assert!(service["requests_total"].is_u64(), "{service}");
}

fn states(answer: &Value) -> Vec<String> {
    answer["services"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|service| text(&service["state"]).to_owned())
        .collect()
}
