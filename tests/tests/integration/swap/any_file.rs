//! A registry may name any file of the machine as a component. None of them stops the host, and
//! no operator is shown what is in one that is no component.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::swap::files::{digest_of, guest_bytes, of_file};
use crate::swap::operator::{assert_answers, history, wait_for_generation, wait_for_refusal};
use crate::swap::versions::{beside_a_bystander, start_beside_a_bystander, version};
use rustix::fs::{CWD, FileType, Mode, mknodat};
use rustix::process::Signal;
use strongroom_tests::host::Host;
use strongroom_tests::registry::Registry;
use strongroom_tests::{Value, json};

/// What a registry must not reveal.
const SECRET: &[u8] = b"root:$6$salt$a-hash-that-is-worth-breaking";
/// Reading a device or waiting for a pipe does not end.
const PROMPT: Duration = Duration::from_secs(5);

fn make_pipe(folder: &Path) {
    let pipe = folder.join("pipe");
    mknodat(CWD, pipe, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).expect("a pipe can be made");
}

fn naming(registry: &Registry, file: &str) -> Registry {
    registry
        .clone()
        .change("changing", |service| of_file(service, file))
}

async fn plan(host: &Host, registry: &Registry) -> Value {
    let plan = host.admin().post("/services/plan");
    let plan = plan.body("application/toml", registry.text());
    plan.await.json(200)
}

#[tokio::test]
async fn a_pipe_a_device_and_a_folder_are_refused_as_a_component_and_a_pipe_as_a_registry() {
    let registry = beside_a_bystander(version("version-a"));
    let mut host = Host::start(&registry, None).await;
    make_pipe(host.folder());
    for file in ["pipe", "/dev/zero", "/dev/stdin", "data"] {
        let begun = Instant::now();
        let plan = plan(&host, &naming(&registry, file)).await;
        let refused = plan["changes"][0]["refused"].as_str().unwrap_or_default();
        assert!(refused.contains("no regular file"), "{file}: {plan}");
        assert_eq!(host.admin().get("/healthz").await.status, 200, "{file}");
        assert!(begun.elapsed() < PROMPT, "{file}: {:?}", begun.elapsed());

        host.save(&naming(&registry, file));
        let reason = wait_for_refusal(&host, "changing").await;
        assert!(reason.contains("no regular file"), "{file}: {reason}");
        assert_answers(&host, "/api/changing", "version-a").await;
        host.save(&registry);
        host.admin().post("/services/reload").await.json(200);
    }
    // A registry that is a pipe.
    let file = host.folder().join("registry.toml");
    fs::rename(host.folder().join("pipe"), file).expect("it can be replaced");
    let report = host.admin().post("/services/reload").await.json(422);
    let problems = report["problems"].to_string();
    assert!(problems.contains("no regular file"), "{report}");
    assert_answers(&host, "/api/changing", "version-a").await;
    let next = registry.clone().service("changing", version("version-b"));
    host.save(&next);
    wait_for_generation(&host, "changing", 2).await;

    make_pipe(host.folder());
    host.save(&naming(&registry, "pipe"));
    wait_for_refusal(&host, "changing").await;
    host.signal(Signal::TERM);
    assert_eq!(host.wait_for_exit().await.code(), Some(0));
}

#[tokio::test]
async fn of_a_file_that_is_no_component_nothing_is_told() {
    let (registry, host) = start_beside_a_bystander().await;
    fs::write(host.folder().join("secret"), SECRET).expect("a file can be written");
    let named = naming(&registry, "secret");
    let pinned = named.clone().change("changing", |service| {
        service.set("digest", digest_of(b"something else"))
    });
    let fits = named.clone().change("changing", |service| {
        service.set("digest", digest_of(SECRET))
    });
    let reason_of = |plan: &Value| plan["changes"][0]["refused"].clone();
    let reasons = [
        reason_of(&plan(&host, &named).await),
        reason_of(&plan(&host, &pinned).await),
        reason_of(&plan(&host, &fits).await),
    ];
    let reason = reasons[0].as_str().expect("a reason");
    assert!(reason.contains("not a WebAssembly component"), "{reason}");
    assert!(
        reasons.iter().all(|other| *other == reasons[0]),
        "{reasons:?}"
    );

    host.save(&pinned);
    let told = wait_for_refusal(&host, "changing").await;
    assert_eq!(json!(told), reasons[0]);
    let shown = [
        host.admin().get("/services").await.text(),
        json!(history(&host, "changing").await).to_string(),
        host.log_until_now().await,
    ];
    let digest = digest_of(SECRET);
    let digest = digest.trim_start_matches("sha256:");
    for text in shown {
        assert!(!text.contains(digest), "{text}");
        assert!(!text.contains("root:"), "{text}");
    }
    // Of a component, a plan says the digest that does not fit.
    let pin = digest_of(b"something else");
    let pinned = registry.service("changing", version("version-b").set("digest", pin));
    let plan = plan(&host, &pinned).await;
    let refused = reason_of(&plan).to_string();
    assert!(
        refused.contains(&digest_of(&guest_bytes("version-b"))),
        "{plan}"
    );
}
