//! What differs is swapped, is named, and nothing else is touched.

use super::*;
use std::fs;

/// Saves a registry that differs in the service `changing`, and asserts that the host swaps this
/// service alone, and names what changed.
async fn changes_only(host: &Host, registry: &Registry, named: &[&str]) -> Value {
    let before = host.service("changing").await;
    let bystander = identity(host, "bystander").await;
    host.save(registry);
    let next = before["generation"].as_u64().expect("a count") + 1;
    let after = wait_for_generation(host, "changing", next).await;

    let change = latest(host, "changing").await;
    assert_eq!(change["changed"], Value::from(named.to_vec()), "{change}");
    assert_is_told(&change, &before, &after);
    assert_eq!(identity(host, "bystander").await, bystander);
    change
}

fn assert_is_told(change: &Value, before: &Value, after: &Value) {
    assert_json!(change, {
        "service": "changing", "outcome": "switched", "trigger": "saved", "reason": null,
        "generation": after["generation"], "from_digest": before["digest"],
        "to_digest": after["digest"],
    });
    assert_eq!(after["changes"][0]["id"], change["id"], "{after}");
    assert!(after["last_error"].is_null(), "{after}");
    let [before, at, since] = [&before["since"], &change["at"], &after["since"]].map(text);
    assert!(before < since, "a new generation begins: {since}");
    assert!(before < at, "the change comes after what it changes: {at}");
    for step in ["load", "warm", "switch"] {
        assert!(change["steps_us"][step].is_u64(), "{step} of {change}");
    }
}

#[tokio::test]
async fn another_component() {
    let (registry, host) = start_beside_a_bystander().await;
    assert_answers(&host, "/api/changing", "version-a").await;
    let [from, to] = ["version-a", "version-b"].map(workspace::guest);
    let named = format!("component: {} -> {}", from.display(), to.display());
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
        "switch_us",
        &named,
        to,
    ];
    wait_for_log(&host, &parts).await;
}

#[tokio::test]
async fn a_components_file_replaced_overwritten_or_removed_and_written_again() {
    let registry = beside_a_bystander(version("version-a"));
    let (host, file) = host_with_file(&registry, "version-a").await;
    let bystander = identity(&host, "bystander").await;
    for (generation, way) in (2..).zip(["replaced", "overwritten", "removed"]) {
        let before = host.service("changing").await;
        let guest = ["version-b", "version-a"][generation % 2];
        match way {
            "replaced" => replace(host.folder(), "changing.wasm", &guest_bytes(guest)),
            way => {
                if way == "removed" {
                    fs::remove_file(&file).expect("the file can be removed");
                }
                fs::write(&file, guest_bytes(guest)).expect("the file can be written");
            }
        }
        let after = wait_for_generation(&host, "changing", generation as u64).await;
        assert_answers(&host, "/api/changing", guest).await;
        let change = latest(&host, "changing").await;
        assert_json!(change, {"changed": ["content of changing.wasm"]});
        assert_is_told(&change, &before, &after);
        assert_eq!(identity(&host, "bystander").await, bystander);
    }
}

#[tokio::test]
async fn limits_grants_and_pins_one_by_one_and_several_at_once() {
    let (mut registry, host) = start_beside_a_bystander().await;
    let get = async || host.client().get("/api/changing").await;
    let post = async || {
        let call = host.client().post("/api/changing/length");
        call.body("text/plain", "x".repeat(2_000)).await.status
    };
    let mut change = async |change: &dyn Fn(Service) -> Service, named: &[&str]| {
        registry = registry.clone().change("changing", change);
        changes_only(&host, &registry, named).await;
    };
    assert_eq!(post().await, 200);
    let named = "limits.request_body: 1048576 bytes -> 1024 bytes";
    change(&|service| service.limit("request_body", "1KiB"), &[named]).await;
    assert_eq!(post().await, 413);
    let named = "limits.rate: none -> 1/60s";
    change(&|service| service.limit("rate", "1/m"), &[named]).await;
    assert_eq!(get().await.status, 200);
    get().await.refused(429, "rate_limited");
    let named = "limits.rate: 1/60s -> 1000/1s";
    change(&|service| service.limit("rate", "1000/s"), &[named]).await;
    assert_eq!(get().await.status, 200, "the old limit is gone");
    let digest = digest_of(&guest_bytes("version-a"));
    let named = format!("digest: none -> {digest}");
    change(&|service| service.set("digest", digest.clone()), &[&named]).await;
    let several = |service: Service| {
        let service = service.limit("instances", 7).set("grants", vec!["signer"]);
        service.config("word", "x")
    };
    let named = [
        "grants: [] -> [signer]",
        "config.word",
        "limits.instances: 64 -> 7",
    ];
    change(&several, &named).await;
    assert_eq!(host.service("changing").await["instances"]["max"], 7);
}

#[tokio::test]
async fn configuration_whose_values_nobody_is_told() {
    let configured = |secret: &str| Service::guest("sql").public().config("secret", secret);
    let (registry, host) = start_beside_a_bystander_of(configured("old-hush")).await;
    assert_answers(&host, "/api/changing/config", "secret=old-hush").await;
    let registry = registry.service("changing", configured("new-hush"));
    changes_only(&host, &registry, &["config.secret"]).await;
    assert_answers(&host, "/api/changing/config", "secret=new-hush").await;
    let (services, changes) = (host.services().await, history(&host, "changing").await);
    let told = format!("{}{services}{changes:?}", host.log_until_now().await);
    assert!(!told.contains("hush"), "a secret in {told}");
}

#[tokio::test]
async fn which_calls_are_public() {
    let (registry, host) = start_beside_a_bystander_of(Service::guest("version-a")).await;
    host.client().get("/api/changing").await.no_token();
    let open = |service: Service| service.set("public", vec!["GET /open"]);
    let registry = registry.change("changing", open);
    changes_only(&host, &registry, &["public"]).await;
    assert_answers(&host, "/api/changing/open", "version-a").await;
    host.client().get("/api/changing").await.no_token();
}

#[tokio::test]
async fn links() {
    let registry = beside_a_bystander(asker_of("asker-1", "left"))
        .service("left", version("quoter-1"))
        .service("right", version("quoter-1b"));
    let host = Host::start(&registry, None).await;
    assert_answers(&host, "/api/changing", "asker-1 quoter-1").await;
    let callees = async || {
        [
            identity(&host, "left").await,
            identity(&host, "right").await,
        ]
    };
    let before = callees().await;
    let registry = registry.service("changing", asker_of("asker-1", "right"));
    let named = "links.\"tests:quotes/quotes\": left -> right";
    changes_only(&host, &registry, &[named]).await;
    assert_answers(&host, "/api/changing", "asker-1 quoter-1b").await;
    assert_eq!(callees().await, before);
}

#[tokio::test]
async fn the_same_in_other_words_is_no_change() {
    let (host, file) = host_with_file(&beside_a_bystander(version("version-a")), "version-a").await;
    let before = host.services().await;
    let registry = host.folder().join("registry.toml");
    let text = fs::read_to_string(&registry).expect("the registry can be read");
    fs::write(&file, guest_bytes("version-a")).expect("the component can be written");
    let in_other_words = format!("# a word\n\n{text}");
    replace(host.folder(), "registry.toml", in_other_words.as_bytes());
    wait_until_read_again(&host, &before).await;
    let report = host.admin().post("/services/reload").await.json(200);
    assert_eq!(report["changes"], Value::Array(Vec::new()));
    assert_eq!(host.service("changing").await["generation"], 1);
    assert_eq!(host.service("bystander").await["generation"], 1);
}

#[tokio::test]
async fn services_of_the_same_file_change_together() {
    let twin = of_file(version("version-a"), "changing.wasm");
    let registry = beside_a_bystander(version("version-a")).service("twin", twin);
    let (host, _file) = host_with_file(&registry, "version-a").await;
    replace(host.folder(), "changing.wasm", &guest_bytes("version-b"));
    wait_for_generation(&host, "changing", 2).await;
    wait_for_generation(&host, "twin", 2).await;
    assert_answers(&host, "/api/twin", "version-b").await;
    assert_eq!(host.service("bystander").await["generation"], 1);
}
