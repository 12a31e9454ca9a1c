//! Goal: the bank decides once under one idempotency key, whatever number of clients send it, with
//! whatever body, and across a crash.
//!
//! Method: a hundred clients send the same key at the same moment, half of them with another
//! amount. It is a transfer, a hold, a batch, or a transfer that is declined. One of the two bodies
//! is decided. At most one response to it is the first; all others, also those to requests that
//! came while the first was in flight, are repetitions with the same bytes. The other body is
//! refused, as the key is used. In some storms the host is killed, and the clients without a
//! response retry. In the end the bank starts again, and the clients repeat all requests.

use std::time::Duration;

use rand::RngExt;
use rustix::process::Signal;
use strongroom_tests::history::traffic::OPENING;
use strongroom_tests::history::{Ask, Decline, Heard, Line, Outcome, Reply, Wish};
use strongroom_tests::scale::short_or_full;

use crate::storms::payer::{PAYER, Payer};

const CLIENTS: usize = 100;
/// What the two halves of the clients ask for.
const AMOUNTS: [i64; 2] = [1, 2];
/// In one of so many storms, the host is killed.
const KILLED_IN: usize = 10;
const KILL_AFTER_MS: std::ops::Range<u64> = 1..40;

type Wanted = (fn(Line) -> Wish, Outcome);

/// What is asked for under a key, and what comes of it.
const WANTED: [Wanted; 4] = [
    (Wish::Transfer, Outcome::Posted),
    (|line| Wish::Hold(line, 3_600), Outcome::Pending),
    (batch, Outcome::Posted),
    (too_much, Outcome::Declined(Decline::InsufficientFunds)),
];

fn batch(line: Line) -> Wish {
    Wish::atomic_batch(vec![line, Line { amount: 1, ..line }])
}

fn too_much(line: Line) -> Wish {
    let amount = line.amount * 2 * OPENING;
    Wish::Transfer(Line { amount, ..line })
}

/// What was asked for under a key in two wordings, and which of the two was decided.
struct Winner {
    asks: [Ask; 2],
    winning: usize,
    reply: Reply,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_is_decided_once_across_crashes_and_for_ever() {
    let keys = short_or_full(40, 1_000);
    let mut payer = Payer::open().await;
    let mut winners = Vec::new();
    for number in 0..keys {
        payer.scene.renew_logins().await;
        let (wish, outcome) = WANTED[number % WANTED.len()];
        let (from, to) = (payer.from, payer.to);
        let key = format!("key-{number}");
        let asks = AMOUNTS.map(|amount| Ask::new(&key, wish(Line::eur(from, to, amount))));
        let kill = number % KILLED_IN == KILLED_IN / 2;
        winners.push(payer.storm(asks, outcome, kill).await);
        payer.scene.check().await;
    }
    let told = winners.iter().map(|winner| &winner.reply.told);
    let rows = 2 + told.flat_map(|told| told.decided()).count();
    assert_eq!(payer.scene.checker.books.rows_seen(), rows as u64);

    payer.scene.restart().await;
    payer.scene.log_in_again().await;
    for (number, winner) in winners.iter().enumerate() {
        payer.assert_kept(winner, number % 2 == 0).await;
    }
    assert_eq!(payer.scene.new_rows().await, [], "nothing is decided again");
    payer.scene.check().await;
    payer.scene.verify();
    println!("{keys} keys, each sent {CLIENTS} times at once, and again after a restart");
}

impl Payer {
    /// All clients at once, by turns in the two wordings.
    async fn ask_all(&self, asks: &[Ask; 2]) -> Vec<Heard> {
        let asks = (0..CLIENTS).map(|client| (PAYER, asks[client % 2].clone()));
        self.scene.ask_at_once(asks).await
    }

    /// All clients send one key; after a kill, they repeat what was not answered.
    async fn storm(&mut self, asks: [Ask; 2], outcome: Outcome, kill: bool) -> Winner {
        let after = Duration::from_millis(self.random.random_range(KILL_AFTER_MS));
        let sending = self.ask_all(&asks);
        let heard = if kill {
            let killing = async {
                tokio::time::sleep(after).await;
                self.scene.bank.signal(Signal::KILL);
            };
            let (heard, ()) = tokio::join!(sending, killing);
            self.scene.restart().await;
            heard
        } else {
            sending.await
        };
        let mut replies = Vec::new();
        let history = &self.scene.history;
        for (client, heard) in heard.into_iter().enumerate() {
            let ask = &asks[client % 2];
            replies.push(match heard {
                Heard::Final(reply) => reply,
                _ if kill => history.ask_until_answered(self.person(), ask).await,
                other => panic!("{ask:?}: {other:?}"),
            });
        }
        let winning = replies.iter().position(Reply::is_recorded);
        let winning = winning.unwrap_or_else(|| panic!("not decided: {asks:?}: {replies:?}"));
        let winner = Winner {
            asks,
            winning: winning % 2,
            reply: replies[winning].clone(),
        };
        let outcomes = winner.reply.told.decided();
        assert!(outcomes.iter().all(|one| one.outcome == outcome));
        let firsts = winner.assert_replies(&replies);
        // With a kill, the first may have had no answer.
        let is_right = firsts == 1 || kill && firsts == 0;
        assert!(is_right, "{firsts} firsts in {replies:?}");
        winner
    }

    /// All clients at once; or one after the other, and first one with the other words.
    async fn assert_kept(&self, winner: &Winner, at_once: bool) {
        let heard = if at_once {
            self.ask_all(&winner.asks).await
        } else {
            let mut heard = Vec::new();
            for which in [1 - winner.winning, winner.winning] {
                let ask = &winner.asks[which];
                heard.push(self.scene.history.ask(self.person(), ask).await);
            }
            // As in a storm, where the wordings come by turns.
            heard.rotate_left(usize::from(winner.winning == 0));
            heard
        };
        let replies = heard.iter().map(|heard| heard.reply().clone());
        let replies = Vec::from_iter(replies);
        assert_eq!(winner.assert_replies(&replies), 0, "{:?}", winner.asks);
    }
}

impl Winner {
    /// Checks the replies, by turns to the two wordings. Returns how many are no repetition.
    fn assert_replies(&self, replies: &[Reply]) -> usize {
        let mut firsts = 0;
        for (client, reply) in replies.iter().enumerate() {
            if client % 2 == self.winning {
                assert!(reply.is_same(&self.reply), "{:?}: {reply:?}", self.asks);
                firsts += usize::from(!reply.replayed);
            } else {
                assert!(reply.is_key_reused(), "{:?}: {reply:?}", self.asks);
            }
        }
        firsts
    }
}
