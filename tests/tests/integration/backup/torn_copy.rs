//! A plain copy of the data folder of a running bank.

use super::*;
use std::fs;

/// Copies a folder file by file, as `cp -r` does.
pub fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder can be made");
    for entry in fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry");
        let target = to.join(entry.file_name());
        match entry.file_type().expect("a type").is_dir() {
            true => copy(&entry.path(), &target),
            false => drop(fs::copy(entry.path(), target)),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_torn_copy_does_not_serve_and_a_whole_one_does() {
    let mut bank = Bank::start().await;
    let pair = bank.pair().await;
    let movers = Movers::begin(&pair);
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    let torn = Bank::prepared(&Registry::bank());
    copy(&bank.data(), &torn.data());
    movers.end().await;
    let is_sound = verify(torn.folder()).code == Some(0);
    let mut started = Bank::prepared(&Registry::bank());
    copy(&torn.data(), &started.data());
    let serves = started.host.try_launch(&workspace::binary(), &[]);
    assert_eq!(serves, is_sound, "{}", started.log());
    if !serves {
        let log = started.log();
        assert!(log.contains("is a torn copy of a running bank"), "{log}");
    }

    bank.host.kill();
    let mut whole = Bank::prepared(&Registry::bank());
    copy(&bank.data(), &whole.data());
    whole.host.serve().await;
    assert!(whole.log_until_now().await.contains("it is verified first"));
}
