//! K7: the host is killed while it ends holds whose time is up.

use std::time::Duration;

use strongroom_tests::wait_for;

use super::{LEDGER, in_lanes, places};
use crate::faults::books::ExpectedBooks;
use crate::faults::request::KeyedRequest;
use crate::faults::scene::{BrokenBank, Kept};

const HOLDS: usize = 3;
const CENTS: i64 = 700;
/// Long enough that the bank is stopped before the first is swept.
const HOLD_SECONDS: u32 = 5;
/// How soon after the start the sweep has ended them: it comes about every second, and later on a
/// loaded machine.
const SWEPT_SECONDS_MAX: u64 = 30;

/// The look whether anything is due. It is the first of many that find nothing, so it is not
/// counted with the others.
const LOOKS: [&str; 2] = [
    "store=accounts call=read when=before at=1",
    "store=accounts call=read when=after at=1",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sweep_cut_off_at_any_point_ends_each_hold_once() {
    let (mut scene, mut books) = BrokenBank::open(2).await;
    let accounts = scene.accounts().to_vec();
    for _hold in 0..HOLDS {
        let request = KeyedRequest::hold(&accounts, 0, 1, CENTS, HOLD_SECONDS);
        scene.do_once(&mut books, &request).await;
    }
    let kept = scene.keep().await;
    let holds = books.outcomes()[books.outcomes().len() - HOLDS..].to_vec();
    for hold in &holds {
        books.expire(hold);
    }
    tokio::time::sleep(Duration::from_secs(u64::from(HOLD_SECONDS))).await;

    assert!(scene.fail("after-start; count").await, "it serves");
    wait_until_swept(&scene, &books).await;
    scene.stop().await;
    let mut places = places(&scene.bank.counts(), LEDGER);
    assert!(places.len() > 10, "there was a sweep: {places:?}");
    places.extend(LOOKS.map(str::to_owned));

    in_lanes(&scene, places, |scene, places| {
        cut_off_sweeps(scene, &kept, books.clone(), places)
    });
}

async fn cut_off_sweeps(
    mut scene: BrokenBank,
    kept: &Kept,
    books: ExpectedBooks,
    places: Vec<String>,
) {
    for place in places {
        scene.go_back_to(kept);
        let plan = format!("after-start; crash {place}");
        if scene.fail(&plan).await {
            scene.bank.host.wait_for_exit().await;
        }
        scene.assert_fired_once(&plan);
        scene.recover().await;
        wait_until_swept(&scene, &books).await;
        let violations = books.violations(&scene).await;
        assert_eq!(violations, Vec::<String>::new(), "{plan}");
        println!("K7: {place}");
    }
}

async fn wait_until_swept(scene: &BrokenBank, books: &ExpectedBooks) {
    wait_for("the sweep", SWEPT_SECONDS_MAX, async || {
        // The journal has a rate.
        tokio::time::sleep(Duration::from_millis(50)).await;
        let missing = books.missing_in_journal(scene).await;
        missing.is_empty().then_some(())
    })
    .await;
}
