//! Clients that never rest, and that take only a good answer.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};

use strongroom_tests::{Client, wait_until};
use tokio::task::JoinSet;

/// How many clients hammer a service.
pub const CLIENTS: usize = 6;

/// Clients that call one path again and again until the test ends them.
pub struct Load {
    over: Arc<AtomicBool>,
    answered: Arc<AtomicU64>,
    clients: JoinSet<()>,
}

impl Load {
    /// Begins with so many clients. Every answer must be a 200 that `is_good` takes; a request that
    /// gets none is a failure. Half of the clients keep their connections, and half make one for
    /// each request.
    pub fn begin(
        clients: usize,
        client: impl Fn() -> Client,
        path: &'static str,
        is_good: impl Fn(&str) -> bool + Clone + Send + 'static,
    ) -> Self {
        let mut load = Self {
            over: Arc::default(),
            answered: Arc::default(),
            clients: JoinSet::new(),
        };
        for number in 0..clients {
            let (over, answered) = (Arc::clone(&load.over), Arc::clone(&load.answered));
            let (client, is_good) = (client(), is_good.clone());
            let keeps_alive = number % 2 == 0;
            load.clients.spawn(async move {
                while !over.load(Relaxed) {
                    let call = client.get(path);
                    let call = if keeps_alive {
                        call
                    } else {
                        call.header("connection", "close")
                    };
                    let answer = call.await;
                    let text = answer.text();
                    assert!(
                        answer.status == 200 && is_good(&text),
                        "{}: {text}",
                        answer.status
                    );
                    answered.fetch_add(1, Relaxed);
                }
            });
        }
        load
    }

    /// Waits until some more requests were answered, so that what was done meanwhile happened under
    /// load.
    pub async fn go_on(&self) {
        let before = self.answered.load(Relaxed);
        let more = 2 * self.clients.len() as u64;
        let are_answered = async || self.answered.load(Relaxed) > before + more;
        wait_until("answers under load", 30, are_answered).await;
    }

    /// Ends, and returns how many requests were answered.
    ///
    /// # Panics
    ///
    /// If one of them was not answered well.
    pub async fn end(self) -> u64 {
        self.over.store(true, Relaxed);
        self.clients.join_all().await;
        self.answered.load(Relaxed)
    }
}
