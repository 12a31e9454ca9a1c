//! A registry may name any file of the machine as a component. None of them stops the host, and
//! no operator is shown what is in one that is no component.

use super::*;
use rustix::fs::{CWD, FileType, Mode, mknodat};
use rustix::process::Signal;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

const SECRET: &[u8] = b"root:$6$salt$a-hash-that-is-worth-breaking";
/// Reading a device or waiting for a pipe does not end.
const PROMPT: Duration = Duration::from_secs(5);

fn make_pipe(folder: &Path) {
    let pipe = folder.join("pipe");
    mknodat(CWD, pipe, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).expect("a pipe can be made");
}

fn naming(registry: &Registry, file: &str) -> Registry {
    let registry = registry.clone();
    registry.change("changing", |service| of_file(service, file))
}

async fn refusal(host: &Host, registry: &Registry) -> String {
    let plan = host.admin().post("/services/plan");
    let plan = plan.body("application/toml", registry.text());
    text(&plan.await.json(200)["changes"][0]["refused"]).to_owned()
}

#[tokio::test]
async fn a_pipe_a_device_and_a_folder_are_refused_as_a_component_and_a_pipe_as_a_registry() {
    let (registry, mut host) = start_beside_a_bystander().await;
    make_pipe(host.folder());
    let file = host.folder().join("registry.toml");
    fs::rename(host.folder().join("pipe"), file).expect("it can be replaced");
    let report = host.admin().post("/services/reload").await.json(422);
    assert_parts(&report["problems"].to_string(), &["no regular file"]);
    make_pipe(host.folder());
    for file in ["/dev/zero", "/dev/stdin", "data", "pipe"] {
        assert_answers(&host, "/api/changing", "version-a").await;
        host.save_registry(&registry).await;
        let begun = Instant::now();
        let refused = refusal(&host, &naming(&registry, file)).await;
        assert!(refused.contains("no regular file"), "{file}: {refused}");
        assert_eq!(host.admin().get("/healthz").await.status, 200, "{file}");
        assert!(begun.elapsed() < PROMPT, "{file}: {:?}", begun.elapsed());
        host.save(&naming(&registry, file));
        wait_for_refusal(&host, "changing", &["no regular file"]).await;
    }
    host.signal(Signal::TERM);
    assert_eq!(host.wait_for_exit().await.code(), Some(0));
}

#[tokio::test]
async fn of_a_file_that_is_no_component_nothing_is_told() {
    let (registry, host) = start_beside_a_bystander().await;
    fs::write(host.folder().join("secret"), SECRET).expect("a file can be written");
    let named = naming(&registry, "secret");
    let pinned_to = |bytes: &[u8]| {
        let pin = |service: Service| service.set("digest", digest_of(bytes));
        named.clone().change("changing", pin)
    };
    let pinned = pinned_to(b"something else");
    let reason = refusal(&host, &named).await;
    assert_parts(&reason, &["not a WebAssembly component"]);
    for other in [&pinned, &pinned_to(SECRET)] {
        assert_eq!(refusal(&host, other).await, reason);
    }

    host.save(&pinned);
    assert_eq!(wait_for_refusal(&host, "changing", &[]).await, reason);
    let (services, changes) = (host.services().await, history(&host, "changing").await);
    let shown = format!("{}{services}{changes:?}", host.log_until_now().await);
    let digest = digest_of(SECRET);
    for secret in [digest.trim_start_matches("sha256:"), "root:"] {
        assert!(!shown.contains(secret), "{secret} in {shown}");
    }
    // Of a component, a plan says the digest that does not fit.
    let pin = digest_of(b"something else");
    let pinned = registry.service("changing", version("version-b").set("digest", pin));
    let refused = refusal(&host, &pinned).await;
    assert_parts(&refused, &[&digest_of(&guest_bytes("version-b"))]);
}
