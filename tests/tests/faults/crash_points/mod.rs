//! Goal: wherever a movement of money is cut off, it has happened once or not at all, its client's repetition says which, and nothing stays open.
//!
//! Method: a movement passes a row of calls into the stores of `transactions` and `accounts`. The host is killed before and after each of them, by
//! turns; then it is started again, and the client repeats its request under the same key. The points and their names:
//!
//! | point | the host is gone |
//! |---|---|
//! | K0 | before the intent is on disk |
//! | K1 | after it, and before the ledger has begun |
//! | K2 | while the ledger decides, and before its commit is on disk |
//! | K3 | after the ledger's commit, and before its outcome is noted |
//! | K4 | when the outcome is noted, and the note is not on disk |
//! | K5 | when all is on disk, and the client has had no answer |
//! | K6 | not: the service's call traps instead ([`trapped`]) |
//! | K7 | not: a commit of several requests finds no room, or the disk errs ([`group_commit`]) |
//! | K8 | and the file of the intents is lost with it ([`lost_store`]) |
//! | K9 | while holds are ended whose time is up ([`expiry`]) |
//!
//! The calls are those that are counted when nothing cuts a movement off, so that none is left out. A point that is not passed the next time
//! kills nothing, and then the test fails.

mod expiry;
mod group_commit;
mod lost_store;
mod movement;
mod trapped;
mod under_load;

use std::collections::BTreeSet;

use crate::request::Reply;
use movement::{Movement, Stage, row};

/// Kills the host at every point of a movement.
async fn cut_off_everywhere(movement: Movement) {
    let mut stage = Stage::set().await;
    let places = stage.places(movement).await;
    let rows: BTreeSet<&str> = places.iter().map(|place| row(place)).collect();
    assert_eq!(Vec::from_iter(rows), ["K0", "K1", "K2", "K3", "K4"]);
    for place in places {
        let plan = format!("after-start; crash {place}");
        let (request, reply) = stage.cut_off(movement, &plan).await;
        stage.scene.recover().await;
        stage.assert_done_once(request, reply).await;
        println!("{}: {movement:?}, {place}", row(&place));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_transfer_cut_off_at_any_point_is_posted_once() {
    cut_off_everywhere(Movement::Transfer).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hold_cut_off_at_any_point_is_placed_once() {
    cut_off_everywhere(Movement::Hold).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_capture_cut_off_at_any_point_is_posted_once() {
    cut_off_everywhere(Movement::Capture).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_void_cut_off_at_any_point_releases_once() {
    cut_off_everywhere(Movement::Void).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reversal_cut_off_at_any_point_is_posted_once() {
    cut_off_everywhere(Movement::Reversal).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_cut_off_at_any_point_is_posted_once_and_whole() {
    cut_off_everywhere(Movement::Batch).await;
}

/// K4: the client has its answer, and the power goes when the note of it is to be kept.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_whose_note_is_lost_is_given_again() {
    let mut stage = Stage::set().await;
    let mut answered = 0;
    // The first commit after a start may sync twice: once for the head of a new log.
    for at in [2, 3] {
        for model in ["drop", "reorder", "torn"] {
            let plan = format!("after-start; power-loss store=transactions at={at} model={model}");
            let (request, reply) = stage.cut_off(Movement::Transfer, &plan).await;
            answered += usize::from(matches!(reply, Reply::Final(_)));
            stage.scene.recover().await;
            stage.assert_done_once(request, reply).await;
            println!("K4: {plan}");
        }
    }
    assert!(answered > 0, "the note comes after the answer");
}

/// K5: the answer was made, and did not arrive.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_did_not_arrive_is_given_again() {
    let mut stage = Stage::set().await;
    for movement in Movement::ALL {
        stage.put_back();
        stage.scene.recover().await;
        let request = stage.request(movement);
        let lost = request.ask(&stage.scene.person(request.asker)).await;
        stage.scene.wait_until_settled().await;
        stage.scene.recover().await;
        // Whoever has not got it asks as for the first time, and is told that it is not.
        stage.assert_done_once(request.clone(), Reply::CutOff).await;
        // Whoever has got it has got the same.
        stage.assert_done_once(request, lost).await;
    }
}

/// K1, K2, and K3, and nobody comes back to ask.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_cut_off_comes_to_its_outcome_without_its_client() {
    let mut stage = Stage::set().await;
    for place in [
        "store=transactions call=commit when=after at=1",
        "store=accounts call=commit when=before at=1",
        "store=accounts call=commit when=after at=1",
    ] {
        for movement in [Movement::Transfer, Movement::Batch] {
            let plan = format!("after-start; crash {place}");
            let (request, _) = stage.cut_off(movement, &plan).await;
            stage.scene.recover().await;
            stage.scene.wait_until_settled().await;
            let reply = request.ask(&stage.scene.person(request.asker)).await;
            assert!(
                matches!(&reply, Reply::Final(outcome) if outcome.replayed),
                "{plan}: it was done meanwhile: {reply:?}"
            );
            stage.assert_done_once(request, reply).await;
        }
    }
}
