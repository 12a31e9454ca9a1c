//! Many requests at the same time.

use std::future::IntoFuture;

use tokio::task::JoinSet;

use crate::client::Call;
use crate::history::{Ask, Heard, History};
use crate::{Answer, Person};

/// Sends all requests at once, each on a connection of its own; returns the answers, in no order.
pub async fn at_once(calls: impl IntoIterator<Item = Call>) -> Vec<Answer> {
    let mut tasks = JoinSet::new();
    for call in calls {
        tasks.spawn(call.into_future());
    }
    tasks.join_all().await
}

/// The same with requests that a history records; returns what each heard, in their order.
pub async fn ask_at_once(
    history: &History,
    asks: impl IntoIterator<Item = (Person, Ask)>,
) -> Vec<Heard> {
    let mut tasks = JoinSet::new();
    for (place, (person, ask)) in asks.into_iter().enumerate() {
        let history = history.clone();
        tasks.spawn(async move { (place, history.ask(&person, &ask).await) });
    }
    let mut heard = tasks.join_all().await;
    heard.sort_unstable_by_key(|(place, _)| *place);
    heard.into_iter().map(|(_, heard)| heard).collect()
}

/// How many answers have this status.
pub fn count(answers: &[Answer], status: u16) -> usize {
    answers
        .iter()
        .filter(|answer| answer.status == status)
        .count()
}

/// How many answers are problem documents with this code.
pub fn count_code(answers: &[Answer], code: &str) -> usize {
    let has_code = |answer: &&Answer| {
        serde_json::from_slice::<serde_json::Value>(&answer.body)
            .is_ok_and(|body| body["code"] == code)
    };
    answers.iter().filter(has_code).count()
}
