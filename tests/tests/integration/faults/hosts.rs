//! The host that is released knows of no plan. Its twin obeys one.

use std::path::Path;
use std::process::{Command, Output};
use strongroom_tests::workspace;

const PLAN_VARIABLE: &str = "STRONGROOM_FAULTS";
const BAD_PLAN: &str = "error store=accounts op=burn at=1 code=EIO";

fn run(host: &Path) -> Output {
    let mut command = Command::new(host);
    command.arg("--help").env(PLAN_VARIABLE, BAD_PLAN);
    command.output().expect("the host starts")
}

#[test]
fn the_released_host_has_no_faults() {
    let released = workspace::binary();
    assert!(run(&released).status.success());
    let binary = std::fs::read(&released).expect("the binary can be read");
    for word in [PLAN_VARIABLE, "strongroom-faults: "] {
        let mut places = binary.windows(word.len());
        let is_there = places.any(|bytes| bytes == word.as_bytes());
        assert!(!is_there, "the released host has {word:?} in it");
    }
}

#[test]
fn the_host_with_faults_refuses_a_plan_that_it_does_not_understand() {
    let refused = run(&workspace::faulty_binary());
    assert_eq!(refused.status.code(), Some(2));
    let log = String::from_utf8_lossy(&refused.stderr);
    assert!(log.contains("`burn`"), "{log}");
}
