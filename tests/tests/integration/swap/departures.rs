//! Services that go, and what stays of them.

use super::*;
use strongroom_tests::Answer;
use strongroom_tests::wire::Connection;
use tokio::task::JoinHandle;

fn alone() -> Registry {
    Registry::empty().service("bystander", version("version-a"))
}

async fn assert_no_service(host: &Host, name: &str) {
    let answer = host.client().get(&format!("/api/{name}")).await;
    answer.refused(404, "no_such_service");
}

/// Begins a request that opens a gate when its body has been sent whole. The gate is in the store,
/// and a service that is gone cannot be asked to open it.
async fn opener(host: &Host, service: &str, gate: &str) -> Connection {
    let mut opener = Connection::open(host.address()).await;
    let path = format!("/api/{service}/open/{gate}");
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: bank\r\nconnection: close\r\ncontent-length: 2\r\n\r\n1"
    );
    opener.send(head).await;
    opener
}

async fn open(mut opener: Connection) {
    opener.send("2").await;
    let answer = opener.read_to_the_end().await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

/// A request that waits at a gate, with another that opens it; both of them have begun.
async fn held(host: &Host, gate: &str) -> (Connection, JoinHandle<Answer>) {
    let requests = async || host.service("changing").await["requests_total"].as_u64();
    let both = requests().await.map(|before| before + 2);
    let opener = opener(host, "changing", gate).await;
    let held = in_flight(host, "/api/changing", gate).await;
    let have_begun = async || requests().await == both;
    wait_until("both requests to begin", 20, have_begun).await;
    (opener, held)
}

#[tokio::test]
async fn what_a_removed_service_began_it_ends_although_it_came_back_and_went_again() {
    let (with_service, host) = start_beside_a_bystander().await;
    let first = held(&host, "first").await;
    host.save_registry(&alone()).await;
    host.save_registry(&with_service).await;
    let second = held(&host, "second").await;
    host.save_registry(&alone()).await;
    assert_no_service(&host, "changing").await;
    for (round, (opener, held)) in [first, second].into_iter().enumerate() {
        open(opener).await;
        assert_answered(held, "version-a").await;
        wait_until("the generation to end", 30, async || {
            let changes = history(&host, "changing").await;
            let ended = |change: &&Value| change["steps_us"]["drain"].is_u64();
            changes.iter().filter(ended).count() == round + 1
        })
        .await;
        if round == 0 {
            let second = host.service("changing").await;
            assert_eq!(second["state"], "draining", "it still works: {second}");
        }
    }
    wait_until_gone(&host, "changing").await;
}

#[tokio::test]
async fn a_store_belongs_to_the_name_of_its_service() {
    let notes = || Service::guest("sql").public();
    let with_notes = alone().service("notes", notes());
    let host = Host::start(&with_notes, None).await;
    let sql = async |path: &str, statement: &'static str| {
        let call = host.client().post(path);
        let answer = call.body("text/plain", statement).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.text()
    };
    let read = async || sql("/api/notes/query", "SELECT note FROM notes").await;
    let write = "CREATE TABLE notes AS SELECT 'kept' AS note";
    sql("/api/notes/execute", write).await;
    for round in 0..3 {
        host.save_registry(&alone()).await;
        if round > 0 {
            // The first time it comes back while it goes.
            wait_until_gone(&host, "notes").await;
        }
        host.save_registry(&with_notes).await;
        assert_eq!(read().await, "kept");
    }
    assert_eq!(host.service("notes").await["state"], "serving");
    // Another component, and back.
    let other = alone().service("notes", version("version-a"));
    host.save_registry(&other).await;
    assert_answers(&host, "/api/notes", "version-a").await;
    host.save_registry(&with_notes).await;
    assert_eq!(read().await, "kept");
    // Another name, and back.
    let papers = alone().service("papers", notes());
    host.save_registry(&papers).await;
    assert_no_service(&host, "notes").await;
    let tables = "SELECT count(*) FROM sqlite_schema";
    assert_eq!(sql("/api/papers/query", tables).await, "0");
    host.save_registry(&with_notes).await;
    assert_eq!(read().await, "kept");
}

#[tokio::test]
async fn a_caller_and_its_callee_go_together_and_a_link_call_in_flight_ends() {
    let registry = pair("asker-1", "quoter-1").service("bystander", version("version-a"));
    let host = Host::start(&registry, None).await;
    let opener = opener(&host, "quoter", "gate").await;
    let held = in_flight(&host, "/api/asker", "gate").await;
    let quoter = host.service("quoter").await;
    // The one that is to open it.
    assert_eq!(quoter["requests_total"], 1);
    host.save(&alone());
    let removed = wait_for_outcome(&host, "quoter", "removed").await;
    assert_json!(removed, {
        "changed": ["removed"], "from_digest": quoter["digest"], "to_digest": null,
    });
    wait_for_log(&host, &["quoter", "was removed"]).await;
    assert_no_service(&host, "asker").await;
    assert_answers(&host, "/api/bystander", "version-a").await;
    assert_eq!(host.admin().get("/readyz").await.status, 200);
    open(opener).await;
    assert_answered(held, "asker-1 quoter-1").await;
    wait_until_gone(&host, "asker").await;
    wait_until_gone(&host, "quoter").await;
}
