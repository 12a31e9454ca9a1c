//! What an operator sees of services and their changes.

use strongroom_tests::host::{CHANGE_SECONDS_MAX, Host};
use strongroom_tests::{Value, assert_parts, list, text, wait_for, wait_until};

/// The service's generation and when it began: both stay as they are until it is swapped.
pub async fn identity(host: &Host, name: &str) -> [Value; 2] {
    let service = host.service(name).await;
    ["generation", "since"].map(|key| service[key].clone())
}

/// The changes of a service, newest first.
pub async fn history(host: &Host, name: &str) -> Vec<Value> {
    let path = format!("/services/history?service={name}&limit=2000");
    let page = host.admin().get(&path).await.json(200);
    list(&page["changes"]).to_vec()
}

pub async fn latest(host: &Host, name: &str) -> Value {
    let changes = history(host, name).await;
    changes.first().expect("it was changed").clone()
}

/// Waits until what is listed of a service is as it should be; returns that.
async fn wait_for_row(host: &Host, name: &str, is_so: impl Fn(&Value) -> bool, so: &str) -> Value {
    let what = format!("{name} to be {so}");
    let row = async || host.listed(name).await.filter(&is_so);
    wait_for(&what, CHANGE_SECONDS_MAX, row).await
}

/// Waits until the service serves in this generation, and the change is listed; returns its row.
pub async fn wait_for_generation(host: &Host, name: &str, generation: u64) -> Value {
    let is_so = |service: &Value| {
        let mut changes = service["changes"].as_array().into_iter().flatten();
        let is_there = service["generation"] == generation && service["state"] == "serving";
        is_there && changes.any(|change| change["generation"] == generation)
    };
    wait_for_row(host, name, is_so, &format!("generation {generation}")).await
}

/// Waits until a change of the service is refused; returns the reason, which must have these parts.
pub async fn wait_for_refusal(host: &Host, name: &str, parts: &[&str]) -> String {
    let is_refused = |service: &Value| service["last_error"].is_string();
    let row = wait_for_row(host, name, is_refused, "refused").await;
    let reason = text(&row["last_error"]);
    assert_parts(reason, parts);
    reason.to_owned()
}

/// Waits until the whole registry is refused; returns the reason, which must have these parts.
pub async fn wait_for_mistake(host: &Host, parts: &[&str]) -> String {
    let error = async || {
        let error = &host.services().await["registry"]["last_error"];
        error.as_str().map(str::to_owned)
    };
    let reason = wait_for("a reason", CHANGE_SECONDS_MAX, error).await;
    assert_parts(&reason, parts);
    reason
}

pub async fn wait_until_mended(host: &Host, name: &str) {
    let is_mended = |service: &Value| service["last_error"].is_null();
    wait_for_row(host, name, is_mended, "mended").await;
}

pub async fn wait_for_state(host: &Host, name: &str, state: &str) {
    wait_for_row(host, name, |service| service["state"] == state, state).await;
}

pub async fn wait_for_requests(host: &Host, name: &str, count: u64) {
    let have_begun = |service: &Value| service["requests_total"] == count;
    wait_for_row(host, name, have_begun, "asked").await;
}

pub async fn wait_until_gone(host: &Host, name: &str) {
    let is_gone = async || host.listed(name).await.is_none();
    wait_until("the service to go", 60, is_gone).await;
}

/// Waits until the latest change of the service came out so; returns the change.
pub async fn wait_for_outcome(host: &Host, name: &str, outcome: &str) -> Value {
    let change = async || {
        let latest = history(host, name).await.into_iter().next();
        latest.filter(|change| change["outcome"] == outcome)
    };
    let what = format!("{name} to be {outcome}");
    wait_for(&what, CHANGE_SECONDS_MAX, change).await
}

pub async fn wait_for_log(host: &Host, parts: &[&str]) {
    wait_for_log_after(host, 0, parts).await;
}

/// The same after the first `seen` bytes of the log.
pub async fn wait_for_log_after(host: &Host, seen: usize, parts: &[&str]) {
    let is_logged = async || {
        let log = host.log().split_off(seen);
        let has_all = |line: &str| parts.iter().all(|part| line.contains(part));
        log.lines().any(has_all)
    };
    let what = format!("a line with {parts:?}");
    wait_until(&what, CHANGE_SECONDS_MAX, is_logged).await;
}

pub async fn assert_answers(host: &Host, path: &str, expected: &str) {
    let answer = host.client().get(path).await;
    let found = (answer.status, answer.text());
    assert_eq!(found, (200, expected.to_owned()), "{path}");
}
