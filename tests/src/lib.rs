//! The harness of the black-box tests: it starts the real binary on free ports with a data folder
//! of its own, and speaks to it over real sockets, as a client or an operator would. It knows what
//! users see, and nothing of the code behind it. Each function panics where something is not as it
//! should be.

pub mod api_key;
pub mod attackers;
pub mod bank;
pub mod business;
pub mod client;
pub mod command;
pub mod document;
pub mod faults;
pub mod forge;
pub mod history;
pub mod host;
pub mod http2;
pub mod json;
pub mod problem;
pub mod race;
pub mod receiver;
pub mod refusals;
pub mod registry;
pub mod scale;
pub mod stores;
pub mod tools;
pub mod wire;
pub mod workspace;

pub use bank::{Bank, Person};
pub use client::{Answer, Client};
pub use json::{assert_parts, list, text};
pub use serde_json::{Value, json};

/// Asks `probe` again and again for `what` until it is there, for at most `deadline_seconds`.
pub async fn wait_for<T>(
    what: &str,
    deadline_seconds: u64,
    mut probe: impl AsyncFnMut() -> Option<T>,
) -> T {
    let started = std::time::Instant::now();
    loop {
        if let Some(found) = probe().await {
            return found;
        }
        let is_in_time = started.elapsed().as_secs() < deadline_seconds;
        assert!(is_in_time, "waited {deadline_seconds} s in vain for {what}");
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
}

/// Asks again and again until something is so, as [`wait_for`].
pub async fn wait_until(what: &str, deadline_seconds: u64, mut is_so: impl AsyncFnMut() -> bool) {
    wait_for(what, deadline_seconds, async || is_so().await.then_some(())).await;
}
