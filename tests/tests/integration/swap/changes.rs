//! What differs is swapped, is named, and nothing else is touched.

use std::fs;

use crate::swap::files::{digest_of, guest_bytes, host_with_file, replace};
use crate::swap::operator::{
    assert_answers, history, identity, latest, service, services, wait_for_generation,
    wait_for_log, wait_until_read_again,
};
use crate::swap::versions::{asker_of, beside_a_bystander, version};
use strongroom_tests::bank::text;
use strongroom_tests::host::Host;
use strongroom_tests::registry::{Registry, Service};
use strongroom_tests::{Value, workspace};

/// Saves a registry that differs in the service `changing`, and waits until the host has seen it by itself. Asserts that this service
/// alone was swapped, and that what changed is named so.
async fn changes_only(host: &Host, registry: &Registry, named: &[&str]) -> Value {
    let before = service(host, "changing").await;
    let bystander = identity(host, "bystander").await;
    registry.save(host.folder());
    let next = before["generation"].as_u64().expect("a count") + 1;
    let after = wait_for_generation(host, "changing", next).await;

    let change = latest(host, "changing").await;
    assert_eq!(change["changed"], Value::from(named.to_vec()), "{change}");
    assert_is_told(&change, &before, &after);
    assert_eq!(identity(host, "bystander").await, bystander);
    change
}

fn assert_is_told(change: &Value, before: &Value, after: &Value) {
    assert_eq!(change["service"], "changing");
    assert_eq!(change["outcome"], "switched", "{change}");
    assert_eq!(change["trigger"], "saved", "{change}");
    assert!(change["reason"].is_null(), "{change}");
    assert_eq!(change["generation"], after["generation"], "{change}");
    assert_eq!(change["from_digest"], before["digest"], "{change}");
    assert_eq!(change["to_digest"], after["digest"], "{change}");
    assert_eq!(after["changes"][0]["id"], change["id"], "{after}");
    assert!(after["last_error"].is_null(), "{after}");
    let times = [&before["since"], &change["at"], &after["since"]].map(text);
    assert!(times[0] < times[2], "a new generation begins: {times:?}");
    assert!(
        times[0] < times[1],
        "the change comes after what it changes: {times:?}"
    );
    for step in ["load", "warm", "switch"] {
        assert!(change["steps_us"][step].is_u64(), "{step} of {change}");
    }
}

async fn start(service: Service) -> (Registry, Host) {
    let registry = beside_a_bystander(service);
    let host = Host::start(&registry, None).await;
    (registry, host)
}

#[tokio::test]
async fn another_component() {
    let (registry, host) = start(version("version-a")).await;
    assert_answers(&host, "/api/changing", "version-a").await;
    let paths =
        ["version-a", "version-b"].map(|guest| workspace::guest(guest).display().to_string());
    let named = format!("component: {} -> {}", paths[0], paths[1]);
    let registry = registry.service("changing", version("version-b"));
    let change = changes_only(&host, &registry, &[&named]).await;
    assert_answers(&host, "/api/changing", "version-b").await;
    assert_eq!(change["from_digest"], digest_of(&guest_bytes("version-a")));
    assert_eq!(change["to_digest"], digest_of(&guest_bytes("version-b")));
    let to = text(&change["to_digest"]);
    let parts = [
        "INFO",
        "was switched",
        "\"changing\"",
        "saved",
        &named,
        to,
        "switch_us",
    ];
    wait_for_log(&host, &parts).await;
}

async fn assert_content_is_swapped(write: impl FnOnce(&Host)) {
    let (host, _file) =
        host_with_file(&beside_a_bystander(version("version-a")), "version-a").await;
    let before = service(&host, "changing").await;
    let bystander = identity(&host, "bystander").await;
    assert_answers(&host, "/api/changing", "version-a").await;
    write(&host);
    let after = wait_for_generation(&host, "changing", 2).await;
    assert_answers(&host, "/api/changing", "version-b").await;
    let change = latest(&host, "changing").await;
    assert_eq!(
        change["changed"],
        Value::from(vec!["content of changing.wasm"])
    );
    assert_is_told(&change, &before, &after);
    assert_eq!(identity(&host, "bystander").await, bystander);
}

#[tokio::test]
async fn a_components_file_that_is_replaced_by_a_rename() {
    assert_content_is_swapped(|host| {
        replace(host.folder(), "changing.wasm", &guest_bytes("version-b"));
    })
    .await;
}

#[tokio::test]
async fn a_components_file_that_is_overwritten_in_place() {
    assert_content_is_swapped(|host| {
        let file = host.folder().join("changing.wasm");
        fs::write(file, guest_bytes("version-b")).expect("the file can be written");
    })
    .await;
}

#[tokio::test]
async fn a_components_file_that_is_removed_and_written_again() {
    assert_content_is_swapped(|host| {
        let file = host.folder().join("changing.wasm");
        fs::remove_file(&file).expect("the file can be removed");
        fs::write(file, guest_bytes("version-b")).expect("the file can be written");
    })
    .await;
}

#[tokio::test]
async fn limits() {
    let (registry, host) = start(version("version-a")).await;
    let post = async || {
        let call = host.client().post("/api/changing/length");
        call.body("text/plain", "x".repeat(2_000)).await.status
    };
    assert_eq!(post().await, 200);
    let registry = registry.change("changing", |service| service.limit("request_body", "1KiB"));
    changes_only(
        &host,
        &registry,
        &["limits.request_body: 1048576 bytes -> 1024 bytes"],
    )
    .await;
    assert_eq!(post().await, 413);
}

#[tokio::test]
async fn the_rate_limit() {
    let (registry, host) = start(version("version-a")).await;
    let registry = registry.change("changing", |service| service.limit("rate", "1/m"));
    changes_only(&host, &registry, &["limits.rate: none -> 1/60s"]).await;
    assert_eq!(host.client().get("/api/changing").await.status, 200);
    host.client()
        .get("/api/changing")
        .await
        .refused(429, "rate_limited");
    let registry = registry.change("changing", |service| service.limit("rate", "1000/s"));
    changes_only(&host, &registry, &["limits.rate: 1/60s -> 1000/1s"]).await;
    assert_eq!(
        host.client().get("/api/changing").await.status,
        200,
        "the old limit is gone"
    );
}

#[tokio::test]
async fn configuration_whose_values_nobody_is_told() {
    let configured = |secret: &str| Service::guest("sql").public().config("secret", secret);
    let (registry, host) = start(configured("old-hush")).await;
    assert_answers(&host, "/api/changing/config", "secret=old-hush").await;
    let registry = registry.service("changing", configured("new-hush"));
    changes_only(&host, &registry, &["config.secret"]).await;
    assert_answers(&host, "/api/changing/config", "secret=new-hush").await;
    let told = format!(
        "{}{}{:?}",
        host.log_until_now().await,
        services(&host).await,
        history(&host, "changing").await
    );
    assert!(!told.contains("hush"), "a secret in {told}");
}

#[tokio::test]
async fn which_calls_are_public() {
    let (registry, host) = start(Service::guest("version-a")).await;
    host.client().get("/api/changing").await.no_token();
    let public = toml::Value::Array(vec!["GET /open".into()]);
    let registry = registry.change("changing", |service| service.set("public", public));
    changes_only(&host, &registry, &["public"]).await;
    assert_answers(&host, "/api/changing/open", "version-a").await;
    host.client().get("/api/changing").await.no_token();
}

#[tokio::test]
async fn grants() {
    let (registry, host) = start(version("version-a")).await;
    let grants = toml::Value::Array(vec!["signer".into()]);
    let registry = registry.change("changing", |service| service.set("grants", grants));
    changes_only(&host, &registry, &["grants: [] -> [signer]"]).await;
}

#[tokio::test]
async fn links() {
    let registry = beside_a_bystander(asker_of("asker-1", "left"))
        .service("left", version("quoter-1"))
        .service("right", version("quoter-1b"));
    let host = Host::start(&registry, None).await;
    assert_answers(&host, "/api/changing", "asker-1 quoter-1").await;
    let callees = (
        identity(&host, "left").await,
        identity(&host, "right").await,
    );
    let registry = registry.service("changing", asker_of("asker-1", "right"));
    changes_only(
        &host,
        &registry,
        &["links.\"tests:quotes/quotes\": left -> right"],
    )
    .await;
    assert_answers(&host, "/api/changing", "asker-1 quoter-1b").await;
    assert_eq!(
        (
            identity(&host, "left").await,
            identity(&host, "right").await
        ),
        callees
    );
}

#[tokio::test]
async fn a_digest_that_is_pinned() {
    let (registry, host) = start(version("version-a")).await;
    let digest = digest_of(&guest_bytes("version-a"));
    let named = format!("digest: none -> {digest}");
    let registry = registry.change("changing", |service| service.set("digest", digest));
    changes_only(&host, &registry, &[&named]).await;
}

#[tokio::test]
async fn several_things_at_once_are_one_change() {
    let (registry, host) = start(version("version-a")).await;
    let registry = registry.change("changing", |service| {
        service
            .limit("instances", 7)
            .limit("queue", 5)
            .config("word", "x")
    });
    let named = [
        "config.word",
        "limits.instances: 64 -> 7",
        "limits.queue: 1024 -> 5",
    ];
    changes_only(&host, &registry, &named).await;
    assert_eq!(service(&host, "changing").await["instances"]["max"], 7);
}

#[tokio::test]
async fn the_same_in_other_words_is_no_change() {
    let (host, file) = host_with_file(&beside_a_bystander(version("version-a")), "version-a").await;
    let before = services(&host).await;
    let registry = host.folder().join("registry.toml");
    let text = fs::read_to_string(&registry).expect("the registry can be read");
    fs::write(&file, guest_bytes("version-a")).expect("the component can be written");
    replace(
        host.folder(),
        "registry.toml",
        format!("# a word\n\n{text}").as_bytes(),
    );
    wait_until_read_again(&host, &before).await;
    let report = host.admin().post("/services/reload").await.json(200);
    assert_eq!(report["changes"], Value::Array(Vec::new()));
    assert_eq!(service(&host, "changing").await["generation"], 1);
    assert_eq!(service(&host, "bystander").await["generation"], 1);
}

#[tokio::test]
async fn services_of_the_same_file_change_together() {
    let registry = beside_a_bystander(version("version-a")).service(
        "twin",
        version("version-a").set("component", "changing.wasm"),
    );
    let (host, _file) = host_with_file(&registry, "version-a").await;
    replace(host.folder(), "changing.wasm", &guest_bytes("version-b"));
    wait_for_generation(&host, "changing", 2).await;
    wait_for_generation(&host, "twin", 2).await;
    assert_answers(&host, "/api/twin", "version-b").await;
    assert_eq!(service(&host, "bystander").await["generation"], 1);
}
