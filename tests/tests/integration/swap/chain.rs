//! A caller, its callee, and the callee's callee.

use super::*;

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
