//! A canary that does worse than the stable version is taken out by the host itself, which says so.

use crate::swap::canary::{beside, canary, with};
use crate::swap::files::{guest_bytes, replace};
use crate::swap::operator::{
    assert_answers, history, latest, service, wait_for_log, wait_for_outcome,
};
use crate::swap::versions::version;
use strongroom_tests::host::Host;
use strongroom_tests::registry::Registry;
use strongroom_tests::{Value, wait_for};
use toml::Table;

fn faulty(fault: &str) -> Registry {
    let table = with(
        with(canary("version-faulty"), "weight", 50),
        "min_requests",
        20,
    );
    beside(table).change("changing", |service| service.config("fault", fault))
}

/// Calls until the canary is gone; answers the change.
async fn call_until_taken_out(host: &Host) -> Value {
    let client = host.client();
    wait_for("the canary to be taken out", 60, async || {
        for _request in 0..10 {
            client.get("/api/changing").await;
        }
        let latest = latest(host, "changing").await;
        (latest["outcome"] == "canary_taken_out").then_some(latest)
    })
    .await
}

async fn is_taken_out(fault: &str, reason: &str) {
    let host = Host::start(&faulty(fault), None).await;
    let started = wait_for_outcome(&host, "changing", "canary_started").await;
    let taken_out = call_until_taken_out(&host).await;
    assert!(
        taken_out["reason"]
            .as_str()
            .is_some_and(|text| text.contains(reason)),
        "{taken_out}"
    );
    assert_eq!(
        taken_out["from_digest"], started["to_digest"],
        "{taken_out}"
    );
    let row = service(&host, "changing").await;
    assert!(row["canary"].is_null(), "{row}");
    let error = row["last_error"].as_str().expect("a reason");
    assert!(
        error.contains("canary was taken out") && error.contains(reason),
        "{error}"
    );
    assert_eq!(
        (&row["generation"], &row["state"]),
        (&1.into(), &"serving".into())
    );
    wait_for_log(&host, &["changing", "the canary was taken out"]).await;
    for _request in 0..20 {
        assert_answers(&host, "/api/changing", "version-a").await;
    }
}

#[tokio::test]
async fn one_that_answers_errors() {
    is_taken_out("error", "error_margin").await;
}

#[tokio::test]
async fn one_that_traps() {
    is_taken_out("trap", "error_margin").await;
}

#[tokio::test]
async fn one_that_is_much_slower() {
    is_taken_out("slow", "latency_margin").await;
}

#[tokio::test]
async fn a_good_one_stays() {
    let host = Host::start(&faulty("none"), None).await;
    wait_for_outcome(&host, "changing", "canary_started").await;
    let client = host.client();
    wait_for("many requests to the canary", 60, async || {
        for _request in 0..20 {
            assert_eq!(client.get("/api/changing").await.status, 200);
        }
        let total = service(&host, "changing").await["canary"]["requests_total"].as_u64()?;
        (total >= 300).then_some(())
    })
    .await;
    let row = service(&host, "changing").await;
    assert!(
        row["canary"].is_object() && row["last_error"].is_null(),
        "{row}"
    );
}

async fn starts(host: &Host) -> usize {
    let history = history(host, "changing").await;
    history
        .iter()
        .filter(|change| change["outcome"] == "canary_started")
        .count()
}

#[tokio::test]
async fn one_that_was_taken_out_comes_back_only_when_asked_for() {
    let host = Host::start(&faulty("error"), None).await;
    wait_for_outcome(&host, "changing", "canary_started").await;
    call_until_taken_out(&host).await;
    // Something else is saved.
    faulty("error")
        .service("added", version("version-a"))
        .save(host.folder());
    crate::swap::operator::wait_for_generation(&host, "added", 1).await;
    assert_eq!(starts(&host).await, 1);
    assert!(service(&host, "changing").await["last_error"].is_string());
    // Somebody asks.
    host.admin().post("/services/reload").await.json(200);
    assert_eq!(starts(&host).await, 2);
    assert!(service(&host, "changing").await["canary"].is_object());
    call_until_taken_out(&host).await;
}

#[tokio::test]
async fn one_that_was_taken_out_comes_back_when_its_file_changes() {
    let table = Table::from_iter([("component".to_owned(), "canary.wasm".into())]);
    let registry = beside(with(table, "weight", 50))
        .change("changing", |service| service.config("fault", "error"));
    let mut host = Host::prepared(&registry, None);
    replace(host.folder(), "canary.wasm", &guest_bytes("version-faulty"));
    host.launch();
    host.wait_until_ready().await;
    wait_for_outcome(&host, "changing", "canary_started").await;
    call_until_taken_out(&host).await;
    replace(host.folder(), "canary.wasm", &guest_bytes("version-b"));
    wait_for_outcome(&host, "changing", "canary_started").await;
    let row = service(&host, "changing").await;
    assert!(
        row["canary"].is_object() && row["last_error"].is_null(),
        "{row}"
    );
}

#[tokio::test]
async fn one_that_was_taken_out_comes_back_when_its_table_changes() {
    let host = Host::start(&faulty("error"), None).await;
    wait_for_outcome(&host, "changing", "canary_started").await;
    call_until_taken_out(&host).await;
    let table = with(
        with(canary("version-faulty"), "weight", 40),
        "error_margin",
        100,
    );
    let lenient = beside(table).change("changing", |service| service.config("fault", "error"));
    lenient.save(host.folder());
    wait_for_outcome(&host, "changing", "canary_started").await;
}
