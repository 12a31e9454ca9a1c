//! A canary gets its share, comes, and goes.

use crate::swap::files::{guest_bytes, of_file, replace};
use crate::swap::operator::{
    assert_answers, history, latest, service, wait_for_outcome, wait_for_refusal,
};
use crate::swap::versions::{asker, version};
use strongroom_tests::host::Host;
use strongroom_tests::registry::{Registry, Service};
use strongroom_tests::{Client, workspace};
use toml::{Table, Value};

/// A `canary` table for this guest.
pub fn canary(guest: &str) -> Table {
    let file = workspace::guest(guest).display().to_string();
    Table::from_iter([("component".to_owned(), file.into())])
}

/// The same with one more key.
pub fn with(mut table: Table, key: &str, value: impl Into<Value>) -> Table {
    table.insert(key.to_owned(), value.into());
    table
}

/// A service whose stable version is `version-a`.
pub fn beside(canary: Table) -> Registry {
    Registry::empty().service("changing", version("version-a").set("canary", canary))
}

/// How many of 100 requests `version-b` answered.
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
async fn gets_its_weight_of_each_hundred_requests() {
    let registry = beside(with(canary("version-b"), "weight", 20));
    let host = Host::start(&registry, None).await;
    wait_for_outcome(&host, "changing", "canary_started").await;
    let client = host.client();
    for weight in [20, 1, 73, 100, 0] {
        let table = with(
            with(canary("version-b"), "weight", weight),
            "header",
            "x-canary: yes",
        );
        host.save_registry(&beside(table)).await;
        let share = answered_by_b(&client, "/api/changing").await;
        assert_eq!(share as i64, weight, "of 100");
    }
    let row = service(&host, "changing").await;
    assert_eq!(row["canary"]["weight"], 0, "{row}");
    assert_eq!(
        row["generation"], 1,
        "the stable generation is the same: {row}"
    );
}

#[tokio::test]
async fn gets_requests_with_its_header_and_no_others() {
    let table = with(canary("version-b"), "header", "x-canary: yes");
    let host = Host::start(&beside(table), None).await;
    wait_for_outcome(&host, "changing", "canary_started").await;
    let ask = async |name: &str, value: &str| {
        let call = host.client().get("/api/changing").header(name, value);
        call.await.text()
    };
    assert_answers(&host, "/api/changing", "version-a").await;
    assert_eq!(ask("x-canary", "yes").await, "version-b");
    assert_eq!(ask("X-CANARY", "yes").await, "version-b");
    assert_eq!(ask("x-canary", "no").await, "version-a");
    assert_eq!(ask("x-canary-2", "yes").await, "version-a");
    let row = service(&host, "changing").await;
    assert_eq!(row["canary"]["header"], "x-canary: yes", "{row}");
    assert_eq!(row["canary"]["requests_total"], 2, "{row}");
    assert_eq!(row["canary"]["failures_total"], 0, "{row}");
}

#[tokio::test]
async fn gets_link_calls_by_its_weight() {
    let quoter = version("quoter-1").set("canary", with(canary("quoter-1b"), "weight", 25));
    let registry = Registry::empty()
        .service("asker", asker("asker-1"))
        .service("quoter", quoter);
    let host = Host::start(&registry, None).await;
    wait_for_outcome(&host, "quoter", "canary_started").await;
    assert_eq!(answered_by_b(&host.client(), "/api/asker").await, 25);
}

#[tokio::test]
async fn that_cannot_serve_is_refused_and_the_stable_version_goes_on() {
    let host = Host::start(
        &Registry::empty().service("changing", version("version-a")),
        None,
    )
    .await;
    let table = Table::from_iter([("component".to_owned(), "nowhere.wasm".into())]);
    beside(with(table, "weight", 50)).save(host.folder());
    let reason = wait_for_refusal(&host, "changing").await;
    assert!(reason.contains("nowhere.wasm"), "{reason}");
    let refused = latest(&host, "changing").await;
    assert_eq!(
        (&refused["outcome"], &refused["changed"][0]),
        (&"refused".into(), &"canary".into())
    );
    assert_eq!(answered_by_b(&host.client(), "/api/changing").await, 0);
    assert!(service(&host, "changing").await["canary"].is_null());
    let mended = host
        .save_registry(&beside(with(canary("version-b"), "weight", 50)))
        .await;
    assert!(
        service(&host, "changing").await["last_error"].is_null(),
        "{mended}"
    );
    assert_eq!(answered_by_b(&host.client(), "/api/changing").await, 50);
}

#[tokio::test]
async fn that_is_not_the_pinned_file_is_refused() {
    let host = Host::start(
        &Registry::empty().service("changing", version("version-a")),
        None,
    )
    .await;
    let other = crate::swap::files::digest_of(b"another component");
    beside(with(
        with(canary("version-b"), "weight", 50),
        "digest",
        other.clone(),
    ))
    .save(host.folder());
    let reason = wait_for_refusal(&host, "changing").await;
    assert!(
        reason.contains(&other) && reason.contains("version-b.wasm"),
        "{reason}"
    );
}

#[tokio::test]
async fn that_does_not_fit_its_callers_is_refused() {
    let registry = crate::swap::versions::pair("asker-1", "quoter-1");
    let host = Host::start(&registry, None).await;
    let table = with(canary("quoter-2"), "weight", 50);
    registry
        .change("quoter", |service| service.set("canary", table))
        .save(host.folder());
    let reason = wait_for_refusal(&host, "quoter").await;
    assert!(reason.contains("`asker`"), "{reason}");
    assert_answers(&host, "/api/asker", "asker-1 quoter-1").await;
}

#[tokio::test]
async fn ends_when_its_table_goes() {
    let host = Host::start(&beside(with(canary("version-b"), "weight", 100)), None).await;
    wait_for_outcome(&host, "changing", "canary_started").await;
    assert_answers(&host, "/api/changing", "version-b").await;
    Registry::empty()
        .service("changing", version("version-a"))
        .save(host.folder());
    wait_for_outcome(&host, "changing", "canary_ended").await;
    assert_answers(&host, "/api/changing", "version-a").await;
    let row = service(&host, "changing").await;
    assert!(
        row["canary"].is_null() && row["last_error"].is_null(),
        "{row}"
    );
    assert_eq!(row["generation"], 1, "{row}");
}

#[tokio::test]
async fn is_promoted_by_naming_its_component() {
    let host = Host::start(&beside(with(canary("version-b"), "weight", 10)), None).await;
    wait_for_outcome(&host, "changing", "canary_started").await;
    host.save_registry(&Registry::empty().service("changing", version("version-b")))
        .await;
    let row = service(&host, "changing").await;
    assert_eq!(row["generation"], 2, "{row}");
    assert!(row["canary"].is_null(), "{row}");
    assert_eq!(answered_by_b(&host.client(), "/api/changing").await, 100);
    let outcomes: Vec<_> = history(&host, "changing").await;
    let outcomes: Vec<_> = outcomes
        .iter()
        .filter_map(|change| change["outcome"].as_str())
        .collect();
    assert_eq!(
        outcomes,
        ["switched", "canary_ended", "canary_started", "switched"]
    );
}

#[tokio::test]
async fn goes_on_beside_a_stable_version_that_is_swapped() {
    let table = with(canary("version-b"), "weight", 50);
    let host = Host::start(&beside(table.clone()), None).await;
    wait_for_outcome(&host, "changing", "canary_started").await;
    let faulty = version("version-faulty").set("canary", table);
    host.save_registry(&Registry::empty().service("changing", faulty))
        .await;
    assert_eq!(service(&host, "changing").await["generation"], 2);
    assert_eq!(answered_by_b(&host.client(), "/api/changing").await, 50);
}

#[tokio::test]
async fn whose_file_changes_is_swapped() {
    let service_of = |service: Service| Registry::empty().service("changing", service);
    let mut host = Host::prepared(&service_of(version("version-a")), None);
    replace(host.folder(), "canary.wasm", &guest_bytes("version-faulty"));
    let table = Table::from_iter([("component".to_owned(), "canary.wasm".into())]);
    service_of(version("version-a").set("canary", with(table, "weight", 100))).write(host.folder());
    host.launch();
    host.wait_until_ready().await;
    wait_for_outcome(&host, "changing", "canary_started").await;
    assert_answers(&host, "/api/changing", "faulty").await;
    let before = service(&host, "changing").await["canary"]["digest"].clone();
    replace(host.folder(), "canary.wasm", &guest_bytes("version-b"));
    strongroom_tests::wait_for("the new canary", 30, async || {
        let digest = service(&host, "changing").await["canary"]["digest"].clone();
        (digest.is_string() && digest != before).then_some(())
    })
    .await;
    assert_answers(&host, "/api/changing", "version-b").await;
    assert_eq!(service(&host, "changing").await["generation"], 1);
}

#[tokio::test]
async fn of_a_file_beside_the_registry_is_found() {
    let mut host = Host::prepared(&Registry::empty(), None);
    replace(host.folder(), "canary.wasm", &guest_bytes("version-b"));
    replace(host.folder(), "stable.wasm", &guest_bytes("version-a"));
    let table = Table::from_iter([("component".to_owned(), "canary.wasm".into())]);
    let service =
        of_file(version("version-a"), "stable.wasm").set("canary", with(table, "weight", 100));
    Registry::empty()
        .service("changing", service)
        .write(host.folder());
    host.launch();
    host.wait_until_ready().await;
    wait_for_outcome(&host, "changing", "canary_started").await;
    assert_answers(&host, "/api/changing", "version-b").await;
}
