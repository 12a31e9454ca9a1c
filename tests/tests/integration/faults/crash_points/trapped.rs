//! K4: a call of the ledger's instance traps. Its instance is gone, and what it had begun with it;
//! no other request notices.

use strongroom_tests::Bank;
use strongroom_tests::history::Heard;
use strongroom_tests::scale::short_or_full;

use super::movement::{Stage, request, row};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_movement_whose_ledger_traps_at_any_call_is_done_once_when_it_is_repeated() {
    let mut stage = Stage::set(Bank::start().await).await;
    // The movements differ in what they ask the ledger's store, and a trap looks at none of it.
    for movement in &stage.movements()[..short_or_full(2, 7)] {
        for place in stage.places(movement).await {
            let plan = format!("after-start; trap {place}");
            stage.begin(&plan).await;
            let request = request(movement);
            let heard = stage.scene.ask(&request).await;
            let is_told =
                matches!(&heard, Heard::NotYet(503, code) if code == "service_unavailable");
            assert!(is_told, "{plan}: {heard:?}");
            stage.scene.bank.wait_until_fired().await;
            let is_recorded = row(&place) == "K2";
            stage.assert_done_once(request, is_recorded).await;
        }
    }
}
