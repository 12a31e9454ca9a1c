//! Attacks by tools and libraries of others (`tests/attacks`, and packages of Debian).

use super::*;
use rand::RngExt;
use strongroom_tests::attackers::allow_many_open_files;
use strongroom_tests::scale::seeded;
use strongroom_tests::tools::{output_of, program, python, run};
use tokio::process::Command;

async fn target() -> Host {
    allow_many_open_files();
    let hostile = Service::guest("hostile").public().limit("timeout", "10s");
    let hostile = hostile.limit("log_lines", 10);
    let registry = Registry::empty()
        .service("hello", Service::guest("hello").public())
        .service("hostile", hostile);
    Host::start(&registry, None).await
}

pub fn aim(command: &mut Command, host: &Host) {
    let address = host.address().rsplit('/').next().expect("an address");
    let (address, port) = address.rsplit_once(':').expect("a port");
    let source = attacker(0).to_string();
    command.args([address, port, "--source", &source]);
}

#[tokio::test]
async fn h9_every_error_of_rfc_9113_has_its_answer() {
    let Some(mut attack) = python("attacks/http2.py") else {
        return;
    };
    let host = target().await;
    let before = host.resident_mib();
    aim(&mut attack, &host);
    output_of(attack).await;
    assert_little_growth(before, host.resident_mib());
}

#[tokio::test]
async fn h3_no_mutated_framing_smuggles_a_request() {
    let Some(mut attack) = python("attacks/framing.py") else {
        return;
    };
    let host = target().await;
    aim(&mut attack, &host);
    let (seed, count) = (seeded().random::<u32>(), short_or_full(1_000, 50_000));
    attack.args(["--seed", &seed.to_string(), "--count", &format!("{count}")]);
    output_of(attack).await;
    assert_eq!(host.client().get("/api/hello").await.text(), "hello");
    let log = host.log_until_now().await;
    assert!(log.contains("/api/hello"), "requests are logged");
    assert!(!log.contains("smuggled"), "the hidden request was read");
}

const OTHER_CONNECTIONS: usize = 32;

/// Runs slowhttptest; asserts that the host hangs up on all its connections, and serves a customer
/// meanwhile. It cannot choose its address, so it has the customer's, and the customer another one.
/// It also counts as open what the host has closed.
async fn is_shaken_off(mode: &str, path: &str) {
    let Some(mut attack) = program("slowhttptest") else {
        return;
    };
    let host = target().await;
    let connections = short_or_full(200, 1_000);
    attack
        .args(["-c", &connections.to_string(), "-r", "200"])
        .args(["-l", "300", "-p", "20"])
        .args(mode.split(' '))
        .args(["-u", &format!("http://{}{path}", host.address())])
        .current_dir(host.folder());
    let before = host.open_files();
    let customer = host.client_at(attacker(0));
    let shaken_off = async {
        let is_begun = async || host.open_files() > before + connections / 2;
        wait_until("the attack to begin", 60, is_begun).await;
        wait_until("the host to hang up", 120, async || {
            assert_eq!(customer.get("/api/hello").await.text(), "hello");
            host.open_files() < before + OTHER_CONNECTIONS
        })
        .await;
    };
    // It ends by itself when it sees that nothing of it is left, otherwise with this test.
    tokio::pin!(shaken_off);
    let said = tokio::select! {
        (_, said) = run(attack) => {
            shaken_off.await;
            said
        }
        () = &mut shaken_off => String::new(),
    };
    let unavailable = |line: &str| line.contains("service available:") && line.contains("NO");
    let is_answered = !said.lines().any(unavailable);
    assert!(is_answered, "its own probe was not answered:\n{said}");
}

#[tokio::test]
async fn h8_slow_heads_bodies_and_readers_are_shaken_off() {
    let (slow_heads, slow_bodies) = ("-H -i 3 -x 24", "-B -i 3 -s 500000 -x 24");
    let slow_readers = "-X -w 10 -y 20 -n 5 -z 32";
    tokio::join!(
        is_shaken_off(slow_heads, "/api/hello"),
        is_shaken_off(slow_bodies, "/api/hostile/echo"),
        is_shaken_off(slow_readers, "/api/hostile/huge-body"),
    );
}
