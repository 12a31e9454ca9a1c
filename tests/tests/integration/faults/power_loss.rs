//! Goal: what was acknowledged survives a power cut at any sync, whatever the disk makes of the
//! writes that it was not told to keep.
//!
//! Method: eight clients move money. At the Nth sync the power fails: what was written and not
//! synced is dropped, kept in another order, or torn, and the process is gone. Everything that was
//! answered before must be in the journal after the restart, once and with its amount. The same
//! check finds losses when the stores sync as SQLite's `synchronous=NORMAL` does: so it would find
//! them here.

use rand::RngExt;
use rand::rngs::StdRng;
use strongroom_tests::history::Scene;
use strongroom_tests::scale::{seeded, short_or_full};

use crate::faults::{load, scene};

const CLIENTS: usize = 8;
const MODELS: [&str; 3] = ["drop", "reorder", "torn"];
/// With NORMAL a store syncs with its checkpoints only: a few syncs are a long time.
const SYNCS_OF_NORMAL: [u32; 3] = [1, 2, 3];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_survives_a_power_cut_at_any_sync() {
    let mut random = seeded();
    let mut scene = scene(CLIENTS).await;
    let kept = scene.keep().await;
    let syncs = short_or_full(vec![1, 2, 3, 9, 29], (1..=60).collect());
    let mut answered = 0;
    for at in syncs {
        for model in MODELS {
            scene.go_back_to(&kept);
            let plan = plan("", at, model, &mut random);
            let (answers, violations) = lose_power(&mut scene, &plan, &mut random).await;
            assert_eq!(violations, Vec::<String>::new(), "{plan}");
            answered += answers;
        }
    }
    assert!(answered > 0, "the clients were at work");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_check_finds_what_a_store_loses_that_does_not_sync_each_commit() {
    let mut random = seeded();
    let mut scene = scene(CLIENTS).await;
    let kept = scene.keep().await;
    let mut found = Vec::new();
    for at in SYNCS_OF_NORMAL {
        scene.go_back_to(&kept);
        let plan = plan(" synchronous=normal;", at, "drop", &mut random);
        let (_, violations) = lose_power(&mut scene, &plan, &mut random).await;
        println!("{plan}: {} violations", violations.len());
        found.extend(violations);
    }
    assert!(
        !found.is_empty(),
        "the check finds nothing: it proves nothing"
    );
}

fn plan(settings: &str, at: u32, model: &str, random: &mut StdRng) -> String {
    let seed: u32 = random.random();
    format!("after-start;{settings} power-loss store=* at={at} model={model} seed={seed}")
}

/// Lets clients work until the power fails, and starts the bank again. Returns how many answers
/// there were before, and in what the bank differs from them.
async fn lose_power(scene: &mut Scene, plan: &str, random: &mut StdRng) -> (usize, Vec<String>) {
    let mut shifts = Vec::new();
    if scene.fail(plan) {
        shifts = load(scene, CLIENTS, random).until_cut_off().await;
        scene.bank.host.wait_for_exit().await;
    }
    scene.assert_fired_once(plan);
    scene.recover().await;
    let answered = shifts.iter().map(|shift| shift.answered.len()).sum();
    (answered, scene.account_for(shifts).await)
}
