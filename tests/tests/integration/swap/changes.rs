//! What differs is swapped, is named, and nothing else is touched.

use super::*;
use std::fs;

/// Saves a registry that differs in one service; asserts that the host swaps this one alone, and
/// names what changed.
async fn changes_only(host: &Host, name: &str, registry: &Registry, named: &[&str]) -> Value {
    let before = host.service(name).await;
    let untouched = others(host, name).await;
    host.save(registry);
    let next = before["generation"].as_u64().expect("a count") + 1;
    let after = wait_for_generation(host, name, next).await;

    let change = latest(host, name).await;
    assert_eq!(change["changed"], json!(named), "{change}");
    assert_is_told(&change, &before, &after);
    assert_eq!(others(host, name).await, untouched);
    change
}

/// The other services, with their generations and when they began.
async fn others(host: &Host, name: &str) -> Vec<[Value; 3]> {
    let services = host.services().await;
    list(&services["services"])
        .iter()
        .filter(|service| service["name"] != name)
        .map(|service| ["name", "generation", "since"].map(|key| service[key].clone()))
        .collect()
}

fn assert_is_told(change: &Value, before: &Value, after: &Value) {
    assert_json!(change, {
        "service": after["name"], "outcome": "switched", "trigger": "saved", "reason": null,
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
async fn a_components_file_replaced_overwritten_or_removed_and_written_again() {
    let twin = of_file(version("version-a"), "changing.wasm");
    let registry = beside_a_bystander(version("version-a")).service("twin", twin);
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
        // A service of the same file changes with it.
        wait_for_generation(&host, "twin", generation as u64).await;
        assert_answers(&host, "/api/twin", guest).await;
        assert_eq!(identity(&host, "bystander").await, bystander);
    }
    // The same in other words is no change.
    let taken_at = async || text(&host.services().await["registry"]["taken_at"]).to_owned();
    let before = taken_at().await;
    let registry = fs::read_to_string(host.folder().join("registry.toml"));
    let in_other_words = format!("# a word\n\n{}", registry.expect("it can be read"));
    fs::write(&file, guest_bytes("version-b")).expect("the file can be written");
    replace(host.folder(), "registry.toml", in_other_words.as_bytes());
    let is_read = async || taken_at().await > before;
    wait_until("the registry to be read", 300, is_read).await;
    let report = host.admin().post("/services/reload").await.json(200);
    assert_json!(report, {"changes": []});
    assert_eq!(host.service("changing").await["generation"], 4);
    assert_eq!(identity(&host, "bystander").await, bystander);
}

#[tokio::test]
async fn each_key_alone_and_several_at_once() {
    let secretive = Service::guest("sql").public().config("secret", "old-hush");
    let mut registry = beside_a_bystander(version("version-a"))
        .service("secretive", secretive)
        .service("guarded", Service::guest("version-a"))
        .service("asker", asker_of("asker-1", "left"))
        .service("left", version("quoter-1"))
        .service("right", version("quoter-1b"));
    let host = Host::start(&registry, None).await;
    let get = async || host.client().get("/api/changing").await;
    let post = async || {
        let call = host.client().post("/api/changing/length");
        call.body("text/plain", "x".repeat(2_000)).await.status
    };
    let mut change = async |name: &str, change: &dyn Fn(Service) -> Service, named: &[&str]| {
        registry = registry.clone().change(name, change);
        changes_only(&host, name, &registry, named).await
    };
    assert_answers(&host, "/api/changing", "version-a").await;
    let [from, to] = ["version-a", "version-b"].map(workspace::guest);
    let component = |service: Service| service.file(&to);
    let named = format!("component: {} -> {}", from.display(), to.display());
    let told = change("changing", &component, &[&named]).await;
    assert_answers(&host, "/api/changing", "version-b").await;
    let before = digest_of(&guest_bytes("version-a"));
    let digest = digest_of(&guest_bytes("version-b"));
    assert_json!(told, {"from_digest": before, "to_digest": digest});
    let parts = ["INFO", "was switched", "\"changing\"", "saved", "switch_us"];
    wait_for_log(&host, &[&parts[..], &[&*named, &*digest]].concat()).await;

    assert_eq!(post().await, 200);
    let body = |service: Service| service.limit("request_body", "1KiB");
    let named = "limits.request_body: 1048576 bytes -> 1024 bytes";
    change("changing", &body, &[named]).await;
    assert_eq!(post().await, 413);
    let rate = |service: Service| service.limit("rate", "1/m");
    change("changing", &rate, &["limits.rate: none -> 1/60s"]).await;
    assert_eq!(get().await.status, 200);
    get().await.refused(429, "rate_limited");
    let rate = |service: Service| service.limit("rate", "1000/s");
    change("changing", &rate, &["limits.rate: 1/60s -> 1000/1s"]).await;
    assert_eq!(get().await.status, 200, "the old limit is gone");
    let pin = |service: Service| service.set("digest", digest.clone());
    change("changing", &pin, &[&format!("digest: none -> {digest}")]).await;
    let several = |service: Service| {
        let service = service.limit("instances", 7).set("grants", vec!["signer"]);
        service.config("word", "x")
    };
    let named = [
        "grants: [] -> [signer]",
        "config.word",
        "limits.instances: 64 -> 7",
    ];
    change("changing", &several, &named).await;
    assert_eq!(host.service("changing").await["instances"]["max"], 7);

    host.client().get("/api/guarded").await.no_token();
    let open = |service: Service| service.set("public", vec!["GET /open"]);
    change("guarded", &open, &["public"]).await;
    assert_answers(&host, "/api/guarded/open", "version-a").await;
    host.client().get("/api/guarded").await.no_token();

    assert_answers(&host, "/api/asker", "asker-1 quoter-1").await;
    let links = |service: Service| service.set("links", link("right"));
    let named = "links.\"tests:quotes/quotes\": left -> right";
    change("asker", &links, &[named]).await;
    assert_answers(&host, "/api/asker", "asker-1 quoter-1b").await;

    // No report of a change has the values of a configuration.
    assert_answers(&host, "/api/secretive/config", "secret=old-hush").await;
    let secret = |service: Service| service.config("secret", "new-hush");
    change("secretive", &secret, &["config.secret"]).await;
    assert_answers(&host, "/api/secretive/config", "secret=new-hush").await;
    let (services, changes) = (host.services().await, history(&host, "secretive").await);
    let told = format!("{}{services}{changes:?}", host.log_until_now().await);
    assert!(!told.contains("hush"), "a secret in {told}");
}
