//! Folders that no backup can be written to, or read from.

use std::fs::{self, OpenOptions};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use strongroom_tests::Bank;
use strongroom_tests::command::run;
use strongroom_tests::registry::Registry;

use super::mover::{back_up, restore};

/// A backup that must not be restored: nothing is made, and a sentence says why.
fn refused(backup: &Path, reason: &str) {
    let bank = Bank::prepared(&Registry::bank());
    let outcome = restore(&bank, backup);
    assert_eq!(outcome.code, Some(1), "{outcome:?}");
    assert!(outcome.stderr.contains(reason), "{reason}: {outcome:?}");
    assert!(!bank.data().exists());
}

fn change(backup: &Path, change: impl FnOnce(String) -> String) {
    let manifest = backup.join("manifest.json");
    let text = fs::read_to_string(&manifest).expect("a manifest");
    fs::write(&manifest, change(text)).expect("it can be written");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_is_whole_and_for_a_new_folder_or_refused() {
    let bank = Bank::start().await;
    bank.pair().await;
    let folder = bank.folder().join("backup");
    let made = back_up(&bank, &folder).await;
    assert_eq!(made.code, Some(0), "{made:?}");
    let copy = |name: &str| -> PathBuf {
        let to = bank.folder().join(name);
        let copied = std::process::Command::new("cp")
            .arg("-r")
            .args([&folder, &to])
            .status();
        assert!(copied.expect("cp runs").success());
        to
    };

    let again = back_up(&bank, &folder).await;
    assert_eq!(again.code, Some(1));
    assert!(again.stderr.contains("is not empty"), "{again:?}");

    let under_a_file = bank.folder().join("registry.toml/backup");
    let outcome = back_up(&bank, &under_a_file).await;
    assert_eq!(outcome.code, Some(1));
    assert!(outcome.stderr.contains("registry.toml"), "{outcome:?}");

    let flipped = copy("flipped");
    let store = flipped.join("stores/accounts.sqlite-wal");
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .open(&store)
        .expect("a store");
    let mut byte = [0];
    file.read_exact_at(&mut byte, 5_000)
        .expect("it is that long");
    file.write_all_at(&[byte[0] ^ 1], 5_000)
        .expect("it can be written");
    refused(&flipped, "accounts.sqlite-wal is not as it was copied");

    let short = copy("short");
    fs::remove_file(short.join("stores/token.sqlite")).expect("a store");
    refused(&short, "token.sqlite");

    let other = copy("other");
    change(&other, |text| {
        text.replace("\"format\": 1", "\"format\": 7")
    });
    refused(&other, "in format 7");

    let unfinished = copy("unfinished");
    fs::remove_file(unfinished.join("manifest.json")).expect("a manifest");
    refused(&unfinished, "no backup, or one that is not whole");

    let data = bank.data().display().to_string();
    let arguments = ["restore", folder.to_str().expect("UTF-8"), "--data", &data];
    let outcome = run(bank.folder(), &arguments);
    assert_eq!(outcome.code, Some(1));
    assert!(outcome.stderr.contains("is not empty"), "{outcome:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn backups_at_an_interval_keep_the_latest() {
    let bank = Bank::start().await;
    let folder = bank.folder().join("backups");
    fs::create_dir(&folder).expect("a folder");
    fs::write(folder.join("README"), "not ours").expect("a file");
    let (admin, data) = (bank.admin_address(), bank.data());
    let mut command = std::process::Command::new(strongroom_tests::workspace::binary());
    command
        .arg("backup")
        .arg(&folder)
        .args(["--every", "1s", "--keep", "2", "--admin", admin, "--data"])
        .arg(&data)
        .current_dir(bank.folder())
        .stdout(std::process::Stdio::null());
    let mut running = command.spawn().expect("it starts");
    let names = || -> Vec<String> {
        let entries = fs::read_dir(&folder).expect("a folder");
        let names = entries.map(|entry| entry.expect("an entry").file_name());
        let mut names: Vec<_> = names.filter_map(|name| name.into_string().ok()).collect();
        names.retain(|name| name.starts_with('2'));
        names.sort();
        names
    };
    let first = strongroom_tests::wait_for("two backups", 60, async || {
        Some(names()).filter(|names| names.len() == 2)
    })
    .await;
    let later = strongroom_tests::wait_for("two others", 60, async || {
        Some(names()).filter(|names| names.len() == 2 && names[0] > first[1])
    })
    .await;
    running.kill().expect("it runs");
    running.wait().expect("it ends");
    assert!(folder.join("README").exists());
    refused_never(&folder.join(&later[0]));
}

fn refused_never(backup: &Path) {
    let bank = Bank::prepared(&Registry::bank());
    let outcome = restore(&bank, backup);
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
}
