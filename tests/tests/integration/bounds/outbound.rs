//! A service reaches the origins that its table names, and nothing else of the outside.

use super::*;

fn caller() -> Service {
    Service::guest("hostile").public()
}

fn alone(caller: Service) -> Registry {
    Registry::empty().service("caller", caller)
}

async fn call(host: &Host, url: &str) -> String {
    let path = format!("/api/caller/outbound?{url}");
    host.client().get(&path).await.text()
}

#[tokio::test]
async fn a_service_reaches_the_origins_of_its_table_and_no_others() {
    let host = Host::start(&alone(caller()), None).await;
    // A request that is never sent keeps little.
    let longest = host.client().get("/api/caller/unsent-request").await;
    assert_eq!(longest.text(), "Some(64) Some(1024)");
    // The host's own admin listener stands for the outside.
    let outside = format!("http://{}", host.admin_address());
    let healthz = format!("{outside}/healthz");
    // Nothing is named.
    let answer = call(&host, &healthz).await;
    assert!(answer.starts_with("refused"), "{answer}");

    let named = caller().set("outbound", vec![outside]);
    host.save_registry(&alone(named)).await;
    assert_eq!(call(&host, &healthz).await, "status 200 OK");

    let port = host.admin_address().rsplit(':').next().expect("a port");
    for other in [
        format!("http://localhost:{port}/healthz"),
        format!("https://127.0.0.1:{port}/healthz"),
        format!("http://{}/api/caller/fine", host.address()),
    ] {
        let answer = call(&host, &other).await;
        assert!(answer.starts_with("refused"), "{other}: {answer}");
    }
    // An origin may be a name, and one without an address is an error.
    let origins = ["localhost", "nowhere.invalid."].map(|name| format!("http://{name}:{port}"));
    let named = caller().set("outbound", origins.to_vec());
    host.save_registry(&alone(named)).await;
    let [here, nowhere] = origins.map(|origin| format!("{origin}/healthz"));
    assert_eq!(call(&host, &here).await, "status 200 OK");
    let answer = call(&host, &nowhere).await;
    assert!(answer.contains("DnsError"), "{answer}");
}

#[tokio::test]
async fn an_instance_sends_more_requests_with_options_than_it_may_have_handles() {
    let limited = caller().limit("handles", 32).limit("instances", 1);
    let host = Host::start(&alone(limited), None).await;
    let nowhere = format!("http://{}/", host.address());
    for _ in 0..64 {
        let answer = call(&host, &nowhere).await;
        assert!(answer.starts_with("refused"), "{answer}");
    }
}
