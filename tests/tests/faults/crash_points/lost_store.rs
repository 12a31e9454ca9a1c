//! K8: the transactions service has lost its file, as when a backup is put back without it. The ledger has not, and a transfer's id follows from its
//! key alone: what was done is not done again.

use std::fs;

use rand::RngExt;
use strongroom_tests::marks::{seeded, short_or_full};

use crate::load::{Load, account_for};
use crate::scene::Scene;

const CLIENTS: usize = 4;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_that_has_lost_its_intents_pays_nothing_twice() {
    let mut random = seeded();
    let (mut scene, mut books) = Scene::open(CLIENTS).await;
    for _round in 0..short_or_full(2, 200) {
        // The clients are cut off in the middle, so that some have had no answer to what the ledger has done.
        let plan = format!(
            "after-start; crash store=accounts call=commit when=after at={}",
            random.random_range(10..40)
        );
        assert!(scene.fail(&plan).await, "{plan}: it serves");
        let shifts = Load::begin(&scene, CLIENTS, random.random())
            .until_cut_off()
            .await;
        scene.bank.host.wait_for_exit().await;
        assert_eq!(scene.bank.faults_fired().len(), 1, "{plan} has happened");
        for ending in ["sqlite", "sqlite-wal", "sqlite-shm"] {
            let file = scene
                .bank
                .data()
                .join(format!("stores/transactions.{ending}"));
            fs::remove_file(&file).expect("the store is there");
        }
        scene.recover().await;
        let violations = account_for(&scene, &mut books, shifts).await;
        assert_eq!(violations, Vec::<String>::new());
    }
}
