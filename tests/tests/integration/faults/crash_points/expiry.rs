//! K7: the host is killed while it ends holds whose time is up.

use std::time::Duration;

use strongroom_tests::faults::Kept;
use strongroom_tests::history::{Line, Scene, Who, Wish};
use strongroom_tests::wait_until;

use super::{LEDGER, in_lanes, places};
use crate::faults::{NOTHING, scene};

const HOLDS: usize = 3;
const CENTS: i64 = 700;
/// Long enough that the bank is stopped before the first is swept.
const HOLD_SECONDS: u32 = 6;
/// How soon after the start the sweep has ended them: it comes about every second.
const SWEPT_SECONDS_MAX: u64 = 30;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sweep_cut_off_at_any_point_ends_each_hold_once() {
    let mut scene = scene(2).await;
    let [from, to] = scene.town.accounts();
    for _hold in 0..HOLDS {
        let hold = Wish::Hold(Line::eur(from, to, CENTS), HOLD_SECONDS);
        scene.do_once(Who::Owner(0), hold).await;
    }
    let kept = scene.keep().await;
    tokio::time::sleep(Duration::from_secs(u64::from(HOLD_SECONDS))).await;

    assert!(scene.fail("after-start; count"), "it serves");
    wait_until_swept(&scene).await;
    scene.stop().await;
    let mut places = places(&scene.bank.counts(), LEDGER);
    assert!(places.len() > 10, "there was a sweep: {places:?}");
    // The look whether anything is due is the first of many, and not counted with the others.
    let look = |when: &str| format!("store=accounts call=read when={when} at=1");
    places.extend(["before", "after"].map(look));

    in_lanes(&scene, places, |scene, places| {
        cut_off_sweeps(scene, &kept, places)
    });
}

async fn cut_off_sweeps(mut scene: Scene, kept: &Kept, places: Vec<String>) {
    for place in places {
        scene.go_back_to(kept);
        let plan = format!("after-start; crash {place}");
        if scene.fail(&plan) {
            scene.bank.host.wait_for_exit().await;
        }
        assert_eq!(scene.bank.faults_fired().len(), 1, "{plan}");
        scene.recover().await;
        wait_until_swept(&scene).await;
        assert_eq!(scene.violations().await, NOTHING, "{plan}");
        println!("K7: {place}");
    }
}

async fn wait_until_swept(scene: &Scene) {
    wait_until("the sweep", SWEPT_SECONDS_MAX, async || {
        // The journal has a rate.
        tokio::time::sleep(Duration::from_millis(50)).await;
        scene.new_rows().await.len() >= HOLDS
    })
    .await;
}
