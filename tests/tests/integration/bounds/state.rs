//! Nothing of one service reaches another, and nothing of a failed request the next one.

use super::*;
use crate::bounds::links::caller;
use crate::bounds::shell::Shell;

fn twin(secret: &str) -> Service {
    Service::guest("sql").public().config("secret", secret)
}

#[tokio::test]
async fn services_of_one_component_have_stores_and_configurations_of_their_own() {
    let twins = [
        ("left", twin("of the left")),
        ("right", twin("of the right")),
    ];
    let services = Neighbours::of(twins).await;
    let client = services.client();
    let [left, right] = ["left", "right"].map(|service| Shell::of(&services, service));
    let notes = "CREATE TABLE notes AS SELECT 'of the left' AS note";
    left.execute(notes).await.expect("a table of the left");
    let read = "SELECT note FROM notes";
    let error = right.query(read).await.expect_err("no table of the right");
    assert!(error.contains("no such table"), "{error}");
    let tables = right.query("SELECT count(*) FROM sqlite_schema").await;
    assert_eq!(tables.as_deref(), Ok("0"));
    assert_eq!(left.query(read).await.as_deref(), Ok("of the left"));
    assert_honest(&client, "/api/left/config", "secret=of the left").await;
    assert_honest(&client, "/api/right/config", "secret=of the right").await;
}

/// Each instance counts its own requests.
#[tokio::test]
async fn the_memory_of_an_instance_is_its_own_and_ends_with_its_first_failure() {
    let hostile = Service::guest("hostile").public();
    let hostile = hostile.limit("instances", 1).limit("timeout", "1s");
    let callee = Service::guest("callee").limit("instances", 1);
    let neighbours = Neighbours::of([
        ("hostile", hostile.clone()),
        ("keeper", hostile.clone()),
        ("other", hostile),
        ("callee", callee.limit("timeout", "1s")),
        ("caller", caller()),
    ])
    .await;
    let client = neighbours.client();
    for (service, behaviours) in [
        ("hostile", "trap loop sleep memory recursion handles fields"),
        // The instance of a link call is the callee's.
        ("caller", "panic loop sleep memory recursion huge"),
    ] {
        let path = |word: &str| format!("/api/{service}/{word}");
        let count = async || client.get(&path("count")).await.text();
        assert_eq!([count().await, count().await], ["1", "2"]);
        for behaviour in behaviours.split(' ') {
            let failed = client.get(&path(behaviour)).await;
            assert!([502, 503, 504].contains(&failed.status), "{behaviour}");
            assert_eq!(failed.status == 503, service == "caller", "{behaviour}");
            assert_eq!(count().await, "1", "it is a new one after {behaviour}");
            assert_eq!(count().await, "2");
        }
    }
    // A service of the same component shares no memory.
    assert_honest(&client, "/api/other/count", "1").await;
    // One that keeps many handles after a call ends, too.
    for kept in ["40", "80", "40", "80"] {
        assert_honest(&client, "/api/keeper/keep-forty-handles", kept).await;
    }
}

#[tokio::test]
async fn an_instance_sees_the_identity_of_its_own_request_only() {
    let guarded = Service::guest("hostile").limit("instances", 1);
    let open = Service::guest("hostile").public().limit("instances", 1);
    let services = Neighbours::of([("guarded", guarded), ("open", open)]).await;
    let (alice, bob) = (services.customer().await, services.customer().await);
    let seen = async |client: &Client, service: &str| {
        let answer = client.get(&format!("/api/{service}/seen-headers")).await;
        assert_eq!(answer.status, 200);
        answer.text()
    };
    for (person, other) in [(&alice, &bob), (&bob, &alice)] {
        let headers = seen(person, "guarded").await;
        assert_parts(&headers, &[&format!("x-strongroom-subject: {}", person.id)]);
        assert!(!headers.contains(&other.id), "{headers}");
        assert!(!headers.contains(person.token()), "{headers}");
    }
    // A token that the service did not ask for tells it nothing.
    let headers = seen(&alice, "open").await;
    assert!(!headers.contains("x-strongroom-subject"), "{headers}");
    assert!(!headers.contains(alice.token()), "{headers}");
}
