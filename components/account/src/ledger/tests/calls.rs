//! Goal: a posting is two calls to the host: a query begins, and all changes commit.

use super::*;
use strongroom_sdk::store::NotedHost;

fn calls_of(host: &NotedHost) -> Vec<String> {
    let calls = host.take_calls().into_iter();
    let name = |call: String| call.split(' ').next().map(str::to_owned);
    calls.filter_map(name).collect()
}

#[test]
fn a_posting_is_one_query_and_one_commit_with_its_changes() {
    let (store, from, to) = bank();
    let host = NotedHost::new(store);
    for transfer in one_of_each(&from, &to) {
        posted(&host, &transfer).unwrap();
        let calls = calls_of(&host);
        assert_eq!(calls, ["begin-query", "commit-with"], "{transfer:?}");
        // A retry reads the record, and waits for the disk.
        posted(&host, &transfer).unwrap();
        let calls = calls_of(&host);
        assert_eq!(calls, ["begin-query", "query", "commit"], "{transfer:?}");
    }
    cancelled(&host, &pay(12, &from, &to, 1)).unwrap();
    assert_eq!(calls_of(&host), ["begin-query", "commit-with"]);
}

#[test]
fn a_batch_reads_its_accounts_and_writes_with_its_commit() {
    let (store, from, to) = bank();
    let host = NotedHost::new(store);
    for (id, count) in [(10, 1), (11, 100)] {
        let lines = vec![batch::line(&from, &to, 1); count];
        posted_batch(&host, &batch::batch(id, true, lines)).unwrap();
        assert_eq!(calls_of(&host), ["begin-query", "query", "commit-with"]);
    }
}
