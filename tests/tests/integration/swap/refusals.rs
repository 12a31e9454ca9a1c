//! A new version with something wrong: the old one goes on serving, the operator sees why, and what
//! is mended is taken.

use super::*;
use rustix::process::Signal;
use std::fs;

/// Saves a service that cannot serve, with a good change of the bystander beside it. Asserts that
/// it is refused for this reason, that what served goes on, and that a mended one is taken.
async fn assert_refused(host: &Host, bad: Service, parts: &[&str]) {
    let registry = beside_a_bystander(version("version-a"));
    let before = host.service("changing").await;
    let seen = host.log_until_now().await.len();
    let next = before["generation"].as_u64().expect("a count") + 1;
    let [serving, mended] = match next % 2 {
        0 => ["version-a", "version-b"],
        _ => ["version-b", "version-a"],
    };
    let bystander = registry.service("bystander", version(mended));
    host.save(&bystander.clone().service("changing", bad));
    let reason = wait_for_refusal(host, "changing", parts).await;
    assert_answers(host, "/api/changing", serving).await;
    assert_eq!(host.admin().get("/readyz").await.status, 200);
    let after = host.service("changing").await;
    for key in ["generation", "since", "digest", "component", "state"] {
        assert_eq!(after[key], before[key], "{key} of {after}");
    }
    let refused = latest(host, "changing").await;
    assert_json!(refused, {
        "outcome": "refused", "reason": reason, "from_digest": before["digest"],
        "steps_us": {"switch": null},
    });
    assert!(!list(&refused["changed"]).is_empty(), "{refused}");
    let first_line = reason.lines().next().expect("a reason");
    let first_words: String = first_line.chars().take(60).collect();
    let words = first_words.replace('"', "\\\"");
    wait_for_log_after(host, seen, &["ERROR", "refused", "changing", &words]).await;
    wait_for_generation(host, "bystander", next).await;
    assert_answers(host, "/api/bystander", mended).await;

    host.save(&bystander.service("changing", version(mended)));
    let now = wait_for_generation(host, "changing", next).await;
    assert!(now["last_error"].is_null(), "{now}");
    assert_answers(host, "/api/changing", mended).await;
}

fn wat(text: &str) -> Vec<u8> {
    wat::parse_str(text).expect("it is well-formed")
}

#[tokio::test]
async fn a_file_or_a_service_that_cannot_serve() {
    let (_, host) = start_beside_a_bystander().await;
    let whole = guest_bytes("version-b");
    let unknown =
        r#"(component (import "tests:nobody/nothing@1.0.0" (instance (export "act" (func)))))"#;
    let file = |name: &str, bytes: &[u8]| {
        replace(host.folder(), name, bytes);
        of_file(version("version-a"), name)
    };
    let half = file("half.wasm", &whole[..whole.len() / 2]);
    let core = file("core.wasm", &wat("(module)"));
    let idle = file("idle.wasm", &wat("(component)"));
    let unknown = file("unknown.wasm", &wat(unknown));
    let token = version("version-a").file(&workspace::component("token"));
    let (pin, found) = (digest_of(b"another component"), digest_of(&whole));
    let pinned = version("version-b").set("digest", pin.clone());
    let small = version("version-b").limit("memory", "64KiB");
    let services: [(Service, &[&str]); 10] = [
        (half, &["half.wasm", "not a WebAssembly component"]),
        (core, &["not a WebAssembly component", "module"]),
        (idle, &["wasi:http/incoming-handler", "wasi:http/handler"]),
        (unknown, &["`tests:nobody/nothing@1.0.0`", "links"]),
        (missing(), &["nowhere.wasm: cannot be read: No such file"]),
        (token, &["`strongroom:keys/signer", "not granted", "grants"]),
        (pinned, &["version-b.wasm", "digest", &pin, &found]),
        (small, &["no instance", "memory", "limits"]),
        (clockwork("long-error"), &["`start` failed", "xxx"]),
        (clockwork("sleep"), &["`start` failed", "longer than 1s"]),
    ];
    for (bad, parts) in services {
        assert_refused(&host, bad, parts).await;
    }
}

#[tokio::test]
async fn a_pinned_file_whose_content_changes_and_one_that_goes_while_its_service_runs() {
    let pin = digest_of(&guest_bytes("version-a"));
    let pinned = beside_a_bystander(version("version-a").set("digest", pin));
    let (host, file) = host_with_file(&pinned, "version-a").await;
    let put = |guest| replace(host.folder(), "changing.wasm", &guest_bytes(guest));
    for reason in ["pins", "cannot be read"] {
        match reason {
            "pins" => put("version-b"),
            _ => fs::remove_file(&file).expect("it can be removed"),
        }
        wait_for_refusal(&host, "changing", &["changing.wasm", reason]).await;
        assert_answers(&host, "/api/changing", "version-a").await;
        put("version-a");
        wait_until_mended(&host, "changing").await;
        assert_eq!(host.service("changing").await["generation"], 1);
    }
}

fn clockwork(start: &str) -> Service {
    let clockwork = Service::guest("clockwork").config("start", start);
    clockwork.limit("start", "1s").limit("cpu", "500ms")
}

#[tokio::test]
async fn a_refusal_is_listed_once_and_tried_again_when_asked_for_or_when_its_file_comes() {
    let (registry, host) = start_beside_a_bystander().await;
    let folder = host.folder().join("later");
    let later = of_file(version("version-a"), "later/version.wasm");
    let bad = registry.clone().service("changing", later);
    host.save(&bad);
    wait_for_refusal(&host, "changing", &[]).await;
    // Another save, of something else: what was refused is the same, and is not tried again.
    let other = bad.service("bystander", version("version-b"));
    host.save(&other);
    wait_for_generation(&host, "bystander", 2).await;
    let refusals = async || {
        let history = history(&host, "changing").await;
        let is_refused = |change: &&Value| change["outcome"] == "refused";
        history.iter().filter(is_refused).count()
    };
    assert_eq!(refusals().await, 1);
    host.signal(Signal::HUP);
    wait_until("another refusal", 20, async || refusals().await == 2).await;
    assert_json!(latest(&host, "changing").await, {"trigger": "sighup"});
    // The report of a reload says that not all is done, and has the change as the history has it.
    let report = host.admin().post("/services/reload").await.json(422);
    let change = &report["changes"][0];
    assert_json!(change, {"service": "changing", "outcome": "refused", "trigger": "request"});
    assert!(text(&change["reason"]).contains("later/version.wasm"));
    assert_eq!(*change, latest(&host, "changing").await);
    assert_eq!(refusals().await, 3);
    assert!(host.service("changing").await["last_error"].is_string());
    // Back to what serves, and then the file comes.
    host.save(&registry);
    wait_until_mended(&host, "changing").await;
    assert_eq!(host.service("changing").await["generation"], 1);
    host.save(&other);
    wait_for_refusal(&host, "changing", &[]).await;
    fs::create_dir(&folder).expect("a folder can be made");
    replace(&folder, "version.wasm", &guest_bytes("version-b"));
    wait_for_generation(&host, "changing", 2).await;
    assert_answers(&host, "/api/changing", "version-b").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_serves_goes_on_while_the_new_version_starts() {
    let (registry, host) = start_beside_a_bystander().await;
    let is_old = |text: &str| text == "version-a";
    let load = hammer(2, || host.client(), "/api/changing", is_old);
    host.save(&registry.service("changing", clockwork("sleep")));
    wait_for_refusal(&host, "changing", &[]).await;
    load.go_on().await;
    load.end().await;
}
