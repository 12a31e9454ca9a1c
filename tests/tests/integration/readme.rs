//! The README's commands work line by line, and say what it says.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Stdio;

use strongroom_tests::host::Host;
use strongroom_tests::registry::Registry;
use strongroom_tests::tools::output_of;
use strongroom_tests::{assert_parts, workspace};
use tokio::process::Command;

/// The password with which the README starts the bank.
const ADMIN_PASSWORD: &str = "a long walk in the rain";

/// Between two blocks of the tour the reader falls asleep: the tokens are as good as expired.
const FALL_ASLEEP: &str = "\nfind $TOUR -name '*.token' -exec touch -d '-6 minutes' {} +\n";

#[tokio::test(flavor = "multi_thread")]
async fn the_tour_works_line_by_line_again_and_again_and_slowly() {
    let readme = readme();
    assert!(readme.contains(&format!("STRONGROOM_ADMIN_PASSWORD='{ADMIN_PASSWORD}'")));
    let host = Host::start(&Registry::bank(), Some(ADMIN_PASSWORD)).await;
    for between in ["\n", FALL_ASLEEP] {
        let blocks = blocks(&readme, "```sh tour");
        let script = blocks.join(between);
        let script = script.replace("127.0.0.1:8080", host.address());
        let said = run(&script, host.folder()).await;
        let expected = rows! {
            "\"email\":\"ann-",
            "\"type\":\"deposit\",\"status\":\"posted\"",
            "idempotency-replayed: true",
            "\"balance\":\"87.66\"", "\"balance_after\":\"87.66\"", "\"balance_after\":\"12.34\"",
            "\"code\":\"not_found\"", "\"code\":\"insufficient_funds\"",
            "\"code\":\"invalid_token\"",
            "\"available\":\"47.66\",\"pending_debits\":\"40.00\"",
            "\"type\":\"capture\",\"status\":\"posted\"",
            "\"captured_amount\":\"25.00\"",
            "\"type\":\"reversal\",\"status\":\"posted\"", "\"status\":\"reversed\"",
            ",reversal,credit,12.34,EUR,75.00,", ",closing_balance,,,EUR,75.00,",
        };
        assert_parts(&said, &expected);
        assert_eq!(said.matches("\"code\":").count(), 3, "{said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_way_to_swap_a_service_works_line_by_line() {
    let mut host = Host::prepared(&Registry::bank(), Some(ADMIN_PASSWORD));
    let registry = std::fs::read_to_string(workspace::root().join("registry.toml")).unwrap();
    let components = workspace::root().join("target/components/");
    let here = |text: &str| text.replace("target/components/", components.to_str().unwrap());
    std::fs::write(host.folder().join("registry.toml"), here(&registry)).unwrap();
    host.serve().await;
    let script = blocks(&readme(), "```sh swap").join("\n");
    let script = here(&script).replace("127.0.0.1:9090", host.admin_address());
    let binary = workspace::binary().display().to_string();
    let script = script.replace("target/release/strongroom", &binary);
    let said = run(&script, host.folder()).await;
    let told = "token: limits.timeout: 10s -> 5s";
    assert_parts(&said, &[told, "limits.timeout: 5s -> 10s"]);
}

#[test]
fn what_the_build_makes_can_be_read_by_a_service_user() {
    for name in ["auth", "token", "account", "transaction", "webhook"] {
        let file = workspace::component(name);
        let mode = std::fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o644, "{}", file.display());
    }
}

/// What a script prints, which must not fail.
pub async fn run(script: &str, folder: &Path) -> String {
    let mut bash = Command::new("bash");
    bash.args(["-euo", "pipefail", "-c", script]);
    bash.current_dir(folder).stdin(Stdio::null());
    output_of(bash).await
}

fn readme() -> String {
    std::fs::read_to_string(workspace::root().join("README.md")).expect("there is a README")
}

/// The blocks of commands that a README marks so.
pub fn blocks(readme: &str, mark: &str) -> Vec<String> {
    let begin = format!("{mark}\n");
    let parts = readme.split(&begin).skip(1);
    let blocks = parts.filter_map(|part| part.split("```").next());
    let blocks: Vec<_> = blocks.map(str::to_owned).collect();
    assert!(!blocks.is_empty(), "there is no {mark}");
    blocks
}
