//! Callers and callees change so that they always fit each other.

use crate::swap::load::{CLIENTS, Load};
use crate::swap::operator::{
    assert_answers, identity, latest, service, wait_for_generation, wait_for_outcome,
    wait_for_refusal,
};
use crate::swap::versions::{asker, pair, version};
use strongroom_tests::Value;
use strongroom_tests::host::Host;

const OLD: &str = "asker-1 quoter-1";
const NEW: &str = "asker-2 quoter-2";

fn load(host: &Host) -> Load {
    Load::begin(
        CLIENTS,
        || host.client(),
        "/api/asker",
        |text| [OLD, NEW].contains(&text),
    )
}

async fn generations(host: &Host) -> [Value; 2] {
    let of = async |name| service(host, name).await["generation"].clone();
    [of("asker").await, of("quoter").await]
}

#[tokio::test]
async fn a_mended_callee_is_called_by_the_caller_that_stays() {
    let host = Host::start(&pair("asker-1", "quoter-1"), None).await;
    let caller = identity(&host, "asker").await;
    assert_answers(&host, "/api/asker", OLD).await;
    host.save_registry(&pair("asker-1", "quoter-1b")).await;
    assert_answers(&host, "/api/asker", "asker-1 quoter-1b").await;
    assert_eq!(identity(&host, "asker").await, caller);
}

#[tokio::test]
async fn a_callee_that_does_not_fit_its_caller_is_refused() {
    let host = Host::start(&pair("asker-1", "quoter-1"), None).await;
    pair("asker-1", "quoter-2").save(host.folder());
    let reason = wait_for_refusal(&host, "quoter").await;
    for part in ["`asker`", "tests:quotes/quotes", "quote"] {
        assert!(reason.contains(part), "{part} is not in: {reason}");
    }
    assert_answers(&host, "/api/asker", OLD).await;
    assert_answers(&host, "/api/quoter", "quoter-1").await;
    assert!(service(&host, "asker").await["last_error"].is_null());
    // With its caller's new version it is taken.
    pair("asker-2", "quoter-2").save(host.folder());
    wait_for_generation(&host, "quoter", 2).await;
    assert_answers(&host, "/api/asker", NEW).await;
    assert!(service(&host, "quoter").await["last_error"].is_null());
}

#[tokio::test]
async fn a_caller_that_does_not_fit_its_callee_is_refused() {
    let host = Host::start(&pair("asker-1", "quoter-1"), None).await;
    pair("asker-2", "quoter-1").save(host.folder());
    let reason = wait_for_refusal(&host, "asker").await;
    for part in ["tests:quotes/quotes", "quote"] {
        assert!(reason.contains(part), "{part} is not in: {reason}");
    }
    assert_answers(&host, "/api/asker", OLD).await;
    assert_eq!(generations(&host).await, [1, 1]);
}

#[tokio::test]
async fn a_callee_that_lacks_the_interface_is_refused() {
    let host = Host::start(&pair("asker-1", "quoter-1"), None).await;
    pair("asker-1", "version-b").save(host.folder());
    let reason = wait_for_refusal(&host, "quoter").await;
    for part in ["`asker`", "tests:quotes/quotes@1.0.0", "does not export"] {
        assert!(reason.contains(part), "{part} is not in: {reason}");
    }
    assert_answers(&host, "/api/asker", OLD).await;
}

#[tokio::test]
async fn a_link_that_is_turned_to_one_that_lacks_the_interface_is_refused() {
    let registry = pair("asker-1", "quoter-1").service("other", version("version-a"));
    let host = Host::start(&registry, None).await;
    registry
        .service("asker", crate::swap::versions::asker_of("asker-1", "other"))
        .save(host.folder());
    let reason = wait_for_refusal(&host, "asker").await;
    for part in ["`other`", "tests:quotes/quotes@1.0.0", "does not export"] {
        assert!(reason.contains(part), "{part} is not in: {reason}");
    }
    assert_answers(&host, "/api/asker", OLD).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_sides_of_a_new_interface_switch_together_under_load() {
    let host = Host::start(&pair("asker-1", "quoter-1"), None).await;
    let load = load(&host);
    for round in 2..=7 {
        load.go_on().await;
        match round % 2 {
            0 => pair("asker-2", "quoter-2").save(host.folder()),
            _ => pair("asker-1", "quoter-1").save(host.folder()),
        }
        wait_for_generation(&host, "asker", round).await;
        wait_for_generation(&host, "quoter", round).await;
        let expected = if round % 2 == 0 { NEW } else { OLD };
        assert_answers(&host, "/api/asker", expected).await;
    }
    load.go_on().await;
    load.end().await;
    let switch = async |name| latest(&host, name).await["steps_us"]["switch"].clone();
    assert_eq!(
        switch("asker").await,
        switch("quoter").await,
        "one switch for both"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_that_is_refused_keeps_its_callee_too_if_they_would_not_fit() {
    let host = Host::start(&pair("asker-1", "quoter-1"), None).await;
    let load = load(&host);
    let missing = |registry: strongroom_tests::registry::Registry| {
        registry.change("asker", |service| service.set("component", "nowhere.wasm"))
    };
    missing(pair("asker-1", "quoter-2")).save(host.folder());
    let reason = wait_for_refusal(&host, "asker").await;
    assert!(reason.contains("nowhere.wasm"), "{reason}");
    let reason = wait_for_refusal(&host, "quoter").await;
    assert!(reason.contains("`asker`"), "{reason}");
    assert_eq!(generations(&host).await, [1, 1]);
    load.go_on().await;
    // A callee that fits the old caller is taken alone.
    missing(pair("asker-1", "quoter-1")).save(host.folder());
    load.go_on().await;
    pair("asker-2", "quoter-2").save(host.folder());
    wait_for_generation(&host, "asker", 2).await;
    wait_for_generation(&host, "quoter", 2).await;
    load.go_on().await;
    load.end().await;
}

#[tokio::test]
async fn a_callee_that_is_refused_keeps_its_caller_too_if_they_would_not_fit() {
    let host = Host::start(&pair("asker-1", "quoter-1"), None).await;
    pair("asker-2", "quoter-2")
        .change("quoter", |service| service.limit("memory", "64KiB"))
        .save(host.folder());
    let reason = wait_for_refusal(&host, "quoter").await;
    assert!(reason.contains("no instance"), "{reason}");
    wait_for_refusal(&host, "asker").await;
    assert_eq!(generations(&host).await, [1, 1]);
    assert_answers(&host, "/api/asker", OLD).await;
}

#[tokio::test]
async fn a_caller_that_was_refused_for_its_callees_sake_is_taken_with_the_next_callee() {
    let host = Host::start(&pair("asker-1", "quoter-1"), None).await;
    let next = pair("asker-2", "quoter-2");
    next.clone()
        .change("quoter", |service| service.set("component", "nowhere.wasm"))
        .save(host.folder());
    wait_for_outcome(&host, "asker", "refused").await;
    wait_for_outcome(&host, "quoter", "refused").await;
    next.save(host.folder());
    wait_for_generation(&host, "asker", 2).await;
    wait_for_generation(&host, "quoter", 2).await;
    assert_answers(&host, "/api/asker", NEW).await;
}

#[tokio::test]
async fn callers_of_one_callee_change_with_it_all_together_or_not_at_all() {
    let with_second = |first: &str, second: &str, quoter: &str| {
        pair(first, quoter).service("second", asker(second))
    };
    let host = Host::start(&with_second("asker-1", "asker-1", "quoter-1"), None).await;
    // One caller was forgotten.
    with_second("asker-2", "asker-1", "quoter-2").save(host.folder());
    let reason = wait_for_refusal(&host, "quoter").await;
    assert!(reason.contains("`second`"), "{reason}");
    assert_answers(&host, "/api/asker", OLD).await;
    assert_answers(&host, "/api/second", OLD).await;
    with_second("asker-2", "asker-2", "quoter-2").save(host.folder());
    for name in ["asker", "second", "quoter"] {
        wait_for_generation(&host, name, 2).await;
    }
    assert_answers(&host, "/api/asker", NEW).await;
    assert_answers(&host, "/api/second", NEW).await;
}
