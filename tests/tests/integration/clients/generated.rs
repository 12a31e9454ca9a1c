//! Goal: the clients that `./build.sh clients` generates work against the bank, and their layers
//! keep what they promise.
//! Method: the README's tour in each language, and scripts that lose answers, shorten the life of
//! tokens, and receive webhooks.

use std::net::TcpListener;

use strongroom_tests::host::Host;
use strongroom_tests::registry::Registry;
use strongroom_tests::tools::{output_of, python_client, typescript_client};
use tokio::process::Command;

const ADMIN_PASSWORD: &str = "a long walk in the rain";

/// Runs a script with the bank's URL, the password, and a port to which a webhook may be sent.
async fn succeeds(client: Option<Command>) {
    let Some(mut client) = client else { return };
    // A port on which nothing listens.
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("an address").port();
    drop(listener);
    let registry = Registry::bank().change("webhooks", |service| {
        service.set("outbound", vec![format!("http://127.0.0.1:{port}")])
    });
    let host = Host::start(&registry, Some(ADMIN_PASSWORD)).await;
    client.arg(format!("http://{}", host.address()));
    client.arg(ADMIN_PASSWORD).arg(port.to_string());
    output_of(client).await;
}

#[tokio::test]
async fn the_client_of_typescript_takes_the_tour_and_retries_renews_and_verifies() {
    succeeds(typescript_client("target/clients/typescript/dist/tour.js")).await;
    succeeds(typescript_client("tests/clients/typescript_client.mjs")).await;
}

#[tokio::test]
async fn the_client_of_python_takes_the_tour_and_retries_renews_and_verifies() {
    succeeds(python_client("clients/python/tour.py")).await;
    succeeds(python_client("tests/clients/python_client.py")).await;
}
