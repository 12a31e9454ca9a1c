//! A canary gets its share, comes, and goes.

use super::*;
use strongroom_tests::Client;
use toml::Table;

/// A `canary` table that gets so many of a hundred requests.
pub fn canary(guest: &str, weight: i64) -> Table {
    canary_of_file(&workspace::guest(guest).display().to_string(), weight)
}

/// The same for a file that is named from the registry's folder.
pub fn canary_of_file(file: &str, weight: i64) -> Table {
    with(with(Table::new(), "component", file), "weight", weight)
}

pub fn with(mut table: Table, key: &str, value: impl Into<toml::Value>) -> Table {
    table.insert(key.to_owned(), value.into());
    table
}

fn alone(service: Service) -> Registry {
    Registry::empty().service("changing", service)
}

/// A service whose stable version is `version-a`.
pub fn beside(canary: Table) -> Registry {
    alone(version("version-a").set("canary", canary))
}

async fn start(registry: &Registry) -> Host {
    let host = Host::start(registry, None).await;
    wait_for_outcome(&host, "changing", "canary_started").await;
    host
}

async fn answered_by_b(client: &Client, path: &str) -> usize {
    let mut count = 0;
    for _request in 0..100 {
        let answer = client.get(path).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        count += usize::from(answer.text().contains('b'));
    }
    count
}

#[tokio::test]
async fn gets_requests_with_its_header_and_its_weight_of_each_hundred_others() {
    let with_weight = |weight| with(canary("version-b", weight), "header", "x-canary: yes");
    let mut by_header = with_weight(0);
    by_header.remove("weight");
    let host = start(&beside(by_header)).await;
    let client = host.client();
    for (name, value, version) in [
        ("x-canary", "yes", "version-b"),
        ("X-CANARY", "yes", "version-b"),
        ("x-canary", "no", "version-a"),
        ("x-canary-2", "yes", "version-a"),
    ] {
        let call = client.get("/api/changing").header(name, value);
        assert_eq!(call.await.text(), version, "{name}: {value}");
    }
    assert_json!(host.service("changing").await["canary"], {
        "header": "x-canary: yes", "requests_total": 2, "failures_total": 0,
    });
    for weight in [20, 1, 73, 100, 0] {
        host.save_registry(&beside(with_weight(weight))).await;
        let share = answered_by_b(&client, "/api/changing").await;
        assert_eq!(share as i64, weight, "of 100");
    }
    // The stable generation is the same; when it is swapped, the canary goes on beside it.
    let row = host.service("changing").await;
    assert_json!(row, {"canary": {"weight": 0}, "generation": 1});
    let table = canary("version-b", 50);
    host.save_registry(&beside(table.clone())).await;
    let faulty = version("version-faulty").set("canary", table);
    host.save_registry(&alone(faulty)).await;
    assert_eq!(host.service("changing").await["generation"], 2);
    assert_eq!(answered_by_b(&client, "/api/changing").await, 50);
}

#[tokio::test]
async fn gets_link_calls_by_its_weight_and_fits_its_callers_or_ends_before_they_serve() {
    let registry = |asker, quoter, canary_guest| {
        let with_canary = version(quoter).set("canary", canary(canary_guest, 25));
        pair(asker, quoter).service("quoter", with_canary)
    };
    let host = Host::start(&pair("asker-1", "quoter-1"), None).await;
    host.save(&registry("asker-1", "quoter-1", "quoter-2"));
    wait_for_refusal(&host, "quoter", &["`asker`"]).await;
    assert_answers(&host, "/api/asker", "asker-1 quoter-1").await;
    host.save(&registry("asker-1", "quoter-1", "quoter-1b"));
    wait_for_outcome(&host, "quoter", "canary_started").await;
    assert_eq!(answered_by_b(&host.client(), "/api/asker").await, 25);
    // Some change of the same save takes long: the canary does not wait for that.
    let slow = Service::guest("clockwork").config("start", "sleep");
    let slow = slow.limit("start", "5s");
    let next = registry("asker-2", "quoter-2", "quoter-1b");
    host.save(&next.service("slow", slow));
    wait_for_generation(&host, "asker", 2).await;
    for _request in 0..20 {
        assert_answers(&host, "/api/asker", "asker-2 quoter-2").await;
    }
    assert!(host.service("quoter").await["canary"].is_null());
    let changes = history(&host, "quoter").await;
    let has_ended = |change: &Value| change["outcome"] == "canary_ended";
    assert!(changes.iter().any(has_ended), "{changes:?}");
}

#[tokio::test]
async fn that_cannot_serve_is_refused_and_any_other_ends_or_is_promoted() {
    let host = Host::start(&alone(version("version-a")), None).await;
    let pin = digest_of(b"another component");
    let pinned = with(canary("version-b", 50), "digest", pin.clone());
    host.save(&beside(pinned));
    wait_for_refusal(&host, "changing", &[&*pin, "version-b.wasm"]).await;
    let refused = latest(&host, "changing").await;
    assert_json!(refused, {"outcome": "refused", "changed": ["canary"]});
    assert_eq!(answered_by_b(&host.client(), "/api/changing").await, 0);
    assert!(host.service("changing").await["canary"].is_null());
    host.save_registry(&beside(canary("version-b", 50))).await;
    assert!(host.service("changing").await["last_error"].is_null());
    assert_eq!(answered_by_b(&host.client(), "/api/changing").await, 50);

    // A mistake in the next one leaves this one where it is.
    host.save(&beside(canary_of_file("nowhere.wasm", 100)));
    wait_for_refusal(&host, "changing", &["nowhere.wasm"]).await;
    assert_eq!(answered_by_b(&host.client(), "/api/changing").await, 50);
    host.save_registry(&beside(canary("version-b", 50))).await;
    assert!(host.service("changing").await["last_error"].is_null());

    // It ends when its table goes, and is promoted by naming its component.
    host.save(&alone(version("version-a")));
    wait_for_outcome(&host, "changing", "canary_ended").await;
    assert_answers(&host, "/api/changing", "version-a").await;
    let row = host.service("changing").await;
    assert_json!(row, {"canary": null, "last_error": null, "generation": 1});

    host.save_registry(&beside(canary("version-b", 10))).await;
    host.save_registry(&alone(version("version-b"))).await;
    let row = host.service("changing").await;
    assert_json!(row, {"canary": null, "generation": 2});
    assert_eq!(answered_by_b(&host.client(), "/api/changing").await, 100);
    let changes = history(&host, "changing").await;
    let outcomes = changes.iter().map(|change| change["outcome"].as_str());
    let [canary, end] = ["canary_started", "canary_ended"];
    let refused = "refused";
    let expected = [
        end, "switched", canary, end, refused, canary, refused, "switched",
    ];
    assert!(outcomes.eq(expected.map(Some)), "{changes:?}");
}

/// Neither of them waits for the other: what served before goes at once.
#[tokio::test]
async fn gives_way_to_a_callee_that_changes_or_leaves_in_the_same_save() {
    let of = |asker_guest: &str, quoter_guest: &str| {
        let asker = asker(asker_guest).set("canary", canary(asker_guest, 25));
        pair(asker_guest, quoter_guest).service("asker", asker)
    };
    let host = Host::start(&of("asker-1", "quoter-1"), None).await;
    wait_for_outcome(&host, "asker", "canary_started").await;
    host.save_registry(&of("asker-2", "quoter-2")).await;
    assert_answers(&host, "/api/asker", "asker-2 quoter-2").await;
    assert_json!(host.service("asker").await, {"generation": 2, "last_error": null});
    assert!(host.service("asker").await["canary"].is_object());

    let alone = version("version-a").set("canary", canary("version-b", 25));
    host.save_registry(&Registry::empty().service("asker", alone))
        .await;
    wait_for_outcome(&host, "quoter", "removed").await;
    assert_json!(host.service("asker").await, {"generation": 3, "last_error": null});
    let changes = history(&host, "quoter").await;
    assert!(
        changes.iter().all(|change| change["outcome"] != "refused"),
        "{changes:?}"
    );
}
