//! The calls of the admin listener that swaps need.

use crate::swap::versions::{beside_a_bystander, version};
use strongroom_tests::Value;
use strongroom_tests::host::Host;

async fn start() -> Host {
    Host::start(&beside_a_bystander(version("version-a")), None).await
}

#[tokio::test]
async fn each_call_has_its_method() {
    let host = start().await;
    let admin = host.admin();
    for path in ["/healthz", "/readyz", "/services", "/services/history"] {
        assert_eq!(admin.get(path).await.status, 200, "{path}");
        let refused = admin.post(path).await;
        assert_eq!(
            (refused.status, refused.header("allow")),
            (405, Some("GET, HEAD")),
            "{path}"
        );
    }
    for path in ["/services/reload", "/services/plan"] {
        let refused = admin.get(path).await;
        assert_eq!(
            (refused.status, refused.header("allow")),
            (405, Some("POST")),
            "{path}"
        );
    }
}

#[tokio::test]
async fn an_unknown_path_is_told_what_there_is() {
    let host = start().await;
    for path in ["/", "/service", "/services/changing", "/services/"] {
        let answer = host.admin().get(path).await;
        assert_eq!(answer.status, 404, "{path}");
        for call in [
            "/healthz",
            "/readyz",
            "/services/history",
            "/services/reload",
            "/services/plan",
        ] {
            assert!(answer.text().contains(call), "{call} in {}", answer.text());
        }
    }
}

#[tokio::test]
async fn a_web_page_may_not_call() {
    let host = start().await;
    beside_a_bystander(version("version-b")).save(host.folder());
    for (method, path) in [
        ("GET", "/services"),
        ("POST", "/services/reload"),
        ("GET", "/services/history"),
    ] {
        let call = host
            .admin()
            .call(method, path)
            .header("origin", "https://example.org");
        assert_eq!(call.await.status, 403, "{method} {path}");
    }
}

#[tokio::test]
async fn the_history_is_newest_first_and_can_be_cut() {
    let registry = beside_a_bystander(version("version-a"));
    let host = Host::start(&registry, None).await;
    for guest in ["version-b", "version-a", "version-b"] {
        host.save_registry(&registry.clone().service("changing", version(guest)))
            .await;
    }
    let page = async |query: &str| {
        let path = format!("/services/history{query}");
        let page = host.admin().get(&path).await.json(200);
        page["changes"].as_array().expect("a list").clone()
    };
    let all = page("").await;
    assert_eq!(all.len(), 5, "two starts and three swaps");
    let ids = |changes: &[Value]| -> Vec<u64> {
        let ids = changes.iter().map(|change| change["id"].as_u64());
        ids.map(|id| id.expect("a number")).collect()
    };
    assert_eq!(ids(&all), [5, 4, 3, 2, 1]);
    assert!(
        all.windows(2)
            .all(|pair| pair[0]["at"].as_str() >= pair[1]["at"].as_str()),
        "{all:?}"
    );
    // Not the whole: that a generation has drained is told later.
    assert_eq!(ids(&page("?limit=2").await), [5, 4]);
    assert_eq!(page("?service=changing").await.len(), 4);
    assert_eq!(page("?service=bystander&limit=7").await.len(), 1);
    assert!(page("?service=nobody").await.is_empty());
}

#[tokio::test]
async fn a_query_that_makes_no_sense_is_refused() {
    let host = start().await;
    for query in [
        "limit=0",
        "limit=x",
        "limit=2001",
        "limit=-1",
        "limit=",
        "colour=red",
        "limit",
    ] {
        let answer = host
            .admin()
            .get(&format!("/services/history?{query}"))
            .await;
        assert_eq!(answer.status, 400, "{query}: {}", answer.text());
        assert!(
            answer.text().contains("limit"),
            "{query}: {}",
            answer.text()
        );
    }
}

#[tokio::test]
async fn a_plan_of_something_else_than_text_is_refused() {
    let host = start().await;
    let plan = |body: Vec<u8>| {
        host.admin()
            .post("/services/plan")
            .body("application/toml", body)
            .into_future()
    };
    assert_eq!(plan(vec![0xff, 0xfe]).await.status, 400);
    assert_eq!(plan(vec![b'#'; (1 << 20) + 1]).await.status, 413);
    let broken = plan(b"[services".to_vec()).await.json(200);
    assert!(
        !broken["problems"].as_array().expect("a list").is_empty(),
        "{broken}"
    );
}

#[tokio::test]
async fn the_services_list_tells_of_the_registry() {
    let host = start().await;
    let list = host.admin().get("/services").await.json(200);
    let registry = &list["registry"];
    let file = host.folder().join("registry.toml").display().to_string();
    assert_eq!(registry["file"], file);
    assert!(
        registry["taken_at"]
            .as_str()
            .is_some_and(|at| at.ends_with('Z')),
        "{registry}"
    );
    assert_eq!(registry["last_error"], Value::Null);
}
