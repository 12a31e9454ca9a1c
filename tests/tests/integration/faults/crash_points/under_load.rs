//! The same places, with one to eight clients at work: what is cut off is whatever is under way
//! then.

use std::time::Duration;

use rand::RngExt;
use strongroom_tests::scale::{seeded, short_or_full};

use super::{ORDERS, calls};
use crate::faults::{NOTHING, load, scene};

const CLIENTS_MAX: usize = 8;
/// For how long they work to show which calls there are.
const COUNTED: Duration = Duration::from_secs(2);
/// The last call of its kind at which the host is killed.
const AT_MAX: u32 = 40;
/// Of a store that only standing orders write to: one client makes more of them.
const AT_MAX_OF_ORDERS: u32 = 8;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_cut_off_anywhere_lose_and_gain_nothing() {
    let mut random = seeded();
    let mut scene = scene(CLIENTS_MAX).await;
    let kept = scene.keep().await;
    assert!(scene.fail("after-start; count"), "it serves");
    let counted = load(&scene, CLIENTS_MAX, &mut random);
    tokio::time::sleep(COUNTED).await;
    counted.end().await;
    scene.stop().await;
    let calls = calls(&scene.bank.counts(), ORDERS);
    assert!(calls.len() > 10, "{calls:?}");
    for (call, count) in calls {
        let at_max = match call.starts_with("store=transactions") {
            true => AT_MAX_OF_ORDERS,
            false => AT_MAX,
        };
        for _seed in 0..short_or_full(1, 200) {
            // What is rare with all clients at work is too rare with one.
            let at = random.random_range(1..=at_max.min(count));
            let clients = random.random_range(1..=CLIENTS_MAX);
            let plan = format!("after-start; crash {call} at={at}");
            scene.go_back_to(&kept);
            assert!(scene.fail(&plan), "{plan}: it serves");
            let load = load(&scene, clients, &mut random);
            let shifts = load.until_cut_off().await;
            scene.bank.host.wait_for_exit().await;
            assert_eq!(scene.bank.faults_fired().len(), 1, "{plan}");
            scene.recover().await;
            println!("{plan}, {clients} clients");
            assert_eq!(scene.account_for(shifts).await, NOTHING, "{plan}");
        }
    }
}
