//! Services that go, and what stays of them.

use crate::swap::operator::{
    assert_answers, history, listed, service, services, wait_for_generation, wait_for_log,
    wait_for_outcome,
};
use crate::swap::versions::{beside_a_bystander, pair, version};
use strongroom_tests::host::Host;
use strongroom_tests::registry::{Registry, Service};
use strongroom_tests::wire::Connection;
use strongroom_tests::{Answer, Client, Value, wait_for};
use tokio::task::JoinHandle;

fn alone() -> Registry {
    Registry::empty().service("bystander", version("version-a"))
}

async fn wait_until_gone(host: &Host, name: &str) {
    wait_for("the service to go", 60, async || {
        listed(host, name).await.is_none().then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_service_that_the_registry_no_longer_names_is_gone() {
    let host = Host::start(&beside_a_bystander(version("version-a")), None).await;
    let digest = service(&host, "changing").await["digest"].clone();
    alone().save(host.folder());
    let removed = wait_for_outcome(&host, "changing", "removed").await;
    assert_eq!(removed["changed"][0], "removed", "{removed}");
    assert_eq!(removed["from_digest"], digest, "{removed}");
    assert!(removed["to_digest"].is_null(), "{removed}");
    host.client()
        .get("/api/changing")
        .await
        .refused(404, "no_such_service");
    wait_until_gone(&host, "changing").await;
    wait_for_log(&host, &["changing", "was removed"]).await;
    assert_answers(&host, "/api/bystander", "version-a").await;
    assert_eq!(host.admin().get("/readyz").await.status, 200);
}

#[tokio::test]
async fn what_a_removed_service_began_it_ends() {
    // The gate is in the store, and a service that is gone cannot be asked to open it: so a request that was begun before does.
    let host = Host::start(&beside_a_bystander(version("version-a")), None).await;
    let (opener, held) = held(&host, "gate").await;
    alone().save(host.folder());
    wait_for_outcome(&host, "changing", "removed").await;
    host.client()
        .get("/api/changing")
        .await
        .refused(404, "no_such_service");
    assert_eq!(service(&host, "changing").await["state"], "draining");
    open(opener).await;
    let answer = held.await.expect("it is answered");
    assert_eq!((answer.status, answer.text().as_str()), (200, "version-a"));
    wait_until_gone(&host, "changing").await;
    let removed = &history(&host, "changing").await[0];
    assert!(removed["steps_us"]["drain"].is_u64(), "{removed}");
}

/// Begins a request that opens a gate when its body has been sent whole.
async fn opener(host: &Host, service: &str, gate: &str) -> Connection {
    let mut opener = Connection::open(host.address()).await;
    let path = format!("/api/{service}/open/{gate}");
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: bank\r\nconnection: close\r\ncontent-length: 2\r\n\r\n1"
    );
    opener.send(head).await;
    opener
}

/// Ends such a request, and asserts that the gate was opened.
async fn open(mut opener: Connection) {
    opener.send("2").await;
    let answer = opener.read_to_the_end().await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

/// A request that waits at a gate, with another that opens it; both of them have begun.
async fn held(host: &Host, gate: &str) -> (Connection, JoinHandle<Answer>) {
    let before = service(host, "changing").await["requests_total"].clone();
    let opener = opener(host, "changing", gate).await;
    let path = format!("/api/changing/held/{gate}");
    let held = tokio::spawn(host.client().get(&path).into_future());
    wait_for("both requests to begin", 20, async || {
        let now = service(host, "changing").await["requests_total"].clone();
        (now.as_u64() == before.as_u64().map(|count| count + 2)).then_some(())
    })
    .await;
    wait_for_log(host, &[&format!("waits at the gate {gate}")]).await;
    (opener, held)
}

#[tokio::test]
async fn what_a_removed_service_began_it_ends_although_it_came_back_and_went_again() {
    let with_service = beside_a_bystander(version("version-a"));
    let host = Host::start(&with_service, None).await;
    let first = held(&host, "first").await;
    host.save_registry(&alone()).await;
    host.save_registry(&with_service).await;
    let second = held(&host, "second").await;
    host.save_registry(&alone()).await;
    for (round, (opener, held)) in [first, second].into_iter().enumerate() {
        open(opener).await;
        let answer = held.await.expect("it is answered");
        assert_eq!((answer.status, answer.text().as_str()), (200, "version-a"));
        wait_for("the generation to end", 30, async || {
            let changes = history(&host, "changing").await;
            let ended = |change: &&Value| change["steps_us"]["drain"].is_u64();
            (changes.iter().filter(ended).count() == round + 1).then_some(())
        })
        .await;
        if round == 0 {
            let second = service(&host, "changing").await;
            assert_eq!(second["state"], "draining", "it still works: {second}");
        }
    }
    wait_until_gone(&host, "changing").await;
}

async fn sql(client: &Client, path: &str, statement: &str) -> String {
    let answer = client
        .post(path)
        .body("text/plain", statement.to_owned())
        .await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.text()
}

fn notes() -> Service {
    Service::guest("sql").public()
}

const WRITE: &str = "CREATE TABLE notes AS SELECT 'kept' AS note";
const READ: &str = "SELECT note FROM notes";

#[tokio::test]
async fn a_service_that_comes_back_finds_its_data() {
    let with_notes = alone().service("notes", notes());
    let host = Host::start(&with_notes, None).await;
    let client = host.client();
    sql(&client, "/api/notes/execute", WRITE).await;
    for round in 0..3 {
        host.save_registry(&alone()).await;
        if round > 0 {
            // The first time it comes back while it goes.
            wait_until_gone(&host, "notes").await;
        }
        host.save_registry(&with_notes).await;
        assert_eq!(sql(&client, "/api/notes/query", READ).await, "kept");
    }
    assert_eq!(service(&host, "notes").await["state"], "serving");
}

#[tokio::test]
async fn a_store_stays_with_its_service_when_the_component_changes() {
    let host = Host::start(&alone().service("notes", notes()), None).await;
    let client = host.client();
    sql(&client, "/api/notes/execute", WRITE).await;
    host.save_registry(&alone().service("notes", version("version-a")))
        .await;
    assert_answers(&host, "/api/notes", "version-a").await;
    host.save_registry(&alone().service("notes", notes())).await;
    assert_eq!(sql(&client, "/api/notes/query", READ).await, "kept");
}

#[tokio::test]
async fn another_name_is_another_service_with_another_store() {
    let host = Host::start(&alone().service("notes", notes()), None).await;
    let client = host.client();
    sql(&client, "/api/notes/execute", WRITE).await;
    alone().service("papers", notes()).save(host.folder());
    wait_for_generation(&host, "papers", 1).await;
    wait_for_outcome(&host, "notes", "removed").await;
    client
        .get("/api/notes/config")
        .await
        .refused(404, "no_such_service");
    let tables = "SELECT count(*) FROM sqlite_schema";
    assert_eq!(sql(&client, "/api/papers/query", tables).await, "0");
    host.save_registry(&alone().service("notes", notes())).await;
    assert_eq!(sql(&client, "/api/notes/query", READ).await, "kept");
}

#[tokio::test]
async fn a_callee_that_is_still_linked_cannot_go() {
    let host = Host::start(&pair("asker-1", "quoter-1"), None).await;
    let without_callee =
        Registry::empty().service("asker", crate::swap::versions::asker("asker-1"));
    without_callee.save(host.folder());
    let reason = wait_for("the registry to be refused", 20, async || {
        let error = services(&host).await["registry"]["last_error"].clone();
        error.as_str().map(str::to_owned)
    })
    .await;
    assert!(
        reason.contains("services.asker.links") && reason.contains("quoter"),
        "{reason}"
    );
    assert_answers(&host, "/api/asker", "asker-1 quoter-1").await;
}

#[tokio::test]
async fn a_callee_stays_when_the_caller_that_no_longer_needs_it_is_refused() {
    let host = Host::start(&pair("asker-1", "quoter-1"), None).await;
    let unlinked = version("version-a").set("component", "nowhere.wasm");
    Registry::empty()
        .service("asker", unlinked)
        .save(host.folder());
    let refused = wait_for_outcome(&host, "quoter", "refused").await;
    let reason = refused["reason"].to_string();
    assert!(reason.contains("`asker`"), "{reason}");
    assert_answers(&host, "/api/asker", "asker-1 quoter-1").await;
    Registry::empty()
        .service("asker", version("version-a"))
        .save(host.folder());
    wait_for_outcome(&host, "quoter", "removed").await;
    assert_answers(&host, "/api/asker", "version-a").await;
}

#[tokio::test]
async fn a_caller_and_its_callee_go_together() {
    let registry = pair("asker-1", "quoter-1").service("bystander", version("version-a"));
    let host = Host::start(&registry, None).await;
    alone().save(host.folder());
    for name in ["asker", "quoter"] {
        wait_for_outcome(&host, name, "removed").await;
        wait_until_gone(&host, name).await;
    }
}

#[tokio::test]
async fn a_link_call_in_flight_ends_although_both_are_removed() {
    let registry = pair("asker-1", "quoter-1").service("bystander", version("version-a"));
    let host = Host::start(&registry, None).await;
    let opener = opener(&host, "quoter", "gate").await;
    let held = tokio::spawn(host.client().get("/api/asker/held/gate").into_future());
    wait_for_log(&host, &["waits at the gate"]).await;
    assert_eq!(
        service(&host, "quoter").await["requests_total"],
        1,
        "the one that is to open it"
    );
    alone().save(host.folder());
    wait_for_outcome(&host, "quoter", "removed").await;
    open(opener).await;
    assert_eq!(
        held.await.expect("it is answered").text(),
        "asker-1 quoter-1"
    );
    wait_until_gone(&host, "asker").await;
    wait_until_gone(&host, "quoter").await;
}
