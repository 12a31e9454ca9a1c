//! Goal: an operator's Prometheus reads what the host and its services do, whatever a service does,
//! and the alarms and the dashboard of `deploy` name what there is.
//! Method: `/metrics` of a running bank before and after its customers' requests; promtool; a guest
//! that never returns its figures.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::time::Instant;
use strongroom_tests::registry::Registry;
use strongroom_tests::tools::{output_of, program, run};
use strongroom_tests::{Bank, Value, list, text, wait_for, workspace};
use tempfile::NamedTempFile;

/// The samples of `/metrics`: each name with its labels as the page writes them, and the value.
async fn samples(bank: &Bank) -> BTreeMap<String, f64> {
    let page = page(bank).await;
    let lines = page.lines().filter(|line| !line.starts_with('#'));
    let sample = |line: &str| {
        let (name, value) = line.rsplit_once(' ').expect("a name and a value");
        (name.to_owned(), value.parse().expect("a number"))
    };
    lines.map(sample).collect()
}

async fn page(bank: &Bank) -> String {
    let answer = bank.host.admin().get("/metrics").await;
    assert_eq!(answer.status, 200);
    let kind = Some("text/plain; version=0.0.4; charset=utf-8");
    assert_eq!(answer.header("content-type"), kind);
    answer.text()
}

#[tokio::test]
async fn promtool_accepts_the_page() {
    let Some(mut promtool) = program("promtool") else {
        return;
    };
    let bank = Bank::shared().await;
    bank.pair().await.send("1.00").await;
    let file = NamedTempFile::new().expect("a temporary file");
    fs::write(file.path(), page(bank).await).expect("it is written");
    promtool.args(["check", "metrics"]);
    promtool.stdin(fs::File::open(file.path()).expect("it is there"));
    let (checked, said) = run(promtool).await;
    let has_no_complaint = checked.status.success() && checked.stderr.is_empty();
    assert!(has_no_complaint, "{said}");
}

#[tokio::test]
async fn what_a_bank_does_is_counted() {
    let bank = Bank::start().await;
    let before = samples(&bank).await;
    let pair = bank.pair().await;
    pair.send("1.00").await;
    let declined = pair.alice.submit("transfer", &pair.body("1000.00")).await;
    declined.problem(422);
    bank.client().get("/api/accounts").await.problem(401);
    bank.client().get("/nowhere").await.problem(404);
    let after = wait_for("the index to follow", 30, async || {
        let after = samples(&bank).await;
        (after[r#"strongroom_service_index_lag{service="transactions"}"#] == 0.0).then_some(after)
    })
    .await;
    let grown = |name: &str| after[name] - before.get(name).copied().unwrap_or_default();
    for row in [
        r#"strongroom_http_requests_total{service="transactions",status="2xx"} 2"#,
        r#"strongroom_http_requests_total{service="transactions",status="4xx"} 1"#,
        r#"strongroom_http_requests_total{service="accounts",status="4xx"} 1"#,
        r#"strongroom_http_requests_total{service="",status="4xx"} 1"#,
        r#"strongroom_http_request_duration_seconds_count{service="transactions"} 3"#,
        r#"strongroom_gateway_problems_total{code="token_missing"} 1"#,
        r#"strongroom_gateway_problems_total{code="no_such_service"} 1"#,
        r#"strongroom_service_journal_sequence{service="accounts"} 3"#,
    ] {
        let (name, by) = row.rsplit_once(' ').expect("a name and a value");
        assert_eq!(grown(name).to_string(), by, "{name}");
    }
    for name in [
        r#"strongroom_store_transactions_total{service="accounts"}"#,
        r#"strongroom_store_commit_duration_seconds_count{service="accounts"}"#,
        r#"strongroom_store_reads_total{service="accounts"}"#,
        r#"strongroom_busy_seconds_total{service="accounts"}"#,
        r#"strongroom_link_calls_total{service="accounts",outcome="done"}"#,
        r#"strongroom_credentials_verified_total{kind="access_token",outcome="accepted"}"#,
        "strongroom_connections_accepted_total",
    ] {
        assert!(grown(name) > 0.0, "{name}");
    }
    assert_eq!(after["strongroom_ready"], 1.0);
    assert_eq!(after[r#"strongroom_swaps_total{outcome="switched"}"#], 5.0);
    assert!(after[r#"strongroom_store_database_bytes{service="accounts"}"#] > 0.0);
    assert!(after["process_resident_memory_bytes"] > 0.0);
}

#[tokio::test]
async fn a_service_that_never_returns_its_figures_keeps_nobody_from_theirs() {
    let bank = Bank::shared().await;
    let begun = Instant::now();
    let (first, second) = tokio::join!(samples(bank), samples(bank));
    // A service may take a second, and the machine is busy.
    assert!(begun.elapsed().as_secs() < 15, "{:?}", begun.elapsed());
    for samples in [first, second] {
        let collected = |service: &str| {
            samples[&format!("strongroom_metrics_collected{{service=\"{service}\"}}")]
        };
        assert_eq!((collected("hostile"), collected("accounts")), (0.0, 1.0));
    }
    assert_eq!(bank.client().get("/api/hostile/fine").await.status, 200);
}

#[tokio::test]
async fn the_alarms_are_rules_that_do_as_they_say() {
    for (call, file) in [("check", "alerts.yml"), ("test", "alerts_test.yml")] {
        let Some(mut promtool) = program("promtool") else {
            return;
        };
        promtool.args([call, "rules", file]);
        promtool.current_dir(workspace::root().join("deploy/prometheus"));
        output_of(promtool).await;
    }
}

/// What is said to do at each alarm is in the manual.
#[tokio::test]
async fn alarms_and_dashboard_name_only_what_there_is() {
    let backup = toml::toml! { folder = "kept" };
    let bank = Bank::start_with(&Registry::bank().host("backup", backup)).await;
    bank.client().get("/api/accounts").await.problem(401);
    let samples = samples(&bank).await;
    let samples = samples.keys().filter_map(|sample| sample.split('{').next());
    let samples: BTreeSet<_> = samples.collect();
    let read = |file: &str| fs::read_to_string(workspace::root().join(file)).expect("it is there");
    let alerts = read("deploy/prometheus/alerts.yml");
    let dashboard = read("deploy/grafana/strongroom.json");
    for content in [&alerts, &dashboard] {
        let named = named(content);
        assert!(named.len() > 10, "{named:?}");
        let unknown: Vec<_> = named.difference(&samples).collect();
        assert!(unknown.is_empty(), "{unknown:?}");
    }
    let dashboard: Value = serde_json::from_str(&dashboard).expect("JSON");
    for panel in list(&dashboard["panels"]) {
        assert!(!text(&panel["title"]).is_empty(), "{panel}");
    }
    let manual = read("docs/operate.md");
    let alarms = alerts.split("- alert: ").skip(1);
    let alarms = alarms.filter_map(|rest| rest.lines().next());
    assert!(alarms.clone().count() > 5, "{alerts}");
    for alarm in alarms {
        assert!(manual.contains(&format!("| `{alarm}` |")), "{alarm}");
    }
}

/// The names of metrics in a text.
fn named(content: &str) -> BTreeSet<&str> {
    let is_part =
        |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_';
    let words = content.split(|letter| !is_part(letter));
    let is_metric = |word: &&str| word.starts_with("strongroom_") || word.starts_with("process_");
    words.filter(is_metric).collect()
}
