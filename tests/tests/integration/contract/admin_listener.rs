//! The admin listener.

use strongroom_tests::bank::ADMIN_PASSWORD;
use strongroom_tests::host::Host;
use strongroom_tests::registry::{BANK_SERVICES, Registry};
use strongroom_tests::wire::Connection;
use strongroom_tests::{Bank, assert_json, list, text, wait_for};
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
    let count = async || bank.service("hello").await["requests_total"].as_u64();
    let before = count().await.expect("a count");
    bank.client().get("/api/hello").await;
    assert!(count().await > Some(before));
    let services = bank.services().await;
    let services = list(&services["services"]);
    let of_bank = BANK_SERVICES.map(|(name, _)| name);
    for name in of_bank.into_iter().chain(["hello", "guarded"]) {
        let mut listed = services.iter().filter(|service| service["name"] == name);
        let service = listed.next().expect("it is listed");
        assert_eq!(listed.next(), None, "{name} is listed once");
        assert_json!(service, {
            "route": format!("/api/{name}"), "wasi": "0.2", "state": "serving", "generation": 1,
            "last_error": null,
        });
        assert!(text(&service["component"]).ends_with(".wasm"), "{service}");
        let digest = text(&service["digest"]);
        let is_digest = digest.starts_with("sha256:") && digest.len() == 71;
        assert!(is_digest, "{service}");
        assert!(text(&service["since"]).ends_with('Z'), "{service}");
        let [live, max] = ["live", "max"].map(|count| service["instances"][count].as_u64());
        assert!(live.is_some() && live <= max && max >= Some(1), "{service}");
    }
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
