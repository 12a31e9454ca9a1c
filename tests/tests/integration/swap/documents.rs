//! Each version of a service brings its part of the OpenAPI document. Method: the guest
//! `clockwork`, whose configuration has the part.

use strongroom_tests::document::PATH;
use strongroom_tests::host::Host;
use strongroom_tests::registry::{Registry, Service};
use strongroom_tests::{Value, assert_json, json};

/// A part with one call.
fn part(path: &str) -> String {
    let call = json!({"get": {"operationId": "read", "responses": {"200": {"description": "OK"}}}});
    json!({"openapi": "3.1.0", "paths": {path: call}}).to_string()
}

fn registry(service: Service) -> Registry {
    Registry::empty().service("notes", service.public())
}

/// The paths of the document under `/api/notes`.
async fn paths(host: &Host) -> Vec<String> {
    let document = host.client().read(PATH).await;
    let paths = document["paths"].as_object().map(serde_json::Map::keys);
    let paths = paths.into_iter().flatten();
    paths
        .filter(|path| path.starts_with("/api/notes"))
        .cloned()
        .collect()
}

#[tokio::test]
async fn a_swapped_service_brings_its_own_part() {
    let clockwork = || Service::guest("clockwork");
    let first = registry(clockwork().config("document", part("/first")));
    let host = Host::start(&first, None).await;
    assert_eq!(paths(&host).await, ["/api/notes/first"]);
    let etag = host
        .client()
        .get(PATH)
        .await
        .header("etag")
        .unwrap()
        .to_owned();

    let second = registry(clockwork().config("document", part("/second")));
    host.save_registry(&second).await;
    assert_eq!(paths(&host).await, ["/api/notes/second"]);
    let changed = host.client().get(PATH).header("if-none-match", &etag).await;
    let document: Value = changed.expect(200);
    assert_json!(document["paths"]["/api/notes/second"]["get"], {
        "operationId": "notes_read", "security": [], "tags": ["notes"]
    });

    // A component that exports no part.
    host.save_registry(&registry(Service::guest("hello"))).await;
    assert!(paths(&host).await.is_empty());
}

#[tokio::test]
async fn a_service_whose_document_fails_serves_all_the_same() {
    for failure in ["panic", "loop", "memory", "long-error"] {
        let service = Service::guest("clockwork").config("openapi", failure);
        let host = Host::start(&registry(service.limit("cpu", "1s")), None).await;
        assert_eq!(
            host.client().get("/api/notes").await.text(),
            "fine",
            "{failure}"
        );
        assert!(paths(&host).await.is_empty(), "{failure}");
        let log = host.log_until_now().await;
        assert!(
            log.contains("the service has no OpenAPI document"),
            "{failure}: {log}"
        );
    }
}
