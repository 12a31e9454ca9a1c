//! A backup under load, and the host killed after it or in the middle of it.

use super::*;
use rand::RngExt;
use rand::seq::IndexedRandom as _;
use std::time::{Duration, Instant};
use strongroom_tests::race::at_once;
use strongroom_tests::scale::{seeded, short_or_full};

/// How long a backup of a small bank takes at most, in milliseconds: a kill comes within.
const BACKUP_MS_MAX: u64 = 400;
const EARLIER_LOOKED_UP: usize = 200;
const LOOK_UPS_AT_ONCE: usize = 16;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_backup_of_a_bank_that_is_killed_restores_all_of_before() {
    let mut random = seeded();
    let rounds = short_or_full(4, 200);
    let mut bank = Bank::start().await;
    let mut pair = bank.pair().await;
    let mut acknowledged = Acknowledged::new();
    let mut made = 0;
    for round in 0..rounds {
        let folder = bank.folder().join(format!("backup-{round}"));
        pair.admin.deposit(&pair.from, "100.00", "EUR").await;
        let movers = Movers::begin(&pair);
        tokio::time::sleep(Duration::from_millis(random.random_range(50..500))).await;
        let begun = Instant::now();
        let kill_after = Duration::from_millis(random.random_range(0..BACKUP_MS_MAX));
        // At least the last is not cut off, on a machine that takes longer than any kill waits.
        let must_be_made = made == 0 && round + 1 == rounds;
        let in_the_middle = random.random_bool(0.5) && !must_be_made;
        let backing_up = back_up(&bank, &folder);
        let pid = bank.pid();
        let killing = async {
            if in_the_middle {
                tokio::time::sleep(kill_after).await;
                let _gone = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
            }
        };
        let (outcome, ()) = tokio::join!(backing_up, killing);
        bank.host.kill();
        let before: Vec<_> = acknowledged.keys().cloned().collect();
        let mut wanted: Acknowledged = before
            .sample(&mut random, EARLIER_LOOKED_UP)
            .map(|id| (id.clone(), acknowledged[id]))
            .collect();
        let latest = movers.end().await;
        wanted.extend(latest.clone());
        acknowledged.extend(latest);
        assert_eq!(outcome.code == Some(0), folder.exists(), "{outcome:?}");
        assert!(in_the_middle || folder.exists(), "{outcome:?}");
        if folder.exists() {
            made += 1;
            assert_restores(&folder, &wanted, begun).await;
            let (some, all) = (wanted.len(), acknowledged.len());
            println!("round {round}: {some} of {all} transfers looked up");
            std::fs::remove_dir_all(&folder).expect("it can be removed");
        }
        bank.host.serve().await;
        pair = pair.at(&bank);
        pair.admin = bank.admin().await;
        pair.alice = pair.alice.log_in_again().await;
    }
    let transfers = acknowledged.len();
    println!("{made} of {rounds} backups were made, {transfers} transfers");
    assert!(made > 0);
}

/// Restores a backup; what was acknowledged before it began must be there.
async fn assert_restores(backup: &Path, acknowledged: &Acknowledged, begun: Instant) {
    let mut bank = restored(backup);
    verify(bank.folder()).assert_success();
    bank.host.serve().await;
    let admin = bank.admin().await;
    let before = acknowledged.iter().filter(|(_, at)| **at < begun);
    let ids: Vec<&String> = before.map(|(id, _)| id).collect();
    for ids in ids.chunks(LOOK_UPS_AT_ONCE) {
        let look_up = |id: &&String| admin.get(&format!("/api/transactions/{id}"));
        for found in at_once(ids.iter().map(look_up)).await {
            assert_eq!(found.status, 200, "acknowledged: {}", found.text());
        }
    }
}
