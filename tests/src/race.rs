//! Many requests at the same time.

use std::future::IntoFuture;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};

use tokio::task::JoinSet;

use crate::client::Call;
use crate::{Answer, wait_until};

/// Sends all requests at once, each on a connection of its own; returns the answers, in no order.
pub async fn at_once(calls: impl IntoIterator<Item = Call>) -> Vec<Answer> {
    let mut tasks = JoinSet::new();
    for call in calls {
        tasks.spawn(call.into_future());
    }
    tasks.join_all().await
}

/// How many answers have this status.
pub fn count(answers: &[Answer], status: u16) -> usize {
    let has_status = |answer: &&Answer| answer.status == status;
    answers.iter().filter(has_status).count()
}

/// How many answers are problem documents with this code.
pub fn count_code(answers: &[Answer], code: &str) -> usize {
    let has_code = |answer: &&Answer| {
        serde_json::from_slice::<serde_json::Value>(&answer.body)
            .is_ok_and(|body| body["code"] == code)
    };
    answers.iter().filter(has_code).count()
}

/// Clients that repeat their requests until the test ends them.
#[derive(Debug, Default)]
pub struct Flood {
    is_over: Arc<AtomicBool>,
    counted: Arc<AtomicU64>,
    clients: JoinSet<()>,
}

impl Flood {
    /// Each client makes one request after the other. `is_counted` judges each outcome.
    pub fn begin<C: Fn() -> Call + Send + 'static>(
        clients: impl IntoIterator<Item = C>,
        is_counted: impl Fn(Result<Answer, reqwest::Error>) -> bool + Clone + Send + 'static,
    ) -> Self {
        let mut flood = Self::default();
        for next in clients {
            let (is_over, counted) = (Arc::clone(&flood.is_over), Arc::clone(&flood.counted));
            let is_counted = is_counted.clone();
            flood.clients.spawn(async move {
                while !is_over.load(SeqCst) {
                    let call = next();
                    let outcome = call.try_send().await;
                    counted.fetch_add(u64::from(is_counted(outcome)), SeqCst);
                }
            });
        }
        flood
    }

    /// How many requests were counted so far.
    pub fn count(&self) -> u64 {
        self.counted.load(SeqCst)
    }

    /// Waits until some more requests were counted: then what was done was done under load.
    pub async fn go_on(&self) {
        let enough = self.count() + 2 * self.clients.len() as u64;
        wait_until("answers under load", 60, async || self.count() > enough).await;
    }

    /// Ends, and returns how many requests were counted.
    pub async fn end(self) -> u64 {
        self.is_over.store(true, SeqCst);
        self.clients.join_all().await;
        self.counted.load(SeqCst)
    }
}
