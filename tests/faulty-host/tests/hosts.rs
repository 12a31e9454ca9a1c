//! The host that is released knows of no plan. Its twin obeys one.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use strongroom_faults::PLAN_VARIABLE;

const BAD_PLAN: &str = "error store=accounts op=burn at=1 code=EIO";

/// A host in the folder of the one with faults, which cargo has built for this test.
fn host(name: &str) -> PathBuf {
    let host = Path::new(env!("CARGO_BIN_EXE_strongroom-faulty")).with_file_name(name);
    assert!(
        host.is_file(),
        "{} is missing: run ./build.sh first",
        host.display()
    );
    host
}

fn run(host: &Path, argument: &str) -> Output {
    let mut command = Command::new(host);
    command.arg(argument).env(PLAN_VARIABLE, BAD_PLAN);
    command.output().expect("the host starts")
}

#[test]
fn the_released_host_has_no_faults() {
    let released = host("strongroom");
    let help = run(&released, "--help");
    assert!(help.status.success());
    let binary = std::fs::read(&released).unwrap();
    for word in [PLAN_VARIABLE, "strongroom-faults: "] {
        let is_there = binary
            .windows(word.len())
            .any(|bytes| bytes == word.as_bytes());
        assert!(!is_there, "the released host has {word:?} in it");
    }
}

#[test]
fn the_host_with_faults_refuses_a_plan_that_it_does_not_understand() {
    let refused = run(&host("strongroom-faulty"), "--help");
    assert_eq!(refused.status.code(), Some(2));
    let log = String::from_utf8_lossy(&refused.stderr);
    assert!(log.contains("`burn`"), "{log}");
}
