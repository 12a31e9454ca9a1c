//! `[host.backup]`: a folder that always has a backup.

use super::torn_copy::copy;
use super::*;
use rusqlite::Connection;
use rustix::process::Signal;
use std::path::PathBuf;
use std::time::Duration;
use strongroom_tests::wait_until;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

const SECONDS_MAX: u64 = 60;

fn registry() -> Registry {
    registry_that_keeps_in(Path::new("kept"))
}

fn registry_that_keeps_in(folder: &Path) -> Registry {
    let mut backup = toml::toml! { interval = "1s" };
    backup.insert("folder".to_owned(), folder.display().to_string().into());
    Registry::bank().host("backup", backup)
}

fn kept(bank: &Bank) -> Option<PathBuf> {
    let id = std::fs::read_to_string(bank.data().join("bank.id")).ok()?;
    Some(bank.folder().join("kept").join(id.trim_end()))
}

/// The one backup of the folder, and its moment, if it is whole.
fn backup(bank: &Bank) -> Option<(PathBuf, OffsetDateTime)> {
    let backups = std::fs::read_dir(kept(bank)?).ok()?;
    let mut found = backups.filter_map(|entry| {
        let folder = entry.ok()?.path();
        let manifest = std::fs::read(folder.join("manifest.json")).ok()?;
        let manifest: serde_json::Value = serde_json::from_slice(&manifest).ok()?;
        let taken_at = text(&manifest["taken_at"]).to_owned();
        Some((folder, OffsetDateTime::parse(&taken_at, &Rfc3339).ok()?))
    });
    found.next()
}

async fn wait_for_backup(bank: &Bank) -> PathBuf {
    let now = OffsetDateTime::now_utc();
    wait_for("the backup", SECONDS_MAX, async || {
        let (folder, _) = backup(bank).filter(|(_, taken_at)| *taken_at > now)?;
        Some(folder)
    })
    .await
}

/// How many logs of the ledger the backup has: one more each time that the log has started over.
fn log_files(backup: &Path) -> usize {
    let stores = std::fs::read_dir(backup.join("stores")).expect("a folder");
    let names = stores.map(|entry| entry.expect("an entry").file_name());
    names
        .filter(|name| name.to_string_lossy().starts_with("accounts.sqlite-wal"))
        .count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kept_backup_has_all_of_an_interval_ago_through_checkpoints_kills_and_restarts() {
    let mut bank = Bank::start_with(&registry()).await;
    let mut pair = bank.pair().await;
    for _round in 0..2 {
        pair.admin.deposit(&pair.from, "900.00", "EUR").await;
        let movers = Movers::begin(&pair);
        // Until the log of the ledger has started over a few times.
        let has_logs = async || backup(&bank).is_some_and(|(folder, _)| log_files(&folder) > 2);
        wait_until("some logs", SECONDS_MAX, has_logs).await;
        let before = pair.send("1.00").await;
        let folder = wait_for_backup(&bank).await;
        tokio::time::sleep(Duration::from_millis(200)).await;
        bank.host.kill();
        movers.end().await;
        let mut restored = restored(&folder);
        verify(restored.folder()).assert_success();
        restored.host.serve().await;
        let found = restored.admin().await.transaction(&before["id"]).await;
        assert_eq!(found["sequence"], before["sequence"]);

        bank.host.serve().await;
        pair = pair.at(&bank);
        wait_for_backup(&bank).await;
        wait_until("the earlier one to go", SECONDS_MAX, async || {
            let left = std::fs::read_dir(kept(&bank).expect("an id")).expect("a folder");
            let backups = left.filter(|entry| entry.as_ref().is_ok_and(|one| one.path().is_dir()));
            backups.count() == 1
        })
        .await;
    }
    // A clean end leaves nothing out.
    let last = pair.send("1.00").await;
    bank.host.signal(Signal::TERM);
    bank.host.wait_for_exit().await;
    let (folder, _) = backup(&bank).expect("a backup");
    let mut restored = restored(&folder);
    restored.host.serve().await;
    let found = restored.admin().await.transaction(&last["id"]).await;
    assert_eq!(found["status"], "posted");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_keeps_what_a_service_that_is_taken_out_has_stored_and_is_made_anew() {
    let keeper = Service::guest("keeper-1").public();
    let bank = Bank::start_with(&registry().service("keeper", keeper)).await;
    wait_for_backup(&bank).await;
    let post = bank.host.client().post("/api/keeper");
    assert_eq!(post.body("text/plain", "plain").await.text(), "kept");
    // The registry may name it again later.
    bank.host.save_registry(&registry()).await;
    let has_ended = async || bank.listed("keeper").await.is_none();
    wait_until("the end of the service", SECONDS_MAX, has_ended).await;
    let folder = wait_for_backup(&bank).await;
    let other = restored(&folder);
    let store = Connection::open(other.data().join("stores/keeper.sqlite"));
    let count = "SELECT count(*) FROM note";
    let notes = store.and_then(|store| store.query_row(count, [], |row| row.get(0)));
    assert_eq!(notes, Ok(1));

    // What cannot be written is logged and made again, and the bank goes on.
    let pair = bank.pair().await;
    let kept = bank.folder().join("kept");
    std::fs::remove_dir_all(&kept).expect("it can be removed");
    std::fs::write(&kept, "in the way").expect("it can be written");
    pair.send("1.00").await;
    let is_logged = async || bank.log().contains("the backup is not kept up");
    wait_until("a line of the log", SECONDS_MAX, is_logged).await;
    pair.send("1.00").await;
    std::fs::remove_file(&kept).expect("it can be removed");
    restored(&wait_for_backup(&bank).await);
}

/// It is the same bank, by its id.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_host_on_a_copy_of_the_data_does_not_take_over_the_backup() {
    let mut bank = Bank::start_with(&registry()).await;
    wait_for_backup(&bank).await;
    bank.host.signal(Signal::TERM);
    bank.host.wait_for_exit().await;
    let folder = bank.folder().join("kept");
    let mut other = Bank::prepared(&registry_that_keeps_in(&folder));
    copy(&bank.data(), &other.data());
    bank.host.serve().await;
    wait_for_backup(&bank).await;
    other.host.launch();
    let refusal = "another host keeps the backup of this bank here";
    wait_until(refusal, SECONDS_MAX, async || other.log().contains(refusal)).await;
    // Nor while the bank restarts.
    bank.host.restart().await;
    wait_for_backup(&bank).await;
}
