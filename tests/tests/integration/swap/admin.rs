//! The calls of the admin listener that swaps need.

use super::*;

#[tokio::test]
async fn each_call_has_its_method_and_refuses_what_makes_no_sense() {
    let (_, host) = start_beside_a_bystander().await;
    let admin = host.admin();
    for path in ["/healthz", "/readyz", "/services", "/services/history"] {
        assert_eq!(admin.get(path).await.status, 200, "{path}");
        let refused = admin.post(path).await;
        assert_eq!(refused.status, 405, "{path}");
        assert_eq!(refused.header("allow"), Some("GET, HEAD"), "{path}");
    }
    for path in ["/services/reload", "/services/plan"] {
        let refused = admin.get(path).await;
        assert_eq!(refused.status, 405, "{path}");
        assert_eq!(refused.header("allow"), Some("POST"), "{path}");
    }
    // A path that does not exist has a list of those that do.
    for path in ["/", "/service", "/services/changing", "/services/"] {
        let answer = admin.get(path).await;
        assert_eq!(answer.status, 404, "{path}");
        let calls = ["/healthz", "/readyz", "/services/history", "/services/plan"];
        assert_parts(&answer.text(), &calls);
    }
    for query in ["limit=0", "limit=x", "limit=2001", "limit=", "limit", "a=b"] {
        let answer = admin.get(&format!("/services/history?{query}")).await;
        assert_eq!(answer.status, 400, "{query}: {}", answer.text());
        assert_parts(&answer.text(), &["limit"]);
    }
    let plan = |body: Vec<u8>| admin.post("/services/plan").body("application/toml", body);
    assert_eq!(plan(vec![0xff, 0xfe]).await.status, 400);
    assert_eq!(plan(vec![b'#'; (1 << 20) + 1]).await.status, 413);

    let registry = &host.services().await["registry"];
    let file = host.folder().join("registry.toml").display().to_string();
    assert_eq!(registry["file"], file);
    assert!(text(&registry["taken_at"]).ends_with('Z'), "{registry}");
    assert_eq!(registry["last_error"], Value::Null);
}

#[tokio::test]
async fn a_reload_says_what_it_changed_and_the_history_is_newest_first_and_can_be_cut() {
    let (registry, host) = start_beside_a_bystander().await;
    for guest in ["version-b", "version-a", "version-b"] {
        let registry = registry.clone().service("changing", version(guest));
        let report = host.save_registry(&registry).await;
        assert_answers(&host, "/api/changing", guest).await;
        assert_json!(report, {"problems": []});
        // The watch may have been faster; then the reload waited for it, and nothing was left.
        for change in list(&report["changes"]) {
            assert_json!(change, {
                "service": "changing", "outcome": "switched", "trigger": "request",
            });
        }
    }
    let page = async |query: &str| {
        let path = format!("/services/history{query}");
        let page = host.admin().get(&path).await.json(200);
        list(&page["changes"]).to_vec()
    };
    let all = page("").await;
    let ids = |changes: &[Value]| -> Vec<u64> {
        let ids = changes.iter().map(|change| change["id"].as_u64());
        ids.map(|id| id.expect("a number")).collect()
    };
    // Two starts and three swaps.
    assert_eq!(ids(&all), [5, 4, 3, 2, 1]);
    assert!(all.is_sorted_by(|one, next| text(&one["at"]) >= text(&next["at"])));
    // Not the whole: that a generation has drained is added later.
    assert_eq!(ids(&page("?limit=2").await), [5, 4]);
    assert_eq!(page("?service=changing").await.len(), 4);
    assert_eq!(page("?service=bystander&limit=7").await.len(), 1);
    assert!(page("?service=nobody").await.is_empty());
}
