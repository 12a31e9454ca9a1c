//! K0 to K2 with a screening between the transaction service and the ledger: the payment is judged
//! again when it is repeated, unless the ledger has it.

use strongroom_tests::Bank;

use super::cut_off_everywhere_on;
use super::movement::{Movement, Stage};
use crate::examples::example::screened_by;

async fn cut_off_everywhere_behind_a_screening(movement: Movement) {
    let bank = Bank::start_with(&screened_by("allow")).await;
    cut_off_everywhere_on(Stage::set_in(bank).await, movement).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_screened_transfer_cut_off_at_any_point_is_posted_once() {
    cut_off_everywhere_behind_a_screening(Movement::Transfer).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_screened_batch_cut_off_at_any_point_is_posted_once() {
    cut_off_everywhere_behind_a_screening(Movement::Batch).await;
}
