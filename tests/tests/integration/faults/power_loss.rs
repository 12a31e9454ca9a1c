//! Goal: what was acknowledged survives a power cut at any sync, whatever the disk makes of the
//! writes that it was not told to keep.
//!
//! Method: eight clients move money. At the Nth sync the power fails: what was written and not
//! synced is dropped, kept in another order, or torn, and the process is gone. Everything that was
//! answered before must be in the journal after the restart, once and with its amount. The same
//! check finds losses when the stores sync as SQLite's `synchronous=NORMAL` does: so it would find
//! them here.

use rand::RngExt;
use strongroom_tests::scale::{seeded, short_or_full};

use crate::faults::{NOTHING, load, scene};

const CLIENTS: usize = 8;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_survives_a_power_cut_at_any_sync() {
    let syncs = short_or_full(vec![1, 2, 3, 9, 29], (1..=60).collect());
    let (answered, violations) = lose_power("", &syncs, &["drop", "reorder", "torn"]).await;
    assert_eq!(violations, NOTHING);
    assert!(answered > 0, "the clients were at work");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_check_finds_what_a_store_loses_that_does_not_sync_each_commit() {
    // With NORMAL a store syncs with its checkpoints only: a few syncs are a long time.
    let (_, violations) = lose_power(" synchronous=normal;", &[1, 2, 3], &["drop"]).await;
    assert!(!violations.is_empty(), "the check finds nothing");
}

/// Lets clients work until the power fails at each of these syncs, and starts the bank again.
/// Returns how many answers there were before, and in what the bank differs from them.
async fn lose_power(settings: &str, syncs: &[u32], models: &[&str]) -> (usize, Vec<String>) {
    let mut random = seeded();
    let mut scene = scene(CLIENTS).await;
    let kept = scene.keep().await;
    let (mut answered, mut found) = (0, Vec::new());
    for at in syncs {
        for model in models {
            let power_loss = format!("power-loss store=* at={at} model={model}");
            let seed: u32 = random.random();
            let plan = format!("after-start;{settings} {power_loss} seed={seed}");
            scene.go_back_to(&kept);
            let mut shifts = Vec::new();
            if scene.fail(&plan) {
                shifts = load(&scene, CLIENTS, &mut random).until_cut_off().await;
                scene.bank.host.wait_for_exit().await;
            }
            assert_eq!(scene.bank.faults_fired().len(), 1, "{plan}");
            scene.recover().await;
            answered += shifts.iter().flat_map(|shift| &shift.answered).count();
            let violations = scene.account_for(shifts).await;
            println!("{plan}: {} violations", violations.len());
            found.extend(violations.iter().map(|what| format!("{plan}: {what}")));
        }
    }
    (answered, found)
}
