//! The keys of `registry.toml`.

use std::fs;

use crate::swap::files::digest_of;
use strongroom_tests::bank::ADMIN_EMAIL;
use strongroom_tests::host::{ADMIN_PASSWORD_VARIABLE, Host};
use strongroom_tests::registry::{Registry, Service};
use strongroom_tests::{Bank, workspace};

fn guest(name: &str, service: Service) -> Registry {
    Registry::empty().service(name, service)
}

/// The path is relative to the registry, and the file may be pinned.
#[tokio::test]
async fn a_component_needs_nothing_but_its_path() {
    let bytes = fs::read(workspace::guest("hello")).expect("the guest can be read");
    let part = Service::default().set("component", "parts/hello.wasm");
    let pinned = part.clone().set("digest", digest_of(&bytes)).public();
    let registry = guest("greeter", part).service("pinned", pinned);
    let mut host = Host::prepared(&registry, None);
    let folder = host.folder().join("parts");
    fs::create_dir(&folder).expect("a folder can be made");
    fs::write(folder.join("hello.wasm"), bytes).expect("a file can be written");
    host.launch();
    host.wait_until_ready().await;
    host.client().get("/api/greeter").await.no_token();
    assert_eq!(host.client().get("/api/pinned").await.text(), "hello");
}

#[tokio::test]
async fn a_public_call_needs_no_token_and_every_other_does() {
    let public = ["GET /fine", "POST /open/*", "* /any"].map(toml::Value::from);
    let shop = Service::guest("hostile").set("public", public.to_vec());
    let registry = guest("shop", shop).service("greeter", Service::guest("hello").public());
    let host = Host::start(&registry, None).await;
    let client = host.client();
    for (method, path) in [
        ("GET", "/shop/fine"),
        ("POST", "/shop/open/echo"),
        ("POST", "/shop/open/a/fine"),
        ("GET", "/shop/any"),
        ("PUT", "/shop/any"),
        ("GET", "/greeter"),
        ("GET", "/greeter/"),
        ("POST", "/greeter/a/b?c=d"),
        ("DELETE", "/greeter/x"),
    ] {
        let answer = client.call(method, &format!("/api{path}")).await;
        assert_ne!(answer.status, 401, "{method} {path}");
        assert_eq!(answer.text() == "hello", path.starts_with("/greeter"));
    }
    for (method, path) in [
        ("POST", "/fine"),
        ("GET", "/fine/fine"),
        ("GET", "/open/fine"),
        ("GET", "/any/fine"),
        ("GET", ""),
        ("GET", "/FINE"),
    ] {
        let answer = client.call(method, &format!("/api/shop{path}")).await;
        answer.no_token();
    }
}

#[tokio::test]
async fn config_reads_a_secret_from_the_environment() {
    // The default registry takes the administrator's password so; here it is a plain value.
    let plain = "a plain value of some length";
    let registry =
        Registry::bank().change("auth", |service| service.config("admin_password", plain));
    let bank = Bank::start_with(&registry).await;
    bank.login(ADMIN_EMAIL, plain).await.expect(200);

    let bank = Bank::shared().await;
    let registry = fs::read_to_string(bank.folder().join("registry.toml"));
    let registry = registry.expect("the registry can be read");
    assert!(registry.contains(ADMIN_PASSWORD_VARIABLE));
    bank.admin().await.read("/api/auth/me").await;
}

#[tokio::test]
async fn the_limits_on_memory_and_time_bind() {
    let service = |memory: &str| {
        let service = Service::guest("hostile").public().limit("memory", memory);
        service.limit("timeout", "300ms")
    };
    let registry = guest("roomy", service("64MiB")).service("tight", service("16MiB"));
    let host = Host::start(&registry, None).await;
    let get = async |path: &str| host.client().get(&format!("/api/{path}")).await;
    assert_eq!(get("roomy/memory-32-mib").await.text(), "took 32");
    get("tight/memory-32-mib").await.problem_of(&[502, 503]);
    get("roomy/sleep").await.refused(504, "deadline_exceeded");
    assert_eq!(get("tight/fine").await.text(), "fine");
    assert_eq!(get("roomy/fine").await.text(), "fine");
}
