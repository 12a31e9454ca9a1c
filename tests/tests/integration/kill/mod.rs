//! SIGKILL in the middle of work, again and again, on the same data.
//!
//! Goal: no acknowledged transaction is lost, none is doubled, none is half done, wherever the process dies, and nothing is done later.
//!
//! Method: 64 clients do everything that a bank does with money, on 100 accounts of which a few are in nearly everything. At a random moment
//! the host is killed, and started again on the same data. Then
//! - every id that a client was answered for has that row in the journal; every other request that was sent has its rows, or none;
//! - in some rounds the bank is left alone for a while: no row comes that no client asks for, but for holds whose time is up;
//! - each client repeats what was not answered, under the same key. It is told that this is a repetition exactly where the journal has it,
//!   and when it asks once more it hears the same, to the byte; so do those who were answered before the kill, or before an earlier one;
//! - every answer ever given is held against the journal, and the journal against a model of the bank ([`strongroom_tests::history`]); so are
//!   the balances that the bank tells. `strongroom verify` must agree.
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
    let rounds = short_or_full(12, 500);
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
