//! A canary that does worse than the stable version is taken out by the host itself, which says so.

use super::*;
use crate::swap::canary::{beside, canary, canary_of_file, with};
use toml::Table;

fn with_fault(table: Table, fault: &str) -> Registry {
    beside(table).change("changing", |service| service.config("fault", fault))
}

fn faulty(fault: &str) -> Registry {
    with_fault(
        with(canary("version-faulty", 50), "min_requests", 20),
        fault,
    )
}

async fn start(registry: &Registry) -> (Host, Value) {
    let host = Host::start(registry, None).await;
    let started = wait_for_outcome(&host, "changing", "canary_started").await;
    (host, started)
}

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

#[tokio::test]
async fn one_that_answers_errors_traps_or_is_much_slower() {
    for (fault, reason) in [
        ("error", "error_margin"),
        ("trap", "error_margin"),
        ("slow", "latency_margin"),
    ] {
        println!("{fault}");
        let (host, started) = start(&faulty(fault)).await;
        let taken_out = call_until_taken_out(&host).await;
        assert_parts(text(&taken_out["reason"]), &[reason]);
        assert_json!(taken_out, {"from_digest": started["to_digest"]});
        let row = host.service("changing").await;
        assert_json!(row, {"canary": null, "generation": 1, "state": "serving"});
        assert_parts(text(&row["last_error"]), &["canary was taken out", reason]);
        wait_for_log(&host, &["changing", "the canary was taken out"]).await;
        for _request in 0..20 {
            assert_answers(&host, "/api/changing", "version-a").await;
        }
    }
}

async fn assert_is_at_work(host: &Host) {
    let row = host.service("changing").await;
    assert!(row["canary"].is_object(), "{row}");
    assert!(row["last_error"].is_null(), "{row}");
}

#[tokio::test]
async fn a_good_one_stays() {
    // Of so many, those that a busy machine holds up are less than 5 %.
    let patient = with(canary("version-faulty", 50), "min_requests", 150);
    let (host, _) = start(&with_fault(patient, "none")).await;
    let client = host.client();
    wait_until("many requests to the canary", 60, async || {
        for _request in 0..20 {
            assert_eq!(client.get("/api/changing").await.status, 200);
        }
        host.service("changing").await["canary"]["requests_total"].as_u64() >= Some(300)
    })
    .await;
    assert_is_at_work(&host).await;
}

#[tokio::test]
async fn one_that_was_taken_out_comes_back_when_asked_for_or_when_its_table_changes() {
    let (host, _) = start(&faulty("error")).await;
    let starts = async || {
        let history = history(&host, "changing").await;
        let is_start = |change: &&Value| change["outcome"] == "canary_started";
        history.iter().filter(is_start).count()
    };
    call_until_taken_out(&host).await;
    // Another change alone does not bring it back.
    host.save(&faulty("error").service("added", version("version-a")));
    wait_for_generation(&host, "added", 1).await;
    assert_eq!(starts().await, 1);
    assert!(host.service("changing").await["last_error"].is_string());
    host.admin().post("/services/reload").await.json(200);
    assert_eq!(starts().await, 2);
    assert!(host.service("changing").await["canary"].is_object());
    call_until_taken_out(&host).await;
    let lenient = with(canary("version-faulty", 40), "error_margin", 100);
    host.save(&with_fault(lenient, "error"));
    wait_for_outcome(&host, "changing", "canary_started").await;
}

#[tokio::test]
async fn one_whose_file_changes_is_swapped_and_comes_back_when_it_was_taken_out() {
    let table = canary_of_file("canary.wasm", 50);
    let mut host = Host::prepared(&with_fault(table, "error"), None);
    replace(host.folder(), "canary.wasm", &guest_bytes("version-b"));
    host.serve().await;
    wait_for_outcome(&host, "changing", "canary_started").await;
    replace(host.folder(), "canary.wasm", &guest_bytes("version-faulty"));
    let taken_out = call_until_taken_out(&host).await;
    let faulty = digest_of(&guest_bytes("version-faulty"));
    assert_eq!(taken_out["from_digest"], faulty);
    replace(host.folder(), "canary.wasm", &guest_bytes("version-b"));
    wait_for_outcome(&host, "changing", "canary_started").await;
    assert_is_at_work(&host).await;
    assert_eq!(host.service("changing").await["generation"], 1);
}
