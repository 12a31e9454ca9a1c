//! The same places, with one to eight clients at work: what is cut off is whatever is under way then.

use rand::RngExt;
use rand::seq::IndexedRandom;
use strongroom_tests::marks::{seeded, short_or_full};

use super::movement::CALLS;
use crate::load::{Load, account_for};
use crate::scene::Scene;

const CLIENTS_MAX: usize = 8;
/// The last call of its kind at which the host is killed.
const AT_MAX: u32 = 40;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_cut_off_anywhere_lose_and_gain_nothing() {
    let mut random = seeded();
    let (mut scene, opening) = Scene::open(CLIENTS_MAX).await;
    let kept = scene.keep().await;
    for (store, call) in CALLS {
        let sides = short_or_full(1, 2 * 200);
        for side in 0..sides {
            let when = match sides {
                1 => *["before", "after"]
                    .choose(&mut random)
                    .expect("there are two"),
                _ => ["before", "after"][side % 2],
            };
            let at = random.random_range(1..=AT_MAX);
            let clients = random.random_range(1..=CLIENTS_MAX);
            let plan = format!("after-start; crash store={store} call={call} when={when} at={at}");
            scene.go_back_to(&kept);
            assert!(scene.fail(&plan).await, "{plan}: it serves");
            let shifts = Load::begin(&scene, clients, random.random())
                .until_cut_off()
                .await;
            scene.bank.host.wait_for_exit().await;
            assert_eq!(scene.bank.faults_fired().len(), 1, "{plan} has happened");
            scene.recover().await;
            println!(
                "{plan}, {clients} clients: {} answered before, {} after",
                shifts.outcomes.len(),
                shifts.unanswered.len()
            );
            let violations = account_for(&scene, &mut opening.clone(), shifts).await;
            assert_eq!(violations, Vec::<String>::new(), "{plan}");
        }
    }
}
