//! A table that grows. No guest of Rust can make one grow, so this callee is written by hand.

use super::*;
use crate::bounds::links::caller;
use tempfile::TempDir;

/// It answers `grown` or `refused`; `large` asks for 50,000 elements, and any other word for 100.
const GREEDY_TABLE: &str = include_str!("greedy_table.wat");

/// The folder is that of the component's file.
async fn beside(limit: &str, value: i64) -> (TempDir, Neighbours) {
    let (folder, callee) = by_hand(GREEDY_TABLE);
    let services = [("callee", callee.limit(limit, value)), ("caller", caller())];
    (folder, Neighbours::of(services).await)
}

#[tokio::test]
async fn a_table_without_end_is_refused() {
    let (_folder, neighbours) = beside("reuse", 10).await;
    let client = neighbours.client();
    let answers = neighbours
        .stay_well_while(async || {
            let mut answers = Vec::new();
            for _call in 0..10 {
                answers.push(client.get("/api/caller/large").await.text());
            }
            answers
        })
        .await;
    for tens in answers {
        assert_eq!(tens.first().map(String::as_str), Some("grown"), "{tens:?}");
        assert_eq!(tens.last().map(String::as_str), Some("refused"), "{tens:?}");
    }
    assert_honest(&client, "/api/caller/small", "grown").await;
}

#[tokio::test]
async fn the_registry_says_how_large_tables_are() {
    let (_folder, neighbours) = beside("table_elements", 1_000).await;
    let client = neighbours.client();
    assert_honest(&client, "/api/caller/small", "grown").await;
    assert_eq!(client.get("/api/caller/large").await.text(), "refused");
    assert_honest(&client, "/api/caller/small", "grown").await;
}
