//! Goal: a hold ends once, whatever comes at the same time.
//!
//! Method: holds are placed in waves. Half of them expire after a second. Shortly before that, ten
//! calls for each hold arrive at once: captures of all and of a part, and voids; so the time of
//! many is up between two of their calls. One call at most is told that it ended the hold; where
//! none is, the time has. Then the books are checked, and when all time is up, nothing is held any
//! more.

use std::time::{Duration, Instant};

use rand::RngExt;
use rand::seq::SliceRandom;
use strongroom_tests::history::traffic::OPENING;
use strongroom_tests::history::words::minor;
use strongroom_tests::history::{Ask, EUR, Heard, Line, Outcome, OwnedAsk, Wish};
use strongroom_tests::scale::short_or_full;
use strongroom_tests::wait_until;
use uuid::Uuid;

use crate::storms::payer::{PAYER, Payer};

/// How many holds there are at a time; all of one payer.
const HOLDS: usize = 50;
const CALLS_FOR_EACH: usize = 10;
/// Less than the payer has, were all of a wave captured.
const AMOUNT: i64 = 10;
/// When the calls of a wave begin at the latest: the time of its first holds is just up.
const BEGIN_MS_MAX: u64 = 1_050;
/// How much earlier they begin, by turns.
const HEAD_STARTS_MS: [u64; 5] = [0, 50, 100, 150, 200];
/// And how much earlier than that at most, by chance.
const HEAD_START_MS_MORE: std::ops::Range<u64> = 0..50;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hold_ends_once_whatever_races() {
    let calls = short_or_full(1_000, 100_000);
    let waves = calls / (HOLDS * CALLS_FOR_EACH);
    let mut payer = Payer::open().await;
    let (mut ended, mut expired) = (0, 0);
    for wave in 0..waves {
        payer.scene.renew_logins().await;
        let (some_ended, some_expired) = payer.race(wave).await;
        ended += some_ended;
        expired += some_expired;
        payer.fill_up().await;
        payer.scene.check().await;
    }
    println!("{calls} calls; {ended} holds were ended by one, and {expired} by their time");
    assert!(ended > 0 && expired > 0, "both happened");
    payer.assert_nothing_is_held().await;
    payer.scene.verify();
}

impl Payer {
    /// Returns how many holds were ended by a call, and how many were not.
    async fn race(&mut self, wave: usize) -> (usize, usize) {
        let placed = Instant::now();
        let holds = self.place(wave).await;
        let mut asks = Vec::new();
        for hold in &holds {
            for call in 0..CALLS_FOR_EACH {
                let ask = Ask::new(&format!("{hold}-{call}"), self.end_of(*hold));
                asks.push((*hold, (PAYER, ask)));
            }
        }
        asks.shuffle(&mut self.random);
        let head_start_ms = HEAD_STARTS_MS[wave % HEAD_STARTS_MS.len()]
            + self.random.random_range(HEAD_START_MS_MORE);
        let begin = Duration::from_millis(BEGIN_MS_MAX - head_start_ms);
        tokio::time::sleep(begin.saturating_sub(placed.elapsed())).await;
        let (of, asks): (Vec<Uuid>, Vec<OwnedAsk>) = asks.into_iter().unzip();
        let heard = self.scene.ask_at_once(asks).await;

        let mut ended = 0;
        for (number, hold) in holds.iter().enumerate() {
            let told = of.iter().zip(&heard).filter(|(of, _)| *of == hold);
            let winners = told.filter(|(_, heard)| is_accepted(heard)).count();
            assert!(winners <= 1, "{hold} was ended {winners} times");
            assert!(winners == 1 || number % 2 == 0, "nothing has ended {hold}");
            ended += winners;
        }
        (ended, HOLDS - ended)
    }

    /// Places the holds of a wave, the first and every other one for a second; returns their ids.
    async fn place(&self, wave: usize) -> Vec<Uuid> {
        let line = Line::eur(self.from, self.to, AMOUNT);
        let asks = (0..HOLDS).map(|hold| {
            let wish = Wish::Hold(line, if hold % 2 == 0 { 1 } else { 600 });
            (PAYER, Ask::new(&format!("hold-{wave}-{hold}"), wish))
        });
        let heard = self.scene.ask_at_once(asks).await;
        let ids = heard.iter().map(|heard| {
            assert!(is_accepted(heard), "{heard:?}");
            heard.reply().told.decided()[0].id
        });
        ids.collect()
    }

    fn end_of(&mut self, hold: Uuid) -> Wish {
        match self.random.random_range(0..4_u32) {
            0 => Wish::Capture(hold, None),
            1 => Wish::Capture(hold, Some((AMOUNT - 1, EUR))),
            _ => Wish::Void(hold),
        }
    }

    /// Sends back what was captured, so that there is always enough to hold.
    async fn fill_up(&mut self) {
        let total = self.person().balance(&self.to.to_string()).await;
        let amount = minor(&total) - OPENING;
        if amount > 0 {
            let back = Line::eur(self.to, self.from, amount);
            self.scene.do_once(PAYER, Wish::Transfer(back)).await;
        }
    }

    /// The sweep comes every second.
    async fn assert_nothing_is_held(&self) {
        let path = format!("/api/accounts/{}/balance", self.from);
        wait_until("the last holds to expire", 10, async || {
            self.person().read(&path).await["pending_debits"] == "0.00"
        })
        .await;
        for account in [self.from, self.to] {
            let balance = self.person().balance(&account.to_string()).await;
            assert_eq!(balance, EUR.decimal(OPENING));
        }
    }
}

fn is_accepted(heard: &Heard) -> bool {
    let accepted = [Outcome::Posted, Outcome::Voided, Outcome::Pending];
    accepted.contains(&heard.outcome())
}
