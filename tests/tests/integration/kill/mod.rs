//! SIGKILL in the middle of work, again and again, on the same data.
//!
//! Goal: no acknowledged transaction is lost, none is doubled, none is half done, wherever the
//! process dies. The bank does nothing later that no client asks for.
//!
//! Method: 64 clients do everything that a bank does with money, on 100 accounts, a few of which
//! are in nearly every transaction. At a random moment the host is killed, and started again on the
//! same data. Then the test checks:
//! - The journal has the row of every id for which a client has a response. Every other request has
//!   its rows, or none.
//! - In some rounds the test leaves the bank alone for a while. Then the journal grows by expiries
//!   alone.
//! - Each client retries the request that has no response. The response says that it is a
//!   repetition if the journal has it, and only then. The next retry returns the same; so do
//!   retries of earlier requests, also of earlier rounds.
//! - Every response agrees with the journal, and the journal with a model of the bank
//!   ([`strongroom_tests::history`]). So do the balances. `strongroom verify` finds nothing.
//!
//! Each bank lives for 25 rounds, as `verify` reads all of its history after each of them. A
//! failure names its seed, which `STRONGROOM_TEST_SEED` repeats (not the scheduler's choices).

mod trial;

use strongroom_tests::scale::{seeded, short_or_full};

use trial::{Tally, Trial};

const ROUNDS_OF_ONE_BANK: usize = 25;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_and_nothing_is_doubled() {
    let mut random = seeded();
    let rounds = short_or_full(12, 500);
    let mut tally = Tally::default();
    for first in (0..rounds).step_by(ROUNDS_OF_ONE_BANK) {
        let mut trial = Trial::open(&mut random, tally).await;
        for round in first..rounds.min(first + ROUNDS_OF_ONE_BANK) {
            trial.round(round, &mut random).await;
        }
        tally = trial.end();
    }
    println!("{tally:#?}");
    tally.assert_work_was_done();
}
