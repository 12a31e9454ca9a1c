//! Many requests at the same time.

use std::future::IntoFuture;

use tokio::task::JoinSet;

use crate::Answer;
use crate::client::Call;

/// Sends all requests at once, each on a connection of its own, and answers all answers, in no order.
pub async fn at_once(calls: impl IntoIterator<Item = Call>) -> Vec<Answer> {
    let mut tasks = JoinSet::new();
    for call in calls {
        tasks.spawn(call.into_future());
    }
    tasks.join_all().await
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
