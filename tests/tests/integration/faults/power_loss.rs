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
use strongroom_tests::scale::{seeded, short_or_full};

use crate::faults::books::ExpectedBooks;
use crate::faults::load::{FaultLoad, Shifts, account_for};
use crate::faults::scene::BrokenBank;

const CLIENTS: usize = 8;
const MODELS: [&str; 3] = ["drop", "reorder", "torn"];
/// With NORMAL a store syncs with its checkpoints only: a few syncs are a long time.
const SYNCS_OF_NORMAL: [u32; 3] = [1, 2, 3];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_survives_a_power_cut_at_any_sync() {
    let mut random = seeded();
    let (mut scene, books) = BrokenBank::open(CLIENTS).await;
    let kept = scene.keep().await;
    let syncs = short_or_full(vec![1, 2, 3, 9, 29], (1..=60).collect());
    let mut answered = 0;
    for at in syncs {
        for model in MODELS {
            scene.go_back_to(&kept);
            let plan = plan("", at, model, &mut random);
            let before = books.outcomes().len();
            let (books, violations) =
                lose_power(&mut scene, books.clone(), &plan, &mut random).await;
            assert_eq!(violations, Vec::<String>::new(), "{plan}");
            answered += books.outcomes().len() - before;
        }
    }
    assert!(answered > 0, "the clients were at work");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_check_finds_what_a_store_loses_that_does_not_sync_each_commit() {
    let mut random = seeded();
    let (mut scene, books) = BrokenBank::open(CLIENTS).await;
    let kept = scene.keep().await;
    let mut found = Vec::new();
    for at in SYNCS_OF_NORMAL {
        scene.go_back_to(&kept);
        let plan = plan(" synchronous=normal;", at, "drop", &mut random);
        let (_, violations) = lose_power(&mut scene, books.clone(), &plan, &mut random).await;
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

/// Lets clients work until the power fails, starts the bank again, and returns in what it differs
/// from what it had said.
async fn lose_power(
    scene: &mut BrokenBank,
    mut books: ExpectedBooks,
    plan: &str,
    random: &mut StdRng,
) -> (ExpectedBooks, Vec<String>) {
    let mut shifts = Shifts::default();
    if scene.fail(plan).await {
        let load = FaultLoad::begin(scene, CLIENTS, random.random());
        shifts = load.until_cut_off().await;
        scene.bank.host.wait_for_exit().await;
    }
    scene.assert_fired_once(plan);
    scene.recover().await;
    let violations = account_for(scene, &mut books, shifts).await;
    (books, violations)
}
