//! The services that the tests swap, and clients that never rest.

use crate::swap::operator::wait_for_log;
use strongroom_tests::host::Host;
use strongroom_tests::race::Flood;
use strongroom_tests::registry::{Registry, Service};
use strongroom_tests::{Answer, Client};
use tokio::task::JoinHandle;
use toml::Table;

/// A guest that answers with its version; its requests may wait long at a gate.
pub fn version(guest: &str) -> Service {
    Service::guest(guest).public().limit("timeout", "60s")
}

pub fn missing() -> Service {
    version("version-a").set("component", "nowhere.wasm")
}

/// A service that answers with its component's version, and another that does not change.
pub fn beside_a_bystander(service: Service) -> Registry {
    Registry::empty()
        .service("changing", service)
        .service("bystander", version("version-a"))
}

/// A host with [`beside_a_bystander`], whose component is `version-a`.
pub async fn start_beside_a_bystander() -> (Registry, Host) {
    let registry = beside_a_bystander(version("version-a"));
    let host = Host::start(&registry, None).await;
    (registry, host)
}

/// Sends a GET that is held at this gate, and waits until it is there.
pub async fn in_flight(host: &Host, path: &str, gate: &str) -> JoinHandle<Answer> {
    let call = host.client().get(&format!("{path}/held/{gate}"));
    let held = tokio::spawn(call.into_future());
    wait_for_log(host, &[&format!("waits at the gate {gate}")]).await;
    held
}

pub async fn open(host: &Host, service: &str, gate: &str) {
    let path = format!("/api/{service}/open/{gate}");
    let opened = host.client().post(&path).await;
    assert_eq!(opened.status, 200, "{}", opened.text());
}

pub async fn assert_answered(held: JoinHandle<Answer>, expected: &str) {
    let answer = held.await.expect("it is answered");
    assert_eq!((answer.status, answer.text().as_str()), (200, expected));
}

pub fn asker(guest: &str) -> Service {
    asker_of(guest, "quoter")
}

pub fn asker_of(guest: &str, callee: &str) -> Service {
    version(guest).set("links", link(callee))
}

pub fn link(callee: &str) -> Table {
    Table::from_iter([("tests:quotes/quotes".to_owned(), callee.into())])
}

/// A service `asker` that calls a service `quoter`.
pub fn pair(asker_guest: &str, quoter_guest: &str) -> Registry {
    Registry::empty()
        .service("asker", asker(asker_guest))
        .service("quoter", version(quoter_guest))
}

pub const CLIENTS: usize = 6;

/// Begins with so many clients of one path. Every answer must be a 200 that `is_good` takes. Half
/// of the clients keep their connections, and half make one for each request.
pub fn hammer(
    clients: usize,
    client: impl Fn() -> Client,
    path: &'static str,
    is_good: impl Fn(&str) -> bool + Clone + Send + 'static,
) -> Flood {
    let clients = (0..clients).map(|number| {
        let client = client();
        move || match number % 2 {
            0 => client.get(path),
            _ => client.get(path).header("connection", "close"),
        }
    });
    Flood::begin(clients, move |outcome| {
        let answer = outcome.expect("the host answers");
        let text = answer.text();
        assert_eq!(answer.status, 200, "{text}");
        assert!(is_good(&text), "{text}");
        true
    })
}
