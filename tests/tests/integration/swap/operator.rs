//! What an operator sees of services and their changes.

use strongroom_tests::host::{CHANGE_SECONDS_MAX, Host};
use strongroom_tests::{Value, assert_parts, list, wait_for, wait_until};

/// The service's generation and when it began: both stay as they are until it is swapped.
pub async fn identity(host: &Host, name: &str) -> (Value, Value) {
    let service = host.service(name).await;
    (service["generation"].clone(), service["since"].clone())
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

/// Waits until the service serves in this generation, and the change is listed; returns its row.
pub async fn wait_for_generation(host: &Host, name: &str, generation: u64) -> Value {
    let what = format!("generation {generation} of {name}");
    wait_for(&what, CHANGE_SECONDS_MAX, async || {
        let service = host.listed(name).await?;
        let is_there = service["generation"] == generation && service["state"] == "serving";
        let changes = service["changes"].as_array()?;
        let is_told = changes
            .iter()
            .any(|change| change["generation"] == generation);
        (is_there && is_told).then_some(service)
    })
    .await
}

/// Waits until a change of the service is refused; returns the reason, which must have these parts.
pub async fn wait_for_refusal(host: &Host, name: &str, parts: &[&str]) -> String {
    let what = format!("a refusal of {name}");
    let reason = wait_for(&what, CHANGE_SECONDS_MAX, async || {
        let service = host.listed(name).await?;
        service["last_error"].as_str().map(str::to_owned)
    })
    .await;
    assert_parts(&reason, parts);
    reason
}

/// Waits until the whole registry is refused; returns the reason, which must have these parts.
pub async fn wait_for_mistake(host: &Host, parts: &[&str]) -> String {
    let reason = wait_for("a reason", CHANGE_SECONDS_MAX, async || {
        let error = &host.services().await["registry"]["last_error"];
        error.as_str().map(str::to_owned)
    })
    .await;
    assert_parts(&reason, parts);
    reason
}

pub async fn wait_until_mended(host: &Host, name: &str) {
    let what = format!("{name} to be mended");
    let is_mended = async || host.service(name).await["last_error"].is_null();
    wait_until(&what, CHANGE_SECONDS_MAX, is_mended).await;
}

pub async fn wait_for_state(host: &Host, name: &str, state: &str) {
    let what = format!("{name} to be {state}");
    wait_until(&what, CHANGE_SECONDS_MAX, async || {
        let listed = host.listed(name).await;
        listed.is_some_and(|service| service["state"] == state)
    })
    .await;
}

pub async fn wait_until_gone(host: &Host, name: &str) {
    let is_gone = async || host.listed(name).await.is_none();
    wait_until("the service to go", 60, is_gone).await;
}

pub async fn wait_for_requests(host: &Host, name: &str, count: u64) {
    let what = format!("request {count} of {name} to begin");
    let have_begun = async || host.service(name).await["requests_total"] == count;
    wait_until(&what, 20, have_begun).await;
}

/// Waits until the latest change of the service came out so; returns the change.
pub async fn wait_for_outcome(host: &Host, name: &str, outcome: &str) -> Value {
    let what = format!("{name} to be {outcome}");
    wait_for(&what, CHANGE_SECONDS_MAX, async || {
        let changes = history(host, name).await;
        let latest = changes.first()?;
        (latest["outcome"] == outcome).then(|| latest.clone())
    })
    .await
}

pub async fn wait_for_log(host: &Host, parts: &[&str]) {
    wait_for_log_after(host, 0, parts).await;
}

/// The same after the first `seen` bytes of the log.
pub async fn wait_for_log_after(host: &Host, seen: usize, parts: &[&str]) {
    let what = format!("a line with {parts:?}");
    wait_until(&what, CHANGE_SECONDS_MAX, async || {
        let log = host.log().split_off(seen);
        let has_all = |line: &str| parts.iter().all(|part| line.contains(part));
        log.lines().any(has_all)
    })
    .await;
}

pub async fn assert_answers(host: &Host, path: &str, expected: &str) {
    let answer = host.client().get(path).await;
    let found = (answer.status, answer.text());
    assert_eq!(found, (200, expected.to_owned()), "{path}");
}
