//! Goal: wherever a movement of money is cut off, it has happened once or not at all, and a retry
//! says which. Nothing happens that no client asks for.
//!
//! Method: a movement is a row of calls into the store of `accounts`: the ledger begins its turn
//! with its first query, decides, and commits. The host is killed before and after each of them, by
//! turns; then it is started again. The journal has the movement if the commit was on disk, and
//! only then. The client retries with the same key, and the response says whether it is a
//! repetition. The points and their names:
//!
//! | point | the host is gone |
//! |---|---|
//! | K0 | before the ledger has begun |
//! | K1 | while the ledger decides, and before its commit is on disk |
//! | K2 | after the ledger's commit, and before the response |
//! | K3 | after the response |
//! | K4 | not: the ledger's call traps instead ([`trapped`]) |
//! | K5 | not: a commit of several requests finds no room, or the disk errs ([`group_commit`]) |
//! | K6 | and the store of the transaction service is lost with it ([`lost_store`]) |
//! | K7 | while holds are ended whose time is up ([`expiry`]) |
//! | K8 | while a standing order is made and its date is paid ([`standing_orders`]) |
//! | K9 | while a standing order is ended and its date is cancelled ([`standing_orders`]) |
//!
//! K0 to K2 are passed with a screening in front of the ledger too ([`screened`]).
//!
//! A run in which nothing is cut off counts the calls, so that none is left out. A point that is
//! not passed the next time kills nothing, and then the test fails.

mod expiry;
mod group_commit;
mod lost_store;
mod movement;
mod screened;
mod standing_orders;
mod trapped;
mod under_load;

use std::collections::{BTreeMap, BTreeSet};
use std::thread;
use std::time::Duration;

use strongroom_tests::Bank;
use strongroom_tests::history::Scene;

use movement::{Movement, Stage, request, row};

/// The store that decides of money. That of the transaction service has an index of its journal,
/// which a tick brings up to date at a time of its own.
const LEDGER: &[&str] = &["accounts"];

/// The stores of standing orders and of their payments.
const ORDERS: &[&str] = &["accounts", "transactions"];

/// How many lanes there are where each bank mostly waits for its ticks.
const LANES: usize = 6;

/// In which some ticks of each service come: about one a second.
const TICKS: Duration = Duration::from_millis(2_500);

/// The calls into these stores that were counted, in the words of a plan, and how often each was
/// made. Those that only read are left out: every tick makes some.
fn calls(counts: &BTreeMap<String, u32>, stores: &[&str]) -> Vec<(String, u32)> {
    let calls = counts.iter().filter_map(|(what, count)| {
        let (store, call) = what.split_once(":call.")?;
        let (call, when) = call.split_once('.')?;
        let is_meant = stores.contains(&store) && call != "read";
        is_meant.then(|| (format!("store={store} call={call} when={when}"), *count))
    });
    calls.collect()
}

/// Before and after each of these calls, as often as it was counted; in the words of a plan.
fn places(counts: &BTreeMap<String, u32>, stores: &[&str]) -> Vec<String> {
    let places = calls(counts, stores).into_iter();
    let places = places.map(|(call, count)| (1..=count).map(move |at| format!("{call} at={at}")));
    places.flatten().collect()
}

/// Cuts off at all these places, at some of them at the same time: each lane has a bank of its own.
fn in_lanes<F: Future<Output = ()>>(
    scene: &Scene,
    places: Vec<String>,
    cut_off: impl Fn(Scene, Vec<String>) -> F + Sync,
) {
    thread::scope(|lanes| {
        for lane in 0..LANES {
            let mine = places.iter().skip(lane).step_by(LANES).cloned().collect();
            let (scene, cut_off) = (scene.twin(), &cut_off);
            lanes.spawn(move || {
                tokio::runtime::Builder::new_current_thread()
                    .enable_all()
                    .build()
                    .expect("a runtime")
                    .block_on(cut_off(scene, mine));
            });
        }
    });
}

/// Kills the host at every point of each of these movements.
async fn cut_off_everywhere(mut stage: Stage, movements: impl IntoIterator<Item = Movement>) {
    for movement in movements {
        let places = stage.places(&movement).await;
        let rows: BTreeSet<&str> = places.iter().map(|place| row(place)).collect();
        assert_eq!(Vec::from_iter(rows), ["K0", "K1", "K2"], "{movement:?}");
        for place in places {
            println!("{}: {movement:?}, {place}", row(&place));
            let plan = format!("after-start; crash {place}");
            let request = stage.cut_off(&movement, &plan).await;
            stage.scene.recover().await;
            let is_recorded = row(&place) == "K2";
            stage.assert_done_once(request, is_recorded).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_movement_cut_off_at_any_point_is_done_once_and_whole() {
    let stage = Stage::set(Bank::start().await).await;
    let movements = stage.movements();
    cut_off_everywhere(stage, movements).await;
}

/// K3: the response was sent, and may not have arrived.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_is_given_again_after_a_kill() {
    let mut stage = Stage::set(Bank::start().await).await;
    for movement in stage.movements() {
        stage.scene.go_back_to(&stage.kept);
        stage.scene.recover().await;
        let request = request(&movement);
        let first = stage.scene.ask(&request).await;
        stage.scene.recover().await;
        let again = stage.assert_done_once(request, true).await;
        assert!(first.reply().is_same(&again), "{first:?}: {again:?}");
    }
}

/// K0 and K1, and no client comes back for a while.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_cut_off_before_its_commit_is_not_done_later() {
    let mut stage = Stage::set(Bank::start().await).await;
    let [transfer, _, batch, ..] = stage.movements();
    for call in ["begin-query", "commit-with"] {
        for movement in [&transfer, &batch] {
            let place = format!("store=accounts call={call} when=before at=1");
            let plan = format!("after-start; crash {place}");
            let request = stage.cut_off(movement, &plan).await;
            stage.scene.recover().await;
            tokio::time::sleep(TICKS).await;
            stage.assert_done_once(request, false).await;
        }
    }
}
