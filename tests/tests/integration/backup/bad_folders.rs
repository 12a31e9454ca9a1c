//! Folders that no backup can be written to, or read from.

use super::*;
use std::fs;
use std::process::{Command, Stdio};

/// A backup that must not be restored: nothing is made, and a sentence says why.
fn refused(backup: &Path, reason: &str) {
    let bank = Bank::prepared(&Registry::bank());
    restore(&bank, backup).assert_failure(1, &[reason]);
    assert!(!bank.data().exists());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_is_whole_and_for_a_new_folder_or_refused() {
    let bank = Bank::start().await;
    bank.pair().await;
    let folder = bank.folder().join("backup");
    back_up(&bank, &folder).await.assert_success();
    let again = back_up(&bank, &folder).await;
    again.assert_failure(1, &["is not empty"]);
    let under_a_file = bank.folder().join("registry.toml/backup");
    let outcome = back_up(&bank, &under_a_file).await;
    outcome.assert_failure(1, &["registry.toml"]);
    restore(&bank, &folder).assert_failure(1, &["is not empty"]);

    let file = folder.join("stores/accounts.sqlite-wal");
    let whole = fs::read(&file).expect("a file of the backup");
    let mut damaged = whole.clone();
    damaged[5_000] ^= 1;
    fs::write(&file, damaged).expect("it can be written");
    refused(&folder, "accounts.sqlite-wal is not as it was copied");
    fs::write(&file, whole).expect("it can be written");
    for (file, reason) in [
        ("stores/token.sqlite", "token.sqlite"),
        ("manifest.json", "no backup, or one that is not whole"),
    ] {
        let (file, aside) = (folder.join(file), bank.folder().join("aside"));
        fs::rename(&file, &aside).expect("a file of the backup");
        refused(&folder, reason);
        fs::rename(&aside, &file).expect("it can be put back");
    }
    // What was put back is whole again.
    restored(&folder);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn backups_at_an_interval_keep_the_latest() {
    let bank = Bank::start().await;
    let folder = bank.folder().join("backups");
    fs::create_dir(&folder).expect("a folder");
    fs::write(folder.join("README"), "not ours").expect("a file");
    let (admin, data) = (bank.admin_address(), bank.data());
    let mut command = Command::new(workspace::binary());
    command
        .arg("backup")
        .arg(&folder)
        .args(["--every", "1s", "--keep", "2", "--admin", admin, "--data"])
        .arg(&data)
        .current_dir(bank.folder())
        .stdout(Stdio::null());
    let mut running = command.spawn().expect("it starts");
    let names = || -> Vec<String> {
        let entries = fs::read_dir(&folder).expect("a folder");
        let names = entries.map(|entry| entry.expect("an entry").file_name());
        let mut names: Vec<_> = names.filter_map(|name| name.into_string().ok()).collect();
        names.retain(|name| name.starts_with('2'));
        names.sort();
        names
    };
    let two = || Some(names()).filter(|names| names.len() == 2);
    let first = wait_for("two backups", 60, async || two()).await;
    let others = async || two().filter(|names| names[0] > first[1]);
    let later = wait_for("two others", 60, others).await;
    running.kill().expect("it runs");
    running.wait().expect("it ends");
    assert!(folder.join("README").exists());
    restored(&folder.join(&later[0]));
}
