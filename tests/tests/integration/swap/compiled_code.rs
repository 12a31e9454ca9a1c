//! The folder of compiled code, which hosts share with each other and with `strongroom check`.

use super::*;
use strongroom_tests::command::run;
use tempfile::tempdir;
use tokio::task::JoinSet;

#[tokio::test]
async fn processes_that_compile_the_same_component_at_once() {
    let folder = tempdir().expect("a temporary folder");
    let cache = folder.path().join("cache").display().to_string();
    beside_a_bystander(version("version-a"))
        .host("cache", cache)
        .write(folder.path());
    let mut checks = JoinSet::new();
    for _process in 0..4 {
        let folder = folder.path().to_owned();
        checks.spawn_blocking(move || run(&folder, &["check"]));
    }
    for outcome in checks.join_all().await {
        outcome.assert_success();
    }
}
