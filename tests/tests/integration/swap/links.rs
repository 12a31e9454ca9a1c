//! Callers and callees, and the callees of these, change so that they always fit each other.

use super::*;
use strongroom_tests::race::Flood;

const OLD: &str = "asker-1 quoter-1";
const NEW: &str = "asker-2 quoter-2";
const INTERFACE: &str = "tests:quotes/quotes@1.0.0";

fn load(host: &Host) -> Flood {
    let is_good = |text: &str| [OLD, NEW].contains(&text);
    hammer(CLIENTS, || host.client(), "/api/asker", is_good)
}

async fn wait_for_both(host: &Host, generation: u64) {
    wait_for_generation(host, "asker", generation).await;
    wait_for_generation(host, "quoter", generation).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_and_a_callee_that_do_not_fit_are_refused_under_load() {
    let with_other = |registry: Registry| registry.service("other", version("version-a"));
    let fitting = with_other(pair("asker-1", "quoter-1"));
    let host = Host::start(&fitting, None).await;
    let load = load(&host);
    let elsewhere = pair("asker-1", "quoter-1").service("asker", asker_of("asker-1", "other"));
    let unreadable =
        pair("asker-1", "quoter-2").service("asker", missing().set("links", link("quoter")));
    let exportless = pair("asker-1", "version-b");
    let small = version("quoter-2").limit("memory", "64KiB");
    let small = pair("asker-2", "quoter-2").service("quoter", small);
    // A turned link would lead from the new callee to the old caller, and from there back.
    let turned = Registry::empty().service("asker", missing());
    let turned = turned.service("quoter", asker_of("asker-1", "asker"));
    // Each with why the asker is refused, and the quoter, if they are.
    let misfits: [(Registry, &[&str], &[&str]); 7] = [
        (pair("asker-1", "quoter-2"), &[], &["`asker`", INTERFACE]),
        (pair("asker-2", "quoter-1"), &["quote", INTERFACE], &[]),
        (exportless, &[], &["`asker`", INTERFACE, "does not export"]),
        (elsewhere, &["`other`", INTERFACE, "does not export"], &[]),
        (unreadable, &["nowhere.wasm"], &["`asker`"]),
        (turned, &["nowhere.wasm"], &[""]),
        (small, &[""], &["no instance"]),
    ];
    for (next, asker, quoter) in misfits {
        host.save(&fitting);
        wait_until_mended(&host, "asker").await;
        wait_until_mended(&host, "quoter").await;
        host.save(&with_other(next));
        let refused = [("asker", asker), ("quoter", quoter)];
        for (name, parts) in refused.iter().filter(|(_, parts)| !parts.is_empty()) {
            wait_for_refusal(&host, name, parts).await;
        }
        load.go_on().await;
        assert_answers(&host, "/api/asker", OLD).await;
        assert_answers(&host, "/api/quoter", "quoter-1").await;
        for (name, parts) in refused {
            let row = host.service(name).await;
            assert_eq!(row["generation"], 1, "{row}");
            assert_eq!(row["last_error"].is_null(), parts.is_empty(), "{row}");
        }
    }
    // A caller and a callee that fit are taken, although both were refused before.
    host.save(&with_other(pair("asker-2", "quoter-2")));
    wait_for_both(&host, 2).await;
    load.go_on().await;
    load.end().await;
    assert_answers(&host, "/api/asker", NEW).await;

    // A callee is taken, too, when its caller stops calling it, refused before or not.
    host.save(&with_other(pair("asker-2", "quoter-1")));
    wait_for_refusal(&host, "quoter", &["`asker`"]).await;
    let alone = |quoter| with_other(pair("asker-1", quoter).service("asker", version("version-a")));
    host.save(&alone("quoter-1"));
    wait_for_both(&host, 3).await;
    host.save(&with_other(pair("asker-2", "quoter-2")));
    wait_for_both(&host, 4).await;
    host.save(&alone("quoter-1"));
    wait_for_both(&host, 5).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_sides_of_a_new_interface_switch_together_under_load() {
    let host = Host::start(&pair("asker-1", "quoter-1"), None).await;
    let load = load(&host);
    for round in 2..=7 {
        load.go_on().await;
        let (asker, quoter, expected) = match round % 2 {
            0 => ("asker-2", "quoter-2", NEW),
            _ => ("asker-1", "quoter-1", OLD),
        };
        host.save(&pair(asker, quoter));
        wait_for_both(&host, round).await;
        assert_answers(&host, "/api/asker", expected).await;
    }
    load.go_on().await;
    load.end().await;
    let switch = async |name| latest(&host, name).await["steps_us"]["switch"].clone();
    // One switch for both.
    assert_eq!(switch("asker").await, switch("quoter").await);
}

#[tokio::test]
async fn callers_of_one_callee_change_with_it_all_together_or_not_at_all() {
    let with_second = |first: &str, second: &str, quoter: &str| {
        pair(first, quoter).service("second", asker(second))
    };
    let host = Host::start(&with_second("asker-1", "asker-1", "quoter-1"), None).await;
    // One caller was forgotten.
    host.save(&with_second("asker-2", "asker-1", "quoter-2"));
    wait_for_refusal(&host, "quoter", &["`second`"]).await;
    assert_answers(&host, "/api/asker", OLD).await;
    assert_answers(&host, "/api/second", OLD).await;
    host.save(&with_second("asker-2", "asker-2", "quoter-2"));
    wait_for_both(&host, 2).await;
    assert_answers(&host, "/api/asker", NEW).await;
    assert_answers(&host, "/api/second", NEW).await;
}

/// A caller, its callee, and the callee's callee.
fn chain(quoter: &str) -> Registry {
    Registry::empty()
        .service("asker", asker_of("asker-1", "relay"))
        .service("relay", version("relay").set("links", link("quoter")))
        .service("quoter", version(quoter))
}

fn with_another_queue(registry: Registry, name: &str) -> Registry {
    registry.change(name, |service| service.limit("queue", 7))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_part_changes_alone_under_load() {
    let host = Host::start(&chain("quoter-1"), None).await;
    let versions = ["asker-1 relay quoter-1", "asker-1 relay quoter-1b"];
    let is_good = move |text: &str| versions.contains(&text);
    let load = hammer(CLIENTS, || host.client(), "/api/asker", is_good);
    let mut registry = chain("quoter-1b");
    host.save_registry(&registry).await;
    assert_answers(&host, "/api/asker", versions[1]).await;
    for name in ["relay", "asker"] {
        load.go_on().await;
        registry = with_another_queue(registry, name);
        host.save_registry(&registry).await;
    }
    load.go_on().await;
    host.save_registry(&chain("quoter-1")).await;
    load.go_on().await;
    load.end().await;
    assert_answers(&host, "/api/asker", versions[0]).await;
    for name in ["asker", "relay", "quoter"] {
        assert_eq!(host.service(name).await["generation"], 3, "{name}");
    }
}

#[tokio::test]
async fn a_part_that_must_stay_because_it_is_still_called_follows_its_callee() {
    let host = Host::start(&chain("quoter-1"), None).await;
    let relay = identity(&host, "relay").await;
    // The asker is to do without the relay, and cannot; so the relay cannot go.
    let without_relay = |quoter: &str| {
        let registry = Registry::empty().service("asker", missing());
        registry.service("quoter", version(quoter))
    };
    host.save(&without_relay("quoter-1b"));
    let refused = wait_for_outcome(&host, "relay", "refused").await;
    assert_parts(text(&refused["reason"]), &["`asker`"]);
    wait_for_generation(&host, "quoter", 2).await;
    assert_answers(&host, "/api/asker", "asker-1 relay quoter-1b").await;
    host.save(&without_relay("quoter-1"));
    wait_for_generation(&host, "quoter", 3).await;
    assert_answers(&host, "/api/asker", "asker-1 relay quoter-1").await;
    assert_eq!(identity(&host, "relay").await, relay);
    // Nor does it take a callee that would not fit.
    host.save(&without_relay("quoter-2"));
    let refused = wait_for_outcome(&host, "quoter", "refused").await;
    assert_parts(text(&refused["reason"]), &["`relay`"]);
    assert_answers(&host, "/api/asker", "asker-1 relay quoter-1").await;
    assert_eq!(host.service("quoter").await["generation"], 3);
    // Both go when the asker does without them.
    host.save(&Registry::empty().service("asker", version("version-a")));
    for name in ["relay", "quoter"] {
        wait_for_outcome(&host, name, "removed").await;
    }
    assert_answers(&host, "/api/asker", "version-a").await;
}
