//! What an operator sees of services and their changes.

use strongroom_tests::bank::text;
use strongroom_tests::host::Host;
use strongroom_tests::{Value, wait_for};

/// A change is taken, or refused, in less, even when components must be compiled first on a loaded machine.
pub const CHANGE_SECONDS_MAX: u64 = 60;

/// `GET /services`.
pub async fn services(host: &Host) -> Value {
    host.admin().get("/services").await.json(200)
}

/// What is listed of a service, if it is listed.
pub async fn listed(host: &Host, name: &str) -> Option<Value> {
    let services = services(host).await;
    let mut services = services["services"].as_array().expect("a list").iter();
    services.find(|service| service["name"] == name).cloned()
}

/// What is listed of a service.
pub async fn service(host: &Host, name: &str) -> Value {
    let listed = listed(host, name).await;
    listed.unwrap_or_else(|| panic!("{name} is not listed"))
}

/// The service's generation and when it began: both stay as they are while nobody swaps it.
pub async fn identity(host: &Host, name: &str) -> (Value, Value) {
    let service = service(host, name).await;
    (service["generation"].clone(), service["since"].clone())
}

/// The changes of a service, newest first.
pub async fn history(host: &Host, name: &str) -> Vec<Value> {
    let path = format!("/services/history?service={name}&limit=2000");
    let page = host.admin().get(&path).await.json(200);
    page["changes"].as_array().expect("a list").clone()
}

/// The latest change of a service.
pub async fn latest(host: &Host, name: &str) -> Value {
    let changes = history(host, name).await;
    changes.first().expect("it was changed").clone()
}

/// Waits until the service serves in this generation, and the change to it is told, which comes a moment later; answers what is listed of
/// it then.
pub async fn wait_for_generation(host: &Host, name: &str, generation: u64) -> Value {
    let what = format!("generation {generation} of {name}");
    wait_for(&what, CHANGE_SECONDS_MAX, async || {
        let service = listed(host, name).await?;
        let is_there = service["generation"] == generation && service["state"] == "serving";
        let changes = service["changes"].as_array()?;
        let is_told = changes
            .iter()
            .any(|change| change["generation"] == generation);
        (is_there && is_told).then_some(service)
    })
    .await
}

/// Waits until the latest change of the service was refused; answers the reason.
pub async fn wait_for_refusal(host: &Host, name: &str) -> String {
    let what = format!("a refusal of {name}");
    wait_for(&what, CHANGE_SECONDS_MAX, async || {
        let service = listed(host, name).await?;
        service["last_error"].as_str().map(str::to_owned)
    })
    .await
}

/// Waits until the latest change of the service came out so; answers the change.
pub async fn wait_for_outcome(host: &Host, name: &str, outcome: &str) -> Value {
    let what = format!("{name} to be {outcome}");
    wait_for(&what, CHANGE_SECONDS_MAX, async || {
        let changes = history(host, name).await;
        let latest = changes.first()?;
        (latest["outcome"] == outcome).then(|| latest.clone())
    })
    .await
}

/// Waits until a registry was read after the one that `GET /services` told of in `before`.
pub async fn wait_until_read_again(host: &Host, before: &Value) {
    wait_for("the registry to be read", CHANGE_SECONDS_MAX, async || {
        let now = services(host).await;
        let (now, before) = (
            &now["registry"]["taken_at"],
            &before["registry"]["taken_at"],
        );
        (text(now) > text(before)).then_some(())
    })
    .await;
}

/// Waits until the log has a line with all of `parts`.
pub async fn wait_for_log(host: &Host, parts: &[&str]) {
    wait_for(
        &format!("a line with {parts:?}"),
        CHANGE_SECONDS_MAX,
        async || {
            let log = host.log();
            let mut lines = log.lines();
            lines
                .any(|line| parts.iter().all(|part| line.contains(part)))
                .then_some(())
        },
    )
    .await;
}

/// Asserts that a service answers so, without a token.
pub async fn assert_answers(host: &Host, path: &str, expected: &str) {
    let answer = host.client().get(path).await;
    assert_eq!(
        (answer.status, answer.text().as_str()),
        (200, expected),
        "{path}"
    );
}
