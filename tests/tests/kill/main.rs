//! SIGKILL in the middle of work, again and again, on the same data.
//!
//! Goal: no acknowledged transaction is lost, none is doubled, none is half done, wherever the process dies.
//!
//! Method: 64 clients do everything that a bank does with money, on 100 accounts of which a few are in nearly everything. At a random moment
//! the host is killed, and started again on the same data. Each client then repeats what was not answered, under the same key, until it is
//! answered for good; in some rounds it waits with that until the bank has finished by itself what the crash had cut off. Then every answer
//! ever given is held against the journal, and the journal against a model of the bank ([`strongroom_tests::history`]); so are the answers
//! that the bank has stored for repetition, and the balances that it tells. `strongroom verify` must agree. A few answers from before the
//! kill are asked for again, and must be the same to the byte.
//!
//! Each bank lives for 25 rounds, as `verify` reads all of its history after each of them. A failure names its seed, which
//! `STRONGROOM_TEST_SEED` repeats (not the scheduler's choices).

mod client;
mod trial;

use strongroom_tests::marks::{seeded, short_or_full};

use trial::{Tally, Trial};

const ROUNDS_OF_ONE_BANK: usize = 25;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_and_nothing_is_doubled() {
    let mut random = seeded();
    let rounds = short_or_full(20, 500);
    let mut tally = Tally::default();
    for first in (0..rounds).step_by(ROUNDS_OF_ONE_BANK) {
        let mut trial = Trial::open(&mut random).await;
        for round in first..rounds.min(first + ROUNDS_OF_ONE_BANK) {
            trial.round(round, &mut random).await;
        }
        tally.add(&trial.end());
    }
    println!("{tally}");
    tally.assert_work_was_done();
}
