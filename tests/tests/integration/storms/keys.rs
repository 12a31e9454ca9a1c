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
use rustix::process::{Signal, kill_process};
use strongroom_tests::Person;
use strongroom_tests::history::traffic::OPENING;
use strongroom_tests::history::{Ask, Decline, Heard, Line, Outcome, Reply, Wish};
use strongroom_tests::race::ask_at_once;
use strongroom_tests::scale::short_or_full;

use crate::storms::payer::{PAYER, Payer};

const CLIENTS: usize = 100;
/// What the two halves of the clients ask for.
const AMOUNTS: [i64; 2] = [1, 2];
/// In one of so many storms, the host is killed.
const KILLED_IN: usize = 10;
const KILL_AFTER_MS: std::ops::Range<u64> = 1..40;

/// What is asked for under a key.
#[derive(Debug, Clone, Copy)]
enum Wanted {
    Transfer,
    Hold,
    Batch,
    TooMuch,
}

impl Wanted {
    const ALL: [Self; 4] = [Self::Transfer, Self::Hold, Self::Batch, Self::TooMuch];

    const fn outcome(self) -> Outcome {
        match self {
            Self::Transfer | Self::Batch => Outcome::Posted,
            Self::Hold => Outcome::Pending,
            Self::TooMuch => Outcome::Declined(Decline::InsufficientFunds),
        }
    }
}

/// The wording of a key that was decided.
struct Winner {
    key: String,
    wanted: Wanted,
    amount: i64,
    reply: Reply,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_is_decided_once_across_crashes_and_for_ever() {
    let keys = short_or_full(40, 1_000);
    let mut scene = Payer::open().await;
    let mut winners = Vec::new();
    for number in 0..keys {
        scene.renew_logins().await;
        let wanted = Wanted::ALL[number % Wanted::ALL.len()];
        let kill = number % KILLED_IN == KILLED_IN / 2;
        winners.push(scene.storm(&format!("key-{number}"), wanted, kill).await);
        scene.check().await;
    }
    let rows = winners
        .iter()
        .map(|winner| winner.reply.told.decided().len());
    let rows = 2 + rows.sum::<usize>();
    assert_eq!(scene.checker.books().rows_seen(), rows as u64);

    scene.restart().await;
    scene.log_in_again().await;
    for (number, winner) in winners.iter().enumerate() {
        scene.assert_kept(winner, number % 2 == 0).await;
    }
    assert_eq!(scene.new_rows().await, [], "nothing is decided again");
    scene.check().await;
    scene.verify();
    println!("{keys} keys, each sent {CLIENTS} times at once, and again after a restart");
}

impl Payer {
    fn request(&self, key: &str, wanted: Wanted, amount: i64) -> (Person, Ask) {
        let line = |amount| Line::eur(self.from, self.to, amount);
        let wish = match wanted {
            Wanted::Transfer => Wish::Transfer(line(amount)),
            Wanted::Hold => Wish::Hold {
                line: line(amount),
                expires_in: 3_600,
            },
            Wanted::Batch => Wish::Batch {
                lines: vec![line(amount), line(1)],
                atomic: true,
            },
            Wanted::TooMuch => Wish::Transfer(line(amount * 2 * OPENING)),
        };
        (self.person().clone(), Ask::new(key, wish))
    }

    fn asks_of_all(&self, key: &str, wanted: Wanted) -> Vec<(Person, Ask)> {
        (0..CLIENTS)
            .map(|client| self.request(key, wanted, AMOUNTS[client % 2]))
            .collect()
    }

    /// All clients send one key; if the host is killed, they repeat what was not answered at the
    /// next one.
    async fn storm(&mut self, key: &str, wanted: Wanted, kill: bool) -> Winner {
        let asks = self.asks_of_all(key, wanted);
        let after = Duration::from_millis(self.random.random_range(KILL_AFTER_MS));
        let pid = self.bank.pid();
        let sending = ask_at_once(&self.history, asks.clone());
        let heard = if kill {
            let killing = async {
                tokio::time::sleep(after).await;
                kill_process(pid, Signal::KILL).expect("the host can be killed");
            };
            let (heard, ()) = tokio::join!(sending, killing);
            self.restart().await;
            heard
        } else {
            sending.await
        };
        let mut replies = Vec::new();
        for ((_, ask), heard) in asks.iter().zip(heard) {
            replies.push(match heard {
                Heard::Final(reply) => reply,
                _ if kill => self.ask_until_answered(&(PAYER, ask.clone())).await,
                other => panic!("{key}: {other:?}"),
            });
        }
        let winning = replies.iter().position(Reply::is_recorded);
        let winning = winning.unwrap_or_else(|| panic!("{key} is not decided: {replies:?}"));
        let winner = Winner {
            key: key.to_owned(),
            wanted,
            amount: AMOUNTS[winning % 2],
            reply: replies[winning].clone(),
        };
        let outcomes = winner.reply.told.decided();
        assert!(outcomes.iter().all(|one| one.outcome == wanted.outcome()));
        let firsts = winner.assert_replies(&replies);
        // With a kill, the first may have had no answer.
        assert!(firsts == 1 || kill && firsts == 0, "{key}: {firsts} firsts");
        winner
    }

    /// All clients at once; or one after the other, and first one with the other words.
    async fn assert_kept(&self, winner: &Winner, at_once: bool) {
        let heard = if at_once {
            let asks = self.asks_of_all(&winner.key, winner.wanted);
            ask_at_once(&self.history, asks).await
        } else {
            let other = AMOUNTS.iter().find(|amount| **amount != winner.amount);
            let mut heard = Vec::new();
            for amount in other.into_iter().chain([&winner.amount]) {
                let (person, ask) = self.request(&winner.key, winner.wanted, *amount);
                heard.push(self.history.ask(&person, &ask).await);
            }
            // As in a storm, where the places of the amounts alternate.
            heard.rotate_left(usize::from(winner.amount == AMOUNTS[0]));
            heard
        };
        let replies: Vec<Reply> = heard
            .into_iter()
            .map(|heard| match heard {
                Heard::Final(reply) => reply,
                other => panic!("{}: {other:?}", winner.key),
            })
            .collect();
        assert_eq!(winner.assert_replies(&replies), 0, "{}", winner.key);
    }
}

impl Winner {
    /// Checks the replies, by turns to the first and to the second amount. Returns how many are the
    /// first, and no repetition.
    fn assert_replies(&self, replies: &[Reply]) -> usize {
        let mut firsts = 0;
        for (client, reply) in replies.iter().enumerate() {
            if AMOUNTS[client % 2] == self.amount {
                assert!(reply.is_same(&self.reply), "{}: {reply:?}", self.key);
                firsts += usize::from(!reply.replayed);
            } else {
                assert!(reply.is_key_reused(), "{}: {reply:?}", self.key);
            }
        }
        firsts
    }
}
