//! Each version of a service brings its part of the OpenAPI document. Method: the guest
//! `clockwork`, whose configuration has the part.

use super::*;
use strongroom_tests::document::PATH;

fn part(path: &str) -> String {
    let call = json!({"get": {"operationId": "read", "responses": {"200": {"description": "OK"}}}});
    json!({"openapi": "3.1.0", "paths": {path: call}}).to_string()
}

fn registry(service: Service) -> Registry {
    Registry::empty().service("notes", service.public())
}

async fn paths(host: &Host) -> Vec<String> {
    let document = host.client().read(PATH).await;
    let paths = document["paths"].as_object().expect("an object").keys();
    let paths = paths.filter(|path| path.starts_with("/api/notes"));
    paths.cloned().collect()
}

#[tokio::test]
async fn a_swapped_service_brings_its_own_part() {
    let clockwork = || Service::guest("clockwork");
    let first = registry(clockwork().config("document", part("/first")));
    let host = Host::start(&first, None).await;
    assert_eq!(paths(&host).await, ["/api/notes/first"]);
    let answer = host.client().get(PATH).await;
    let etag = answer.header("etag").expect("a version");

    let second = registry(clockwork().config("document", part("/second")));
    host.save_registry(&second).await;
    assert_eq!(paths(&host).await, ["/api/notes/second"]);
    let call = host.client().get(PATH).header("if-none-match", etag);
    let document = call.await.expect(200);
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
        println!("{failure}");
        assert_answers(&host, "/api/notes", "fine").await;
        assert!(paths(&host).await.is_empty());
        let log = host.log_until_now().await;
        assert_parts(&log, &["the service has no OpenAPI document"]);
    }
}
