//! The customer at 127.0.0.1, who pays while others attack.

use std::time::{Duration, Instant};

use strongroom_tests::Bank;
use strongroom_tests::bank::Pair;
use tokio::time::timeout;

/// Longer than any payment takes, even beside an attack: it tells service from none.
const PAYMENT_TIME_MAX: Duration = Duration::from_secs(10);

/// A customer with money, and somebody to pay.
pub struct Customer {
    pub pair: Pair,
}

impl Customer {
    pub async fn of(bank: &Bank) -> Self {
        let pair = bank.pair().await;
        pair.admin.deposit(&pair.from, "10000.00", "EUR").await;
        Self { pair }
    }

    /// Pays so many times in turn; returns how long each payment took, the fastest first.
    pub async fn pay(&self, count: usize) -> Vec<Duration> {
        let mut took = Vec::new();
        for _payment in 0..count {
            let began = Instant::now();
            let paid = timeout(PAYMENT_TIME_MAX, self.pair.send("0.01"));
            paid.await.expect("a payment is not held up");
            took.push(began.elapsed());
        }
        took.sort_unstable();
        took
    }

    /// Asserts that a stranger logs in, and a customer is served, without a long wait.
    pub async fn is_served(&self, bank: &Bank) {
        let alice = &self.pair.alice;
        let login = timeout(PAYMENT_TIME_MAX, bank.login(&alice.email, &alice.password));
        login.await.expect("a login is not held up").expect(200);
        self.pay(3).await;
    }
}

/// Asserts that the memory of the host, in MiB, has grown by no more than it may under an attack.
#[track_caller]
pub fn assert_little_growth(before: u64, most: u64) {
    let growth = most.saturating_sub(before);
    assert!(growth <= 300, "{before} MiB before, {most} MiB at most");
}

pub fn p99(sorted: &[Duration]) -> Duration {
    sorted[(sorted.len() * 99).div_ceil(100) - 1]
}
