//! Callers and callees change so that they always fit each other.

use super::*;
use strongroom_tests::race::Flood;

const OLD: &str = "asker-1 quoter-1";
const NEW: &str = "asker-2 quoter-2";

fn load(host: &Host) -> Flood {
    let is_good = |text: &str| [OLD, NEW].contains(&text);
    hammer(CLIENTS, || host.client(), "/api/asker", is_good)
}

async fn generations(host: &Host) -> [Value; 2] {
    let of = async |name| host.service(name).await["generation"].clone();
    [of("asker").await, of("quoter").await]
}

#[tokio::test]
async fn a_caller_and_a_callee_that_do_not_fit_are_refused() {
    let with_other = |registry: Registry| registry.service("other", version("version-a"));
    let fitting = with_other(pair("asker-1", "quoter-1"));
    let host = Host::start(&fitting, None).await;
    let turned = pair("asker-1", "quoter-1").service("asker", asker_of("asker-1", "other"));
    for (next, refused, parts) in [
        (pair("asker-1", "quoter-2"), "quoter", ["`asker`", ""]),
        (pair("asker-2", "quoter-1"), "asker", ["quote", ""]),
        (
            pair("asker-1", "version-b"),
            "quoter",
            ["`asker`", "does not export"],
        ),
        (turned, "asker", ["`other`", "does not export"]),
    ] {
        host.save(&with_other(next));
        let reason = wait_for_refusal(&host, refused, &parts).await;
        assert_parts(&reason, &["tests:quotes/quotes@1.0.0"]);
        assert_answers(&host, "/api/asker", OLD).await;
        assert_answers(&host, "/api/quoter", "quoter-1").await;
        assert_eq!(generations(&host).await, [1, 1]);
        for name in ["asker", "quoter"] {
            let row = host.service(name).await;
            assert_eq!(row["last_error"].is_string(), name == refused, "{row}");
        }
        host.save(&fitting);
        wait_until_mended(&host, refused).await;
    }
    // With its caller's new version, a callee is taken.
    host.save(&with_other(pair("asker-2", "quoter-2")));
    wait_for_generation(&host, "quoter", 2).await;
    assert_answers(&host, "/api/asker", NEW).await;
    assert!(host.service("quoter").await["last_error"].is_null());
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
        wait_for_generation(&host, "asker", round).await;
        wait_for_generation(&host, "quoter", round).await;
        assert_answers(&host, "/api/asker", expected).await;
    }
    load.go_on().await;
    load.end().await;
    let switch = async |name| latest(&host, name).await["steps_us"]["switch"].clone();
    // One switch for both.
    assert_eq!(switch("asker").await, switch("quoter").await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_that_is_refused_keeps_its_callee_too_if_they_would_not_fit() {
    let host = Host::start(&pair("asker-1", "quoter-1"), None).await;
    let load = load(&host);
    let missing = |registry: Registry| {
        registry.change("asker", |service| service.set("component", "nowhere.wasm"))
    };
    host.save(&missing(pair("asker-1", "quoter-2")));
    wait_for_refusal(&host, "asker", &["nowhere.wasm"]).await;
    wait_for_refusal(&host, "quoter", &["`asker`"]).await;
    assert_eq!(generations(&host).await, [1, 1]);
    load.go_on().await;
    // A callee that fits the old caller is taken alone.
    host.save(&missing(pair("asker-1", "quoter-1")));
    load.go_on().await;
    host.save(&pair("asker-2", "quoter-2"));
    wait_for_generation(&host, "asker", 2).await;
    wait_for_generation(&host, "quoter", 2).await;
    load.go_on().await;
    load.end().await;
}

#[tokio::test]
async fn a_callee_that_is_refused_keeps_its_caller_until_the_next_callee() {
    let host = Host::start(&pair("asker-1", "quoter-1"), None).await;
    let next = pair("asker-2", "quoter-2");
    let small = next.clone();
    host.save(&small.change("quoter", |service| service.limit("memory", "64KiB")));
    wait_for_refusal(&host, "quoter", &["no instance"]).await;
    wait_for_refusal(&host, "asker", &[]).await;
    assert_eq!(generations(&host).await, [1, 1]);
    assert_answers(&host, "/api/asker", OLD).await;
    host.save(&next);
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
    host.save(&with_second("asker-2", "asker-1", "quoter-2"));
    wait_for_refusal(&host, "quoter", &["`second`"]).await;
    assert_answers(&host, "/api/asker", OLD).await;
    assert_answers(&host, "/api/second", OLD).await;
    host.save(&with_second("asker-2", "asker-2", "quoter-2"));
    for name in ["asker", "second", "quoter"] {
        wait_for_generation(&host, name, 2).await;
    }
    assert_answers(&host, "/api/asker", NEW).await;
    assert_answers(&host, "/api/second", NEW).await;
}
