//! The README's tour works line by line, and says what it says.

use std::process::Stdio;
use strongroom_tests::host::Host;
use strongroom_tests::registry::Registry;
use strongroom_tests::workspace;
use tokio::process::Command;

/// The password with which the README starts the bank.
const ADMIN_PASSWORD: &str = "a long walk in the rain";

#[tokio::test(flavor = "multi_thread")]
async fn the_tour_works_line_by_line() {
    let readme = std::fs::read_to_string(workspace::root().join("README.md")).unwrap();
    assert!(readme.contains(&format!("STRONGROOM_ADMIN_PASSWORD='{ADMIN_PASSWORD}'")));
    let host = Host::start(&Registry::bank(), Some(ADMIN_PASSWORD)).await;
    let script = tour(&readme).replace(
        "http://127.0.0.1:8080",
        &format!("http://{}", host.address()),
    );
    let output = Command::new("bash")
        .args(["-euo", "pipefail", "-c", &script])
        .stdin(Stdio::null())
        .output()
        .await
        .unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    let complaints = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}\n{complaints}");
    for expected in [
        "\"email\":\"ann@example.com\"",
        "\"type\":\"deposit\",\"status\":\"posted\"",
        "idempotency-replayed: true",
        "\"balance\":\"87.66\"",
        "\"balance_after\":\"87.66\"",
        "\"balance_after\":\"12.34\"",
        "\"code\":\"not_found\"",
        "\"code\":\"insufficient_funds\"",
        "\"code\":\"invalid_token\"",
        "\"available\":\"47.66\",\"pending_debits\":\"40.00\"",
        "\"type\":\"capture\",\"status\":\"posted\"",
        "\"captured_amount\":\"25.00\"",
        "\"type\":\"reversal\",\"status\":\"posted\"",
        "\"status\":\"reversed\"",
        ",reversal,credit,12.34,EUR,75.00,",
        ",closing_balance,,,EUR,75.00,",
    ] {
        assert!(said.contains(expected), "{expected} is not in:\n{said}");
    }
    assert_eq!(said.matches("\"code\":").count(), 3, "{said}");
}

/// The commands of the tour, which the README marks `sh tour`.
fn tour(readme: &str) -> String {
    let mut commands = String::new();
    let mut in_tour = false;
    for line in readme.lines() {
        match line {
            "```sh tour" => in_tour = true,
            "```" => in_tour = false,
            line if in_tour => commands.extend([line, "\n"]),
            _ => {}
        }
    }
    assert!(commands.contains("BANK="), "the README has no tour");
    commands
}
