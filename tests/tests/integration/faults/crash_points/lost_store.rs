//! K6: the store of the transaction service is lost, as when a backup is put back without it. It
//! has standing orders, and these are lost. It has nothing of payments and batches: all of them,
//! and the responses to them, are as they were.

use std::fs;

use rand::RngExt;
use strongroom_tests::bank::day;
use strongroom_tests::history::traffic::ORDERS_BEGIN_IN_DAYS;
use strongroom_tests::history::{Line, OwnedAsk, Who, Wish};
use strongroom_tests::scale::{seeded, short_or_full};

use crate::faults::{NOTHING, load, scene};

const CLIENTS: usize = 4;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_that_has_lost_its_store_has_lost_standing_orders_and_nothing_else() {
    let mut random = seeded();
    let mut scene = scene(CLIENTS).await;
    let [from, to, ..]: [_; CLIENTS] = scene.town.accounts();
    for _round in 0..short_or_full(2, 200) {
        let order = Wish::Order(Line::eur(from, to, 1), day(ORDERS_BEGIN_IN_DAYS));
        let order = scene.do_once(Who::Owner(0), order).await.order_path();
        // The clients are cut off in the middle, so that some have no answer to what was done.
        let at = random.random_range(10..40);
        let place = format!("store=accounts call=commit-with when=after at={at}");
        let plan = format!("after-start; crash {place}");
        assert!(scene.fail(&plan), "{plan}: it serves");
        let load = load(&scene, CLIENTS, &mut random);
        let mut shifts = load.until_cut_off().await;
        scene.bank.host.wait_for_exit().await;
        assert_eq!(scene.bank.faults_fired().len(), 1, "{plan}");
        let data = scene.bank.data();
        for ending in ["sqlite", "sqlite-wal", "sqlite-shm"] {
            let file = data.join(format!("stores/transactions.{ending}"));
            fs::remove_file(&file).expect("the store is there");
        }
        // The operator confirms that the service may begin with an empty store.
        let known = data.join("known-stores");
        let names = fs::read_to_string(&known).expect("it is there");
        fs::write(&known, names.replace("transactions\n", "")).expect("it can be written");
        scene.recover().await;
        let owner = scene.town.person(Who::Owner(0));
        owner.get(&order).await.refused(404, "not_found");
        let is_kept = |(_, ask): &OwnedAsk| !matches!(*ask.wish, Wish::Order(..));
        scene.recorded.retain(is_kept);
        for shift in &mut shifts {
            shift.answered.retain(|(request, _)| is_kept(request));
        }
        assert_eq!(scene.account_for(shifts).await, NOTHING);
    }
}
