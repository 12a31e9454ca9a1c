//! Section 2: the keys of `registry.toml`.

use std::fs;

use strongroom_tests::bank::ADMIN_EMAIL;
use strongroom_tests::command::run;
use strongroom_tests::host::{ADMIN_PASSWORD_VARIABLE, Host};
use strongroom_tests::registry::{Registry, Service};
use strongroom_tests::{Bank, json, workspace};
use tempfile::tempdir;

fn guest(name: &str, service: Service) -> Registry {
    Registry::empty().service(name, service)
}

#[tokio::test]
async fn a_component_that_speaks_only_http_needs_nothing_but_its_path() {
    let registry = guest("greeter", Service::guest("hello"));
    let host = Host::start(&registry, None).await;
    host.client().get("/api/greeter").await.no_token();
}

#[tokio::test]
async fn a_components_path_is_relative_to_the_registry() {
    let registry = guest(
        "greeter",
        Service::default()
            .set("component", "parts/hello.wasm")
            .public(),
    );
    let mut host = Host::prepared(&registry, None);
    fs::create_dir(host.folder().join("parts")).expect("a folder can be made");
    fs::copy(
        workspace::guest("hello"),
        host.folder().join("parts/hello.wasm"),
    )
    .expect("a file can be copied");
    host.launch();
    host.wait_until_ready().await;
    assert_eq!(host.client().get("/api/greeter").await.text(), "hello");
}

#[tokio::test]
async fn a_digest_that_fits_is_accepted() {
    let digest = digest_of(&fs::read(workspace::guest("hello")).expect("the guest can be read"));
    let host = Host::start(
        &guest(
            "greeter",
            Service::guest("hello").set("digest", digest).public(),
        ),
        None,
    )
    .await;
    assert_eq!(host.client().get("/api/greeter").await.text(), "hello");
}

#[test]
fn a_digest_that_does_not_fit_is_refused() {
    let folder = tempdir().expect("a temporary folder");
    let digest = digest_of(b"another component");
    guest("greeter", Service::guest("hello").set("digest", digest)).write(folder.path());
    let outcome = run(folder.path(), &["check"]);
    assert_eq!(outcome.code, Some(1), "{outcome:?}");
    assert!(
        !outcome.lines_with(&["registry.toml:", "digest"]).is_empty(),
        "{outcome:?}"
    );
}

#[tokio::test]
async fn a_public_call_needs_no_token_and_every_other_does() {
    let public = toml::Value::Array(vec![
        "GET /fine".into(),
        "POST /open/*".into(),
        "* /any".into(),
    ]);
    let host = Host::start(
        &guest("shop", Service::guest("hostile").set("public", public)),
        None,
    )
    .await;
    let client = host.client();
    for (method, path) in [
        ("GET", "/fine"),
        ("POST", "/open/echo"),
        ("POST", "/open/a/fine"),
        ("GET", "/any"),
        ("PUT", "/any"),
    ] {
        assert_ne!(
            client
                .call(method, &format!("/api/shop{path}"))
                .await
                .status,
            401,
            "{method} {path}"
        );
    }
    let guarded = [
        ("POST", "/fine"),
        ("GET", "/fine/fine"),
        ("GET", "/open/fine"),
        ("GET", "/any/fine"),
        ("GET", ""),
        ("GET", "/FINE"),
    ];
    for (method, path) in guarded {
        client
            .call(method, &format!("/api/shop{path}"))
            .await
            .no_token();
    }
}

#[tokio::test]
async fn a_public_service_takes_any_method_and_path() {
    let host = Host::start(&guest("greeter", Service::guest("hello").public()), None).await;
    for (method, path) in [
        ("GET", ""),
        ("GET", "/"),
        ("POST", "/a/b?c=d"),
        ("DELETE", "/x"),
    ] {
        let answer = host
            .client()
            .call(method, &format!("/api/greeter{path}"))
            .await;
        assert_eq!(
            (answer.status, answer.text().as_str()),
            (200, "hello"),
            "{method} {path}"
        );
    }
}

#[tokio::test]
async fn config_reads_a_secret_from_the_environment() {
    // The default registry takes the administrator's password so; here it is a plain value.
    let registry = Registry::bank().change("auth", |service| {
        service.config("admin_password", "a plain value of some length")
    });
    let host = Host::start(&registry, None).await;
    let login = json!({"email": ADMIN_EMAIL, "password": "a plain value of some length"});
    host.client()
        .post("/api/auth/login")
        .json(&login)
        .await
        .expect(200);

    let bank = Bank::shared().await;
    assert!(
        fs::read_to_string(bank.folder().join("registry.toml"))
            .expect("the registry")
            .contains(ADMIN_PASSWORD_VARIABLE)
    );
    bank.admin().await.get("/api/auth/me").await.expect(200);
}

#[test]
fn links_that_run_in_a_circle_are_refused() {
    let folder = tempdir().expect("a temporary folder");
    let registry = Registry::bank().change("token", |service| {
        service.set(
            "links",
            toml::Table::from_iter([("strongroom:auth/directory".to_owned(), "auth".into())]),
        )
    });
    registry.write(folder.path());
    let outcome = run(folder.path(), &["check"]);
    assert_eq!(outcome.code, Some(1), "{outcome:?}");
    assert!(
        !outcome.lines_with(&["registry.toml:", "links"]).is_empty(),
        "{outcome:?}"
    );
}

#[tokio::test]
async fn the_memory_limit_binds() {
    let service = |memory: &str| Service::guest("hostile").public().limit("memory", memory);
    let registry = guest("roomy", service("64MiB")).service("tight", service("16MiB"));
    let host = Host::start(&registry, None).await;
    assert_eq!(
        host.client().get("/api/roomy/memory-32-mib").await.text(),
        "took 32"
    );
    let refused = host.client().get("/api/tight/memory-32-mib").await;
    assert!([502, 503].contains(&refused.status), "{}", refused.text());
    refused.problem(refused.status);
    assert_eq!(host.client().get("/api/tight/fine").await.text(), "fine");
}

#[tokio::test]
async fn the_time_limit_binds() {
    let service = Service::guest("hostile").public().limit("timeout", "300ms");
    let host = Host::start(&guest("hostile", service), None).await;
    host.client()
        .get("/api/hostile/sleep")
        .await
        .refused(504, "deadline_exceeded");
    assert_eq!(host.client().get("/api/hostile/fine").await.text(), "fine");
}

/// `sha256:` and the digest in hex.
fn digest_of(bytes: &[u8]) -> String {
    use sha2::{Digest, Sha256};
    let hex: String = Sha256::digest(bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!("sha256:{hex}")
}
