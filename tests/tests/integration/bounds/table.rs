//! A table that grows. No guest of Rust can make one grow, so this callee is written by hand.

use super::*;
use crate::bounds::links::caller;

/// It answers `grown` or `refused`; `large` asks for 50,000 elements, and any other word for 100.
const GREEDY_TABLE: &str = include_str!("greedy_table.wat");

#[tokio::test]
async fn a_table_without_end_is_refused_and_the_registry_says_how_large_one_is() {
    let (_folder, callee) = by_hand(GREEDY_TABLE);
    let reused = callee.clone().limit("reuse", 10);
    let neighbours = Neighbours::of([("callee", reused), ("caller", caller())]).await;
    let client = neighbours.client();
    let attack = async || {
        let mut answers = Vec::new();
        for _call in 0..10 {
            answers.push(client.get("/api/caller/large").await.text());
        }
        answers
    };
    for tens in neighbours.stay_well_while(attack).await {
        assert_eq!(tens.first().map(String::as_str), Some("grown"), "{tens:?}");
        assert_eq!(tens.last().map(String::as_str), Some("refused"), "{tens:?}");
    }
    assert_honest(&client, "/api/caller/small", "grown").await;

    let small = callee.limit("table_elements", 1_000);
    neighbours.replace([("callee", small)]).await;
    for (word, answer) in [("small", "grown"), ("large", "refused"), ("small", "grown")] {
        let path = format!("/api/caller/{word}");
        assert_eq!(client.get(&path).await.text(), answer);
    }
}
