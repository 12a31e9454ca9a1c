//! K5: a commit of several requests fails. All of them are refused, none is done in part, and each
//! is done when it is repeated.

use rand::RngExt;
use strongroom_tests::scale::{seeded, short_or_full};

use crate::faults::{NOTHING, load, refusals, scene};

/// So many that commits are shared even on a quick disk.
const CLIENTS: usize = 24;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_group_whose_commit_fails_is_refused_whole_and_done_when_it_is_repeated() {
    let mut random = seeded();
    let mut scene = scene(CLIENTS).await;
    let kept = scene.keep().await;
    let mut refused_at_once = 0;
    // All that a store writes between two checkpoints is the log of its commits. Of the
    // transactions', these are of the clients' first standing orders, which all come at once.
    for (store, writes) in [("accounts", 20..400), ("transactions", 3..30)] {
        for code in ["ENOSPC", "EIO"] {
            for _seed in 0..short_or_full(2, 200) {
                let at = random.random_range(writes.clone());
                let error = format!("error store={store} op=write at={at} code={code}");
                let plan = format!("after-start; {error} for=once");
                scene.go_back_to(&kept);
                assert!(scene.fail(&plan), "{plan}: it serves");
                scene.renew_logins().await;
                let load = load(&scene, CLIENTS, &mut random);
                scene.bank.wait_until_fired().await;
                let shifts = load.end().await;
                let refused = refusals(&shifts);
                println!("K5: {plan}: {refused:?}");
                refused_at_once = refused_at_once.max(refused.into_values().sum());
                // The host that has had the fault goes on.
                assert_eq!(scene.account_for(shifts).await, NOTHING, "{plan}");
            }
        }
    }
    assert!(refused_at_once > 1, "no commit of several has failed");
}
