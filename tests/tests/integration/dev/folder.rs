//! Where the data of such a bank is, and how it goes.

use super::{DevBank, prepared};
use rustix::process::Signal;

#[tokio::test]
async fn the_data_is_in_a_temporary_folder_until_the_host_ends() {
    for signal in [Signal::TERM, Signal::INT] {
        let mut bank = DevBank::small(None).await;
        let [folder] = &bank.data_folders()[..] else {
            panic!("one folder: {:?}", bank.data_folders());
        };
        assert!(folder.join("keys").is_dir());
        bank.assert_printed(&[&format!("Its data is in {}", folder.display())]);
        assert!(!bank.host.data().exists(), "the registry's folder");
        bank.host.signal(signal);
        assert_eq!(bank.host.wait_for_exit().await.code(), Some(0));
        assert!(bank.data_folders().is_empty(), "{:?}", bank.data_folders());
    }
}

#[tokio::test]
async fn the_folder_of_a_killed_host_goes_with_the_next_start() {
    let mut bank = DevBank::small(None).await;
    let left = bank.data_folders();
    bank.host.kill();
    assert!(left[0].is_dir());
    let bank = DevBank::launch(bank.host).await;
    assert!(!left[0].exists());
    assert_eq!(bank.data_folders().len(), 1);
}

#[tokio::test]
async fn a_data_folder_of_ones_own_is_refused() {
    let host = prepared(None);
    let refused = host.run(&["serve", "--dev", "--data", "mine"]).await;
    refused.assert_failure(2, &["--dev", "--data"]);
    assert!(!host.folder().join("mine").exists());
}
