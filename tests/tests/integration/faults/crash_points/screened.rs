//! K0 to K2 with a screening between the transaction service and the ledger: the payment is judged
//! again when it is repeated, unless the ledger has it.

use strongroom_tests::Bank;

use super::cut_off_everywhere;
use super::movement::Stage;
use crate::examples::example::screened_by;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_screened_movement_cut_off_at_any_point_is_done_once_and_whole() {
    let stage = Stage::set(Bank::start_with(&screened_by("allow")).await).await;
    let [transfer, _, batch, ..] = stage.movements();
    cut_off_everywhere(stage, [transfer, batch]).await;
}
