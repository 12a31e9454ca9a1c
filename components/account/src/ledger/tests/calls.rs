//! Goal: a posting is two calls to the host: the first begins with a query, the second commits with
//! all changes.
//! Method: the transaction of a component, on a host that records its calls.

use super::*;
use strongroom_sdk::store::NotedHost;

/// The names of the calls since the last time.
fn calls_of(host: &NotedHost) -> Vec<String> {
    let calls = host.take_calls().into_iter();
    let name = |call: String| call.split(' ').next().map(str::to_owned);
    calls.filter_map(name).collect()
}

#[test]
fn a_posting_is_one_query_and_one_commit_with_its_changes() {
    let (store, from, to) = bank();
    let host = NotedHost::new(store);
    let denied = Transfer {
        denied_by: Some("rule".to_owned()),
        ..pay(9, &from, &to, 1)
    };
    for transfer in [
        // The settlement account exists already.
        transfer(2, Kind::Deposit, None, Some(from.id), 1),
        transfer(3, Kind::Withdrawal, Some(from.id), None, 1),
        pay(4, &from, &to, 1),
        pay(5, &from, &to, 9_000),
        holds::hold(6, &from, &to, 1),
        holds::of_original(7, Kind::Capture, 6, 1),
        holds::of_original(8, Kind::Reversal, 4, 1),
        denied,
        holds::hold(10, &from, &to, 1),
        holds::of_original(11, Kind::Void, 10, 1),
    ] {
        posted(&host, &transfer).unwrap();
        assert_eq!(
            calls_of(&host),
            ["begin-query", "commit-with"],
            "{transfer:?}"
        );
        // A retry reads the record, and waits for the disk.
        posted(&host, &transfer).unwrap();
        assert_eq!(
            calls_of(&host),
            ["begin-query", "query", "commit"],
            "{transfer:?}"
        );
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
